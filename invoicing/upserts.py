"""Invoices of the books, written by the page."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from crm.audit import entry, plain, record_many, set_fields
from crm.models import User
from invoicing.bulk import INVOICE_COLUMNS, LINE_FIELDS, InvoiceFields, LineFields
from invoicing.models import Invoice, InvoiceLine
from invoicing.removals import end_void
from invoicing.settlement import status_for
from invoicing.signals import (
    invoice_added,
    invoice_changed,
    invoice_paid,
    invoice_removed,
    invoice_reopened,
    invoice_voided,
)

Changes = dict[str, list[Any]]
ENDING = ["removed_at", "removed_why", "attention"]
WRITTEN = [*INVOICE_COLUMNS, *ENDING, "taxes", "status", "contact", "search_text", "changed_at"]


WORDS = {"invoice.created": "added", "invoice.changed": "changed"}


@dataclass(slots=True)
class InvoiceWrite:
    """An invoice (new, or as it is stored) and what it is to become."""

    invoice: Invoice
    fields: InvoiceFields
    contact_id: int | None


def create_invoices(writes: Sequence[InvoiceWrite], *, actor: User | None, origin: str) -> list[Invoice]:
    """Insert invoices with their lines and audit rows, and announce each."""
    for write in writes:
        _set(write)
        write.invoice.index()
    invoices = Invoice.objects.bulk_create([write.invoice for write in writes])
    _insert_lines(writes)
    _note([(invoice, {}) for invoice in invoices], "invoice.created", actor, origin)
    for invoice in invoices:
        invoice_added.send(sender=Invoice, invoice=invoice, origin=origin)
        if invoice.status == Invoice.Status.PAID:
            invoice_paid.send(sender=Invoice, invoice=invoice, origin=origin)
    return invoices


def update_invoices(writes: Sequence[InvoiceWrite], *, actor: User | None, origin: str) -> dict[int, Changes]:
    """Write what differs, and announce it; an invoice without a difference is left alone and not returned.

    ``write.invoice`` is as stored, its lines prefetched. An invoice that was worth something and is all 0 now
    was voided, whatever language its note is in.
    """
    changed: list[tuple[InvoiceWrite, Changes, str]] = []
    hidden = {write.invoice.pk for write in writes if write.invoice.removed_at is not None}
    for write in writes:
        before = write.invoice.status
        changes = _set(write)
        if changes:
            write.invoice.changed_at = timezone.now()
            write.invoice.index()
            changed.append((write, changes, before))
    Invoice.objects.bulk_create(
        [write.invoice for write, _, _ in changed], update_conflicts=True, unique_fields=["id"], update_fields=WRITTEN
    )
    relined = [write for write, changes, _ in changed if "lines" in changes]
    InvoiceLine.objects.filter(invoice__in=[write.invoice.pk for write in relined]).delete()
    _insert_lines(relined)
    _note([(write.invoice, changes) for write, changes, _ in changed], "invoice.changed", actor, origin)
    for write, changes, before in changed:
        if write.invoice.pk not in hidden:
            _announce(write.invoice, changes, before, origin)
    return {write.invoice.pk: changes for write, changes, _ in changed}


def stored_lines(invoice: Invoice) -> tuple[LineFields, ...]:
    return tuple(LineFields(**{name: getattr(line, name) for name in LINE_FIELDS}) for line in invoice.lines.all())


def _set(write: InvoiceWrite) -> Changes:
    """Set the invoice's attributes and say what changed; a new one has no lines to compare."""
    invoice, fields = write.invoice, write.fields
    new = {name: getattr(fields, name) for name in INVOICE_COLUMNS}
    new["contact_id"] = write.contact_id
    new["taxes"] = [dict(zip(("name", "percent", "net", "amount"), row, strict=True)) for row in fields.taxes]
    is_void = fields.is_void or (bool(invoice.pk) and _was_emptied(invoice, fields))
    new["status"] = status_for(
        total=fields.total, balance=fields.balance, paid=invoice.paid + fields.deposit, is_void=is_void
    )
    if not invoice.pk:
        for name, value in new.items():
            setattr(invoice, name, value)
        return {}
    changes = set_fields(invoice, new)
    if "status" in changes and invoice.status == Invoice.Status.VOID:
        end_void(invoice)
    old_lines = stored_lines(invoice)
    if old_lines != fields.lines:
        changes["lines"] = [plain(old_lines), plain(fields.lines)]
    return changes


def _was_emptied(invoice: Invoice, fields: InvoiceFields) -> bool:
    if fields.total or any(line.amount for line in fields.lines):
        return False
    return invoice.status == Invoice.Status.VOID or invoice.total > 0


def _insert_lines(writes: Sequence[InvoiceWrite]) -> None:
    InvoiceLine.objects.bulk_create(
        InvoiceLine(
            invoice_id=write.invoice.pk,
            position=position,
            **{name: getattr(line, name) for name in LINE_FIELDS},
        )
        for write in writes
        for position, line in enumerate(write.fields.lines, start=1)
    )


def _note(rows: Iterable[tuple[Invoice, Changes]], verb: str, actor: User | None, origin: str) -> None:
    record_many(
        entry(
            "invoice",
            invoice,
            verb=verb,
            actor=actor,
            origin=origin,
            contact_id=invoice.contact_id,
            changes=changes,
            text=f"{invoice} {WORDS[verb]}",
        )
        for invoice, changes in rows
    )


def _announce(invoice: Invoice, changes: Changes, before: str, origin: str) -> None:
    if invoice.removed_at is not None:
        # It ended with this very change, and a tombstone tells nothing but its own end.
        invoice_removed.send(sender=Invoice, invoice=invoice, origin=origin)
        return
    invoice_changed.send(sender=Invoice, invoice=invoice, changes=changes, origin=origin)
    if before == Invoice.Status.PAID and invoice.status in {Invoice.Status.OPEN, Invoice.Status.SETTLED}:
        invoice_reopened.send(sender=Invoice, invoice=invoice, origin=origin)
    if invoice.status != before and invoice.status == Invoice.Status.PAID:
        invoice_paid.send(sender=Invoice, invoice=invoice, origin=origin)
    if invoice.status != before and invoice.status == Invoice.Status.VOID:
        invoice_voided.send(sender=Invoice, invoice=invoice, origin=origin)
