"""The socket for the books: a setting names who can be asked about an invoice just now."""

from collections.abc import Sequence
from typing import Protocol

from django.conf import settings
from django.utils.module_loading import import_string

from invoicing.models import Invoice


class Books(Protocol):
    def refresh(self, invoices: Sequence[Invoice]) -> bool:
        """Bring invoices up to date while somebody waits, within seconds; False where the books gave no answer.

        Never raises: what is held then counts as it is.
        """

    def together(self, invoices: Sequence[Invoice]) -> bool:
        """Whether one payment can be booked on all of these, of one contact and currency. Makes no network call."""


def fresh(invoice: Invoice) -> Invoice:
    """The invoice as the books have it at this moment, or as held where they cannot be asked."""
    refresh([invoice])
    if invoice.is_read_only:
        invoice.refresh_from_db()
    return invoice


def refresh(invoices: Sequence[Invoice]) -> None:
    """Bring those that are of the books up to date; the rows given here are not read again."""
    theirs = [invoice for invoice in invoices if invoice.is_read_only]
    if theirs and settings.BOOKS:
        _books().refresh(theirs)


def payable_together(invoices: Sequence[Invoice]) -> bool:
    return len(invoices) < 2 or not settings.BOOKS or _books().together(invoices)


def _books() -> Books:
    books: Books = import_string(settings.BOOKS)()
    return books
