"""What becomes of an invoice of the books that was voided or deleted there. The one place that knows.

Not sent from here: a void one stays in the lists as Void, a deleted one is gone. Sent and unpaid: gone from the lists.
With money on it: kept and marked for staff, for its money is the contact's credit now. What is gone leaves a tombstone,
a row in no list and no sum that nothing brings back.
"""

from collections.abc import Sequence

from django.utils import timezone

from crm.audit import entry, record_many
from crm.models import User
from invoicing.models import Invoice
from invoicing.models.invoices import ZERO
from invoicing.money import quantize
from invoicing.signals import invoice_removed, invoice_voided

WRITTEN = ["status", "balance", "removed_at", "removed_why", "attention", "changed_at"]


def has_money(invoice: Invoice) -> bool:
    return bool(invoice.paid or invoice.credited or invoice.deposit)


def end_void(invoice: Invoice) -> None:
    """Set, without saving, what a void in the books makes of an invoice besides its status."""
    if has_money(invoice):
        invoice.attention = _money_words(invoice, "voided")
    elif invoice.sent_at is not None:
        _bury(invoice, "voided in QuickBooks")


def remove_invoices(invoices: Sequence[Invoice], *, why: str, actor: User | None, origin: str) -> dict[int, str]:
    """Take invoices away that the books have no more, and announce each; what was done, in words, by pk."""
    said, before = {}, {invoice.pk: invoice.status for invoice in invoices}
    for invoice in invoices:
        if has_money(invoice):
            invoice.attention = said[invoice.pk] = _money_words(invoice, "deleted")
        else:
            _bury(invoice, why)
            said[invoice.pk] = f"It was {why} and is gone from the lists."
        invoice.status, invoice.balance, invoice.changed_at = Invoice.Status.VOID, ZERO, timezone.now()
    Invoice.objects.bulk_update(invoices, WRITTEN, batch_size=500)
    record_many(
        entry(
            "invoice",
            invoice,
            verb="invoice.removed",
            actor=actor,
            origin=origin,
            contact_id=invoice.contact_id,
            text=f"{invoice}: {said[invoice.pk]}",
        )
        for invoice in invoices
    )
    for invoice in invoices:
        if invoice.removed_at is not None:
            invoice_removed.send(sender=Invoice, invoice=invoice, origin=origin)
        elif before[invoice.pk] != Invoice.Status.VOID:
            invoice_voided.send(sender=Invoice, invoice=invoice, origin=origin)
    return said


def _bury(invoice: Invoice, why: str) -> None:
    if invoice.removed_at is None:
        invoice.removed_at, invoice.removed_why = timezone.now(), why


def _money_words(invoice: Invoice, what: str) -> str:
    money = quantize(invoice.paid + invoice.credited + invoice.deposit, invoice.currency)
    return (
        f"It was {what} in QuickBooks after {money:,f} {invoice.currency} had come in for it. "
        "That money is the contact's credit now: apply it to another invoice in QuickBooks, or pay it back."
    )
