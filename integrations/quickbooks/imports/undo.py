"""Undo an import: take away what it made and nobody touched since, put back what it changed.

What staff edited, sent or were paid for since is kept, and the run says why. Undone records stay out of the sync
until they are imported again.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from crm.audit import entry, plain, record_many
from crm.bulk import update_contacts
from crm.models import Activity, Contact
from integrations.models import ImportItem, ImportRun, QuickBooksLink
from integrations.quickbooks import catalogue
from integrations.quickbooks.countries import two_letters
from integrations.quickbooks.echoes import not_booked_yet
from integrations.quickbooks.mapping import customer_from_qbo, invoice_from_qbo, payment_from_qbo
from invoicing.models import Allocation, Invoice, Payment, PublicLink
from invoicing.payment_upserts import PaymentWrite, update_payments
from invoicing.settlement import settle
from invoicing.upserts import InvoiceWrite, update_invoices
from messaging.models import Conversation

PAGE = 500
# Money first: an invoice goes only when no payment is on it, a contact when no invoice is.
ORDER = {"undo-payment": "payment", "undo-invoice": "invoice", "undo-customer": "customer"}
FIRST = "undo-payment"
ORIGINS_OF_THE_BOOKS = ("import", "quickbooks")
Outcome = ImportItem.Outcome
# What a live contact is recognised by, and how a sentence calls it.
KEYS = {"email": "email", "phone": "number"}


def items_of(run: ImportRun) -> QuerySet[ImportItem]:
    """What there is to undo."""
    return run.items.filter(outcome__in=[Outcome.CREATED, Outcome.UPDATED])


def step(run: ImportRun) -> bool:
    """Undo one page, newest first; True when all is done. Runs in the transaction of the run's own step."""
    entity = ORDER[run.phase]
    items = items_of(run).filter(entity=entity, pk__lt=run.position.get("before", 2**62)).order_by("-pk")[:PAGE]
    page = list(items)
    if page:
        kept = UNDO[entity](run, page)
        run.kept = [*run.kept, *kept]
        run.done += len(page)
        run.position = {"before": page[-1].pk}
        return False
    phases = list(ORDER)
    following = phases.index(run.phase) + 1
    if following == len(phases):
        return True
    run.phase, run.position = phases[following], {}
    return False


def _links(run: ImportRun, items: Sequence[ImportItem]) -> dict[str, QuickBooksLink]:
    links = QuickBooksLink.objects.filter(
        connection=run.connection, entity=items[0].entity, external_id__in=[item.external_id for item in items]
    )
    return {link.external_id: link for link in links}


def _held(links: dict[str, QuickBooksLink], column: str) -> list[int]:
    """The rows of ours that these links stand for."""
    return [pk for pk in (getattr(link, column) for link in links.values()) if pk]


def _touched(subject: str, pks: Sequence[int]) -> set[int]:
    """Those that somebody, and not the books, did something to."""
    by_people = Activity.objects.filter(subject_type=subject, subject_id__in=pks).exclude(
        origin__in=ORIGINS_OF_THE_BOOKS
    )
    return {pk for pk in by_people.values_list("subject_id", flat=True) if pk is not None}


def _keep(item: ImportItem, why: str) -> dict[str, str]:
    return {"entity": item.entity, "name": item.name, "why": why}


def _let_go(links: Sequence[QuickBooksLink]) -> None:
    """Leave these records out of the sync until they are imported again."""
    now = timezone.now()
    for link in links:
        link.state, link.fingerprint, link.synced_at = QuickBooksLink.State.UNDONE, "", now
    QuickBooksLink.objects.bulk_update(
        links, ["state", "fingerprint", "synced_at", "contact", "invoice", "payment"], batch_size=PAGE
    )


def _note_removed(run: ImportRun, subject: str, rows: Sequence[tuple[int, str]]) -> None:
    record_many(
        entry(subject, pk, verb=f"{subject}.removed", actor=run.started_by, origin="import", text=f"Undone: {text}")
        for pk, text in rows
    )


def _undo_payments(run: ImportRun, items: Sequence[ImportItem]) -> list[dict[str, str]]:
    links = _links(run, items)
    stored = Payment.objects.prefetch_related("allocations").in_bulk(
        [link.payment_id for link in links.values() if link.payment_id]
    )
    touched = _touched("payment", list(stored))
    kept, gone, back, freed = [], [], [], []
    for item in items:
        link = links.get(item.external_id)
        payment = stored.get(link.payment_id) if link and link.payment_id else None
        if link is None or payment is None:
            continue
        if payment.pk in touched:
            kept.append(_keep(item, "Somebody worked with it since."))
        elif item.outcome == Outcome.CREATED:
            gone.append(payment)
            link.payment = None
            freed.append(link)
        elif link.fingerprint != item.before["after"]:
            kept.append(_keep(item, "QuickBooks changed it again since."))
        else:
            back.append((payment, item.before["document"]))
            freed.append(link)
    _let_go(freed)
    _remove_payments(run, gone)
    _restore_payments(run, back)
    return kept


def _remove_payments(run: ImportRun, payments: Sequence[Payment]) -> None:
    pks = [payment.pk for payment in payments]
    allocations = Allocation.objects.filter(payment__in=pks)
    invoices = set(allocations.values_list("invoice_id", flat=True))
    allocations.delete()
    Payment.objects.filter(pk__in=pks).delete()
    settle(invoices, origin="import")
    _note_removed(run, "payment", [(pk, str(payment)) for pk, payment in zip(pks, payments, strict=True)])


def _restore_payments(run: ImportRun, rows: Sequence[tuple[Payment, Any]]) -> None:
    names = catalogue.load(run.connection)
    records = [payment_from_qbo(document, names, run.connection.home_currency) for _, document in rows]
    ids = {invoice_id for record in records for invoice_id, _, _ in record.shares}
    held = dict(
        QuickBooksLink.objects.filter(connection=run.connection, entity="invoice", external_id__in=ids)
        .exclude(invoice=None)
        .values_list("external_id", "invoice_id")
    )
    writes = []
    for (payment, _), record in zip(rows, records, strict=True):
        shares = {held[key]: (amount, credit) for key, amount, credit in record.shares if key in held}
        writes.append(PaymentWrite(payment, record.fields, payment.contact_id, shares))
    update_payments(writes, actor=run.started_by, origin="import")


def _undo_invoices(run: ImportRun, items: Sequence[ImportItem]) -> list[dict[str, str]]:
    links = _links(run, items)
    stored = Invoice.objects.prefetch_related("lines").in_bulk(
        [link.invoice_id for link in links.values() if link.invoice_id]
    )
    touched = _touched("invoice", list(stored))
    shown = set(PublicLink.objects.filter(invoice__in=list(stored)).values_list("invoice_id", flat=True))
    unbooked = not_booked_yet(run.connection, {pk: link.document for pk, link in links.items()}, {})
    paid = set(Allocation.objects.filter(invoice__in=list(stored)).values_list("invoice_id", flat=True))
    kept, gone, back, freed = [], [], [], []
    for item in items:
        link = links.get(item.external_id)
        invoice = stored.get(link.invoice_id) if link and link.invoice_id else None
        if link is None or invoice is None:
            continue
        if invoice.pk in touched:
            kept.append(_keep(item, "Somebody worked with it since."))
        elif item.outcome == Outcome.UPDATED and link.fingerprint != item.before["after"]:
            kept.append(_keep(item, "QuickBooks changed it again since."))
        elif item.outcome == Outcome.UPDATED and item.external_id in unbooked:
            kept.append(_keep(item, "A payment of it is not in QuickBooks yet."))
        elif item.outcome == Outcome.UPDATED:
            back.append((invoice, item.before["document"]))
            freed.append(link)
        elif invoice.pk in paid:
            kept.append(_keep(item, "A payment that stays is on it."))
        elif invoice.pk in shown:
            kept.append(_keep(item, "A customer may have its link."))
        else:
            gone.append(invoice)
            link.invoice = None
            freed.append(link)
    _let_go(freed)
    pks = [invoice.pk for invoice in gone]
    Invoice.objects.filter(pk__in=pks).delete()
    _note_removed(run, "invoice", [(pk, str(invoice)) for pk, invoice in zip(pks, gone, strict=True)])
    _restore_invoices(run, back)
    return kept


def _restore_invoices(run: ImportRun, rows: Sequence[tuple[Invoice, Any]]) -> None:
    names = catalogue.load(run.connection)
    writes = [
        InvoiceWrite(
            invoice, invoice_from_qbo(document, names, run.connection.home_currency).fields, invoice.contact_id
        )
        for invoice, document in rows
    ]
    update_invoices(writes, actor=run.started_by, origin="import")


def _undo_contacts(run: ImportRun, items: Sequence[ImportItem]) -> list[dict[str, str]]:
    links = _links(run, items)
    stored = Contact.objects.select_for_update().in_bulk(_held(links, "contact_id"))
    in_use = _in_use(run, items, list(stored))
    kept, gone, freed, back = [], [], [], []
    for item in items:
        link = links.get(item.external_id)
        contact = stored.get(link.contact_id) if link and link.contact_id else None
        if link is None or contact is None:
            continue
        if item.outcome == Outcome.CREATED:
            why = in_use.get(contact.pk) or _edited(contact, link, run)
            if why:
                kept.append(_keep(item, why))
                continue
            gone.append(contact)
            link.contact = None
        elif item.before:
            changes, reasons = _put_back(contact, item.before["fields"])
            kept += [_keep(item, why) for why in reasons]
            back.append((contact, changes))
            link.contact = None if item.before.get("matched") else contact
        else:
            link.contact = None  # it stood for its parent's contact
        freed.append(link)
    _let_go(freed)
    update_contacts(
        [(contact, changes) for contact, changes in back if changes],
        actor=run.started_by,
        origin="import",
        text="Put back: an import was undone",
    )
    _note_removed(run, "contact", [(contact.pk, contact.name) for contact in gone])
    Contact.objects.filter(pk__in=[contact.pk for contact in gone]).delete()
    return kept


def _in_use(run: ImportRun, items: Sequence[ImportItem], pks: Sequence[int]) -> dict[int, str]:
    """Why contacts cannot go: their pk and a sentence."""
    own = [item.external_id for item in items]
    others = QuickBooksLink.objects.filter(connection=run.connection, contact__in=pks).exclude(external_id__in=own)
    used: dict[int, str] = dict.fromkeys(_touched("contact", pks), "Somebody worked with it since.")
    used |= dict.fromkeys(others.values_list("contact_id", flat=True), "Another QuickBooks customer stands for it.")
    for model in (Payment, Invoice):
        rows: QuerySet[Any] = model._default_manager.filter(contact__in=pks)
        used |= dict.fromkeys(rows.values_list("contact_id", flat=True), "It has invoices or payments.")
    threads = Conversation.objects.filter(contact__in=pks)
    used |= {pk: "It has a conversation." for pk in threads.values_list("contact_id", flat=True) if pk is not None}
    return used


def _edited(contact: Contact, link: QuickBooksLink, run: ImportRun) -> str:
    fields = customer_from_qbo(link.document, two_letters(run.connection.country)).fields
    if contact.notes:
        return "It has notes."
    for name, value in fields.values().items():
        # An email or number that had to stay with another contact was left out when it came in.
        is_left_out = name in KEYS and not getattr(contact, name)
        if getattr(contact, name) != value and not is_left_out:
            return "It was edited since."
    return ""


def _put_back(contact: Contact, fields: dict[str, list[Any]]) -> tuple[dict[str, list[Any]], list[str]]:
    """Set back the fields that still say what the import wrote; say why the others stay."""
    changes, kept = {}, []
    taken = {field for field in KEYS if field in fields and _is_taken(contact, field, fields[field][0])}
    for field, (before, after) in fields.items():
        if field.removesuffix("_typed") in taken:
            kept += [f"Its former {KEYS[field]} has another owner now."] if field in KEYS else []
        elif plain(getattr(contact, field)) != after:
            kept.append(f"Its {field.removesuffix('_id').replace('_', ' ')} was changed since.")
        elif field == "archived_at" and before is None and _would_clash(contact):
            kept.append("Its email or number has another owner now, so it stays archived.")
        else:
            is_time = field == "archived_at" and before is not None
            setattr(contact, field, datetime.fromisoformat(before) if is_time else before)
            changes[field] = [after, before]
    return changes, kept


def _would_clash(contact: Contact) -> bool:
    """Whether an archived contact could not come back among the live ones."""
    return any(_is_taken(contact, field, getattr(contact, field)) for field in KEYS)


def _is_taken(contact: Contact, field: str, value: Any) -> bool:
    """Whether another live contact took the email or number in the meantime."""
    return bool(value) and Contact.objects.recognised(field, [value]).exclude(pk=contact.pk).exists()


UNDO = {"payment": _undo_payments, "invoice": _undo_invoices, "customer": _undo_contacts}
