"""The socket for the books: a setting names who can be asked about an invoice just now."""

from typing import Protocol

from django.conf import settings
from django.utils.module_loading import import_string

from invoicing.models import Invoice


class Books(Protocol):
    def refresh(self, invoice: Invoice) -> bool:
        """Bring one invoice up to date while somebody waits, within seconds; False where the books gave no answer.

        Never raises: what is held then counts as it is.
        """


def fresh(invoice: Invoice) -> Invoice:
    """The invoice as the books have it at this moment, or as held where they cannot be asked."""
    if settings.BOOKS and invoice.is_read_only:
        books: Books = import_string(settings.BOOKS)()
        books.refresh(invoice)
        invoice.refresh_from_db()
    return invoice
