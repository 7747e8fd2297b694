"""What happens to contacts, told to the floors above.

Sent inside the transaction of the change, so that what receivers write lands with it or not at all. A change that
changes nothing is not told. ``sender`` is Contact; ``origin`` says who told us ("staff", "import", ...).
"""

from django.dispatch import Signal

contact_added = Signal()
"""There is a new contact. Arguments: ``contact``, ``origin``."""

contact_changed = Signal()
"""A contact's data changed. Arguments: ``contact``, ``changes`` ({field: [before, after]}), ``origin``."""

contact_archived = Signal()
"""A contact left the live ones. Arguments: ``contact``, ``origin``."""

contact_restored = Signal()
"""A contact is live again. Arguments: ``contact``, ``origin``."""

contact_merged = Signal()
"""Two contacts became one; whoever holds rows of ``loser`` moves them. Arguments: ``loser``, ``survivor``, ``actor``,
``origin``."""
