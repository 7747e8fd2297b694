"""What a person sees of an invoice: its status and when it is due, in words. Pure."""

from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from crm.badges import Badge
from invoicing.models import Invoice

LATE_AFTER_DAYS = 30  # overdue turns from amber to red


class StatusShown(NamedTuple):
    """A status as a chip: its word, the chip's class, its icon, and what more there is to say ("" for nothing)."""

    word: str
    chip: str
    icon: str
    detail: str


@dataclass(frozen=True)
class InvoiceRow:
    """An invoice with what lists show of it on one day."""

    invoice: Invoice
    status: StatusShown
    due: str  # "due in 3 days"; "" where nothing is owed
    badge: Badge | None = None  # how it stands with the books

    @property
    def shows_conflict(self) -> bool:
        """Whether a conflict is left to be said: the badge may have said it."""
        return self.invoice.is_in_conflict and (self.badge is None or self.badge.label != "Conflict")


def display_status(invoice: Invoice, on: date) -> StatusShown:
    """What the invoice is on the day ``on``, which must be a day of the business's own calendar."""
    if invoice.is_overdue(on):
        return _overdue(invoice, on)
    if invoice.is_part_paid():
        return StatusShown("Partly paid", "chip-part", "half", due_words(invoice.due_on, on))
    if invoice.status == Invoice.Status.OPEN:
        return _open(invoice, on)
    return _AT_REST[Invoice.Status(invoice.status)]


_AT_REST = {
    Invoice.Status.DRAFT: StatusShown("Draft", "chip-draft", "edit", ""),
    Invoice.Status.PAID: StatusShown("Paid", "chip-paid", "check", ""),
    Invoice.Status.SETTLED: StatusShown("Settled", "chip-draft", "check", "settled without a payment"),
    Invoice.Status.VOID: StatusShown("Void", "chip-void", "void", ""),
}


def _overdue(invoice: Invoice, on: date) -> StatusShown:
    detail = due_words(invoice.due_on, on)
    if invoice.is_part_paid():
        detail = f"{detail}, partly paid"
    if (on - invoice.due_on).days >= LATE_AFTER_DAYS:
        return StatusShown("Overdue", "chip-late", "warn", detail)
    return StatusShown("Overdue", "chip-overdue", "clock", detail)


def _open(invoice: Invoice, on: date) -> StatusShown:
    due = due_words(invoice.due_on, on)
    if invoice.viewed_at is not None:
        return StatusShown("Viewed", "chip-viewed", "eye", due)
    if invoice.sent_at is not None:
        return StatusShown("Sent", "chip-sent", "send", due)
    # Invoices of the books arrive open; nothing has gone out to the customer from here.
    return StatusShown("Open", "chip-sent", "invoice", f"not sent yet, {due}" if invoice.is_read_only else due)


def due_words(due_on: date, on: date) -> str:
    """``due in 3 days``, ``due today``, ``12 days overdue``: as people say it. The date itself stands beside."""
    days = (due_on - on).days
    if days == 0:
        return "due today"
    if days == 1:
        return "due tomorrow"
    if days > 0:
        return f"due in {days} days"
    return "1 day overdue" if days == -1 else f"{-days} days overdue"


def shown(invoice: Invoice, on: date, badge: Badge | None = None) -> InvoiceRow:
    """The invoice as a row of a list on the day ``on``."""
    due = due_words(invoice.due_on, on) if invoice.is_owed() else ""
    return InvoiceRow(invoice, display_status(invoice, on), due, badge)
