"""What can happen to an invoice and its money. Sent inside the transaction that writes it, once per fact.

``origin`` says who told us: "staff", "import" (an import by button, which starts no message), "quickbooks", ...
"""

from django.dispatch import Signal

invoice_added = Signal()
"""An invoice is new here. Arguments: ``invoice``, ``origin``."""

invoice_changed = Signal()
"""Its business data changed. Arguments: ``invoice``, ``changes`` (field: [before, after]), ``origin``."""

invoice_sent = Signal()
"""It went out to the customer, the first time or again. Arguments: ``invoice``, ``origin``."""

invoice_paid = Signal()
"""It became PAID: nothing is owed, and payments of money settled it. Arguments: ``invoice``, ``origin``."""

invoice_reopened = Signal()
"""It was PAID and is owed again: a payment was taken back or the invoice grew. Arguments: ``invoice``, ``origin``."""

invoice_removed = Signal()
"""It left the lists for good; its row stays as a tombstone. Arguments: ``invoice``, ``origin``."""

invoice_voided = Signal()
"""It became VOID. Arguments: ``invoice``, ``origin``."""

payment_recorded = Signal()
"""Money arrived, or a credit was applied. Not sent again when the same reference comes twice.
Arguments: ``payment``, ``origin``."""

payment_reversed = Signal()
"""It was voided or deleted: whatever it had settled is owed again. Arguments: ``payment``, ``origin``."""

payment_refunded = Signal()
"""Money of it went back, or its bank took it back; at nothing left ``payment_reversed`` follows.
Arguments: ``payment``, ``refund``, ``invoices`` (pks of those that are owed more), ``origin``."""

payment_changed = Signal()
"""Its amount or what it was spent on changed. Arguments: ``payment``, ``changes``, ``origin``."""
