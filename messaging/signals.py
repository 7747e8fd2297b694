"""What happens to messages. Sent inside the transaction that writes it."""

from django.dispatch import Signal

message_received = Signal()
"""A message came in, told once. Arguments: ``message``, ``meaning`` ("stop", "start", "help" or "")."""

message_failed = Signal()
"""A message did not reach the other side. Arguments: ``message``."""
