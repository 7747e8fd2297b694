"""A page of invoice documents becomes invoices."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from integrations.gateway_events import end_pages
from integrations.models import ImportItem, QuickBooksLink
from integrations.quickbooks.echoes import not_booked_yet, not_lowered_yet
from integrations.quickbooks.importing import Context, Outcome, Tally
from integrations.quickbooks.links import Held, known, link_for, move_on, remember, worth_a_look
from integrations.quickbooks.mapping import InvoiceRecord, invoice_from_qbo
from integrations.quickbooks.mapping.catalogue import Catalogue
from integrations.quickbooks.mapping.values import ZERO, Doc
from invoicing.models import Invoice
from invoicing.removals import remove_invoices
from invoicing.upserts import InvoiceWrite, create_invoices, update_invoices

OWED = frozenset({"balance", "status", "removed_at"})


@dataclass(slots=True)
class Sorted:
    """The records of a page by what has to be done with them."""

    new: list[InvoiceRecord]
    changed: list[tuple[InvoiceRecord, int]]
    unchanged: list[InvoiceRecord]


def take_over(
    docs: Sequence[Doc], context: Context, catalogue: Catalogue, payments: Mapping[str, Doc] | None = None
) -> Tally:
    """Write and link one page of invoices under the contacts of their customers; previews only count.

    A run of an import notes which payments it has yet to fetch; elsewhere the caller brings them along, by id.
    """
    connection = context.connection
    tally = Tally("invoice")
    docs = docs if context.is_preview else worth_a_look(docs, context, tally)
    documents = {str(doc.get("Id")): doc for doc in docs}
    read = tally.read(docs, lambda doc: invoice_from_qbo(doc, catalogue, connection.home_currency))
    held = known(connection, "invoice", documents)
    owed = _owed(held)
    records = _as_settled_here(list(read.values()), documents, payments or {}, context)
    customers = known(connection, "customer", {record.customer_id for record in records})
    contacts = {customer_id: link.contact_id for customer_id, link in customers.items()}
    work = _sort(records, held, owed)
    tally.count(Outcome.UNCHANGED, len(work.unchanged))
    if context.is_preview:
        tally.count(Outcome.CREATED, len(work.new))
        tally.count(Outcome.UPDATED, len(work.changed))
    else:
        links = [*_create(work, contacts, context, tally), *_update(work, contacts, context, tally)]
        for link in links:
            link.document = documents[link.external_id]
        remember(links)
        move_on(connection, "invoice", [documents[record.external_id] for record in work.unchanged])
    if context.run is not None:
        _want_payments(records, [pk for _, pk in work.changed], context)
    return tally


def _owed(links: dict[str, Held]) -> dict[int, Decimal]:
    """What is owed on those held here. Locked: money that is noted at this very moment is seen, or waits for us."""
    held = [link.invoice_id for link in links.values() if link.invoice_id]
    return dict(Invoice.objects.select_for_update().filter(pk__in=held).values_list("pk", "balance"))


def _as_settled_here(
    records: Sequence[InvoiceRecord], documents: dict[str, Doc], payments: Mapping[str, Doc], context: Context
) -> list[InvoiceRecord]:
    """Money recorded here that QuickBooks has not booked yet is owed no longer, whatever its balance says; what went
    back and is not lowered there yet is owed again.
    """
    paid = not_booked_yet(context.connection, documents, payments)
    refunded = not_lowered_yet(context.connection, documents, payments)
    return [
        replace(record, fields=replace(record.fields, balance=max(ZERO, record.fields.balance + change)))
        if (change := refunded.get(record.external_id, ZERO) - paid.get(record.external_id, ZERO))
        else record
        for record in records
    ]


def _sort(records: Sequence[InvoiceRecord], links: dict[str, Held], owed: dict[int, Decimal]) -> Sorted:
    """One that QuickBooks has as before changes all the same where money noted here has come or gone since."""
    work = Sorted([], [], [])
    for record in records:
        link = links.get(record.external_id)
        if link is None or link.invoice_id is None:
            work.new.append(record)
        elif (
            link.fingerprint == record.fingerprint
            and link.state == QuickBooksLink.State.LINKED
            and owed[link.invoice_id] == record.fields.balance
        ):
            work.unchanged.append(record)
        else:
            work.changed.append((record, link.invoice_id))
    return work


def _create(work: Sorted, contacts: dict[str, int | None], context: Context, tally: Tally) -> list[QuickBooksLink]:
    writes = [
        InvoiceWrite(Invoice(owner=Invoice.Owner.BOOKS), record.fields, contacts.get(record.customer_id))
        for record in work.new
    ]
    invoices = create_invoices(writes, actor=context.actor, origin=context.origin)
    links = []
    for record, invoice in zip(work.new, invoices, strict=True):
        tally.note(Outcome.CREATED, record)
        links.append(link_for(context.connection, "invoice", record, {}, context.now, invoice_id=invoice.pk))
    return links


def _update(work: Sorted, contacts: dict[str, int | None], context: Context, tally: Tally) -> list[QuickBooksLink]:
    # Locked: what staff hide at this very moment would be brought back with what we read.
    locked = Invoice.objects.select_for_update().order_by("pk")
    stored = locked.prefetch_related("lines").in_bulk([pk for _, pk in work.changed])
    writes = [InvoiceWrite(stored[pk], record.fields, contacts.get(record.customer_id)) for record, pk in work.changed]
    earlier = _documents([record.external_id for record, _ in work.changed], context)
    changes = update_invoices(writes, actor=context.actor, origin=context.origin)
    links = []
    for record, pk in work.changed:
        if pk in changes:
            before = {"document": earlier[record.external_id], "after": record.fingerprint}
            tally.note(Outcome.UPDATED, record, before=before, changes=changes[pk])
        else:
            tally.count(Outcome.UNCHANGED)
        links.append(link_for(context.connection, "invoice", record, {}, context.now, invoice_id=pk))
    end_pages(pk for pk, change in changes.items() if not OWED.isdisjoint(change))
    return links


def _documents(external_ids: Sequence[str], context: Context) -> dict[str, Doc]:
    """The versions taken over before: what undo puts back."""
    links = QuickBooksLink.objects.filter(connection=context.connection, entity="invoice", external_id__in=external_ids)
    return dict(links.values_list("external_id", "document"))


def _want_payments(records: Sequence[InvoiceRecord], changed: Sequence[int], context: Context) -> None:
    """Note which payments the run has yet to fetch: those applied to these invoices, whatever their date.

    Of invoices that changed, also those that were applied so far: they may have been deleted or spent elsewhere.
    """
    so_far = QuickBooksLink.objects.filter(
        connection=context.connection, entity="payment", payment__allocations__invoice__in=changed
    )
    wanted = dict.fromkeys(payment_id for record in records for payment_id in record.payment_ids)
    wanted |= dict.fromkeys(so_far.values_list("external_id", flat=True))
    ImportItem.objects.bulk_create(
        [
            ImportItem(run=context.run, entity="payment", external_id=payment_id, outcome=Outcome.WAITING)
            for payment_id in wanted
        ],
        ignore_conflicts=True,
    )


def take_away(external_ids: Iterable[str], context: Context) -> Tally:
    """Invoices that QuickBooks has no more; what becomes of them depends on whether they were sent or paid."""
    tally = Tally("invoice")
    links = QuickBooksLink.objects.filter(
        connection=context.connection, entity="invoice", external_id__in=list(external_ids)
    ).exclude(state=QuickBooksLink.State.GONE)
    held = [link for link in links if link.invoice_id]
    stored = Invoice.objects.select_for_update().order_by("pk").in_bulk([link.invoice_id for link in held])
    said = remove_invoices(
        list(stored.values()), why="deleted in QuickBooks", actor=context.actor, origin=context.origin
    )
    for link in held:
        invoice = stored[link.invoice_id or 0]
        tally.counts["removed"] += 1
        tally.tell("removed", link.external_id, f"{invoice.number} · {invoice.customer_name}", said[invoice.pk])
    links.update(state=QuickBooksLink.State.GONE, fingerprint="", synced_at=context.now)
    end_pages(stored)
    return tally
