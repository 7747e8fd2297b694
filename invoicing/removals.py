"""What becomes of an invoice of the books that was voided or deleted there. The one place that knows.

Not sent from here: a void one stays in the lists as Void, a deleted one is gone. Sent and unpaid: gone from the lists.
With money on it: kept and marked for staff, for its money is the contact's credit now. What is gone leaves a tombstone,
a row in no list and no sum that nothing brings back. Staff may hide an invoice the same way, whatever the books say
of it, and they alone take that back.
"""

from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.utils import timezone

from crm.audit import entry, record, record_many
from crm.models import User
from invoicing.models import Invoice
from invoicing.models.invoices import ZERO
from invoicing.money import quantize
from invoicing.signals import invoice_changed, invoice_removed, invoice_voided

WRITTEN = ["status", "balance", "removed_at", "removed_why", "attention", "changed_at"]
# How the reason begins where staff, and not the books, took an invoice out of the lists.
DELETED_HERE = "deleted here by "


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
    hidden = {invoice.pk for invoice in invoices if invoice.removed_at is not None}
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
        if invoice.pk in hidden:
            continue  # a tombstone tells nothing more
        if invoice.removed_at is not None:
            invoice_removed.send(sender=Invoice, invoice=invoice, origin=origin)
        elif before[invoice.pk] != Invoice.Status.VOID:
            invoice_voided.send(sender=Invoice, invoice=invoice, origin=origin)
    return said


def is_deleted_here(invoice: Invoice) -> bool:
    """Whether staff hid it, and may bring it back."""
    return invoice.removed_at is not None and invoice.removed_why.startswith(DELETED_HERE)


@transaction.atomic
def delete_here(invoice: Invoice, *, actor: User) -> bool:
    """Hide an invoice of the books, and announce it; False where it is gone already. QuickBooks hears nothing."""
    why, now = f"{DELETED_HERE}{actor}"[:300], timezone.now()
    shown = Invoice.objects.present().filter(pk=invoice.pk, owner=Invoice.Owner.BOOKS)
    if shown.update(removed_at=now, removed_why=why, changed_at=now) != 1:
        return False
    invoice.refresh_from_db()
    text = f"{invoice} was deleted here and stays in QuickBooks"
    _record(invoice, "invoice.removed", actor, text, {"removed_at": [None, now.isoformat()]})
    invoice_removed.send(sender=Invoice, invoice=invoice, origin="staff")
    return True


@transaction.atomic
def bring_back(invoice: Invoice, *, actor: User) -> bool:
    """Show again what staff hid; False where nobody did, or the books have taken it away since."""
    hidden = Invoice.objects.exclude(removed_at=None).filter(pk=invoice.pk, removed_why__startswith=DELETED_HERE)
    if hidden.update(removed_at=None, removed_why="", changed_at=timezone.now()) != 1:
        return False
    before = invoice.removed_at
    invoice.refresh_from_db()
    changes = {"removed_at": [before.isoformat() if before else None, None]}
    _record(invoice, "invoice.restored", actor, f"{invoice} was brought back", changes)
    invoice_changed.send(sender=Invoice, invoice=invoice, changes=changes, origin="staff")
    return True


def _record(invoice: Invoice, verb: str, actor: User, text: str, changes: dict[str, list[Any]]) -> None:
    record(
        "invoice",
        invoice,
        verb=verb,
        actor=actor,
        origin="staff",
        contact_id=invoice.contact_id,
        changes=changes,
        text=text,
    )


def _bury(invoice: Invoice, why: str) -> None:
    """What staff hid is gone for good once it is gone from the books."""
    if invoice.removed_at is None or is_deleted_here(invoice):
        invoice.removed_at, invoice.removed_why = invoice.removed_at or timezone.now(), why


def _money_words(invoice: Invoice, what: str) -> str:
    money = quantize(invoice.paid + invoice.credited + invoice.deposit, invoice.currency)
    return (
        f"It was {what} in QuickBooks after {money:,f} {invoice.currency} had come in for it. "
        "That money is the contact's credit now: apply it to another invoice in QuickBooks, or pay it back."
    )
