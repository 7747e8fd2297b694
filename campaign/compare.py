"""What is not here as it is there, and what was announced too often or not at all; each in a sentence."""

from collections import Counter
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any

from campaign.ledger.models import Heard
from crm.models import Contact
from integrations.models import InboxEvent, QuickBooksLink
from invoicing.models import Allocation, Invoice, Payment
from sandbox import Company

Status = Invoice.Status
Document = dict[str, Any]


def differences(books: Company) -> list[str]:
    found = [_left_over(), _customers(books), _invoices(books), _payments(books), _announcements(), _below_zero()]
    return [sentence for sentences in found for sentence in sentences]


def _documents(books: Company, entity: str) -> Iterator[Document]:
    return (books.read(entity, pk) for pk in list(books.store.tables[entity]))


def _left_over() -> Iterator[str]:
    for event in InboxEvent.objects.filter(status__in=["pending", "stuck"])[:100]:
        yield f"event {event.pk} ({event}) is {event.status}: {event.last_error}"


def _customers(books: Company) -> Iterator[str]:
    links = {
        link.external_id: link for link in QuickBooksLink.objects.filter(entity="customer").select_related("contact")
    }
    standing = Counter(link.contact_id for link in links.values() if link.state != "gone")
    for doc in _documents(books, "Customer"):
        link = links.pop(doc["Id"], None)
        if link is None:
            yield f"customer {doc['Id']} is missing"
        elif link.state == "gone":
            yield f"customer {doc['Id']} is gone here"
        elif link.state == "linked":
            yield from _contact(doc, link.contact, is_shared=standing[link.contact_id] > 1)
    yield from (f"customer {key} is gone there" for key, link in links.items() if link.state != "gone")


def _contact(doc: Document, contact: Contact | None, *, is_shared: bool) -> Iterator[str]:
    if contact is None:
        yield f"customer {doc['Id']} has no contact"
    elif not is_shared:  # a job that stands for its parent's contact says nothing about it
        if contact.company != doc.get("CompanyName", ""):
            yield f"customer {doc['Id']} is of {contact.company}, not {doc.get('CompanyName')}"
        if contact.is_archived == doc["Active"]:
            yield f"customer {doc['Id']} is {'' if doc['Active'] else 'in'}active there"


def _invoices(books: Company) -> Iterator[str]:
    invoices = Invoice.objects.select_related("quickbooks_link").prefetch_related("lines")
    held = {invoice.quickbooks_link.external_id: invoice for invoice in invoices}
    owners = dict(QuickBooksLink.objects.filter(entity="customer").values_list("external_id", "contact"))
    for doc in _documents(books, "Invoice"):
        invoice = held.pop(doc["Id"], None)
        if invoice is None:
            yield f"invoice {doc['Id']} is missing"
        else:
            yield from _invoice(doc, invoice, owners.get(doc["CustomerRef"]["value"]))
    yield from (f"invoice {key} is gone there" for key, one in held.items() if one.status != Status.VOID)


def _invoice(doc: Document, invoice: Invoice, owner: int | None) -> Iterator[str]:
    total, balance = Decimal(str(doc["TotalAmt"])), Decimal(str(doc["Balance"]))
    figures = (invoice.total, invoice.balance, invoice.paid + invoice.credited)
    if figures != (total, balance, total - balance):
        yield f"invoice {doc['Id']} has {figures}, there {total} and {balance}"
    ours = sorted(line.amount for line in invoice.lines.all() if line.amount)
    theirs = sorted(Decimal(str(line["Amount"])) for line in doc["Line"] if "Id" in line and line["Amount"])
    if ours != theirs:
        yield f"invoice {doc['Id']} has lines of {ours}, there {theirs}"
    is_over = invoice.status == Status.VOID and invoice.sent_at  # its customer may have the link: gone from the lists
    if invoice.status != _status(doc, invoice) or (invoice.removed_at and not is_over):
        yield f"invoice {doc['Id']} is {invoice.status}, there {_status(doc, invoice)}; removed {invoice.removed_at}"
    if invoice.contact_id != owner:
        yield f"invoice {doc['Id']} belongs to contact {invoice.contact_id}, its customer is {owner}"


def _status(doc: Document, invoice: Invoice) -> str:
    if not doc["TotalAmt"] and str(doc.get("PrivateNote", "")).startswith("Voided"):
        return Status.VOID  # one that was voided and then written anew keeps the note, and is none
    if doc["Balance"]:
        return Status.OPEN
    return Status.PAID if doc["TotalAmt"] and invoice.paid else Status.SETTLED


def _payments(books: Company) -> Iterator[str]:
    payments = Payment.objects.filter(quickbooks_link__isnull=False).select_related("quickbooks_link")
    held = {payment.quickbooks_link.external_id: payment for payment in payments}
    rows = Allocation.objects.values_list("payment", "invoice__quickbooks_link__external_id", "amount")
    spread: dict[int, dict[str, Decimal]] = {}
    for payment_pk, external_id, amount in rows:
        spread.setdefault(payment_pk, {})[external_id] = amount
    for doc in _documents(books, "Payment"):
        payment = held.pop(doc["Id"], None)
        if payment is None:
            yield f"payment {doc['Id']} is missing"
            continue
        there = (Decimal(str(doc["TotalAmt"])), Decimal(str(doc["UnappliedAmt"])))
        if (payment.amount, payment.unapplied) != there:
            known = f"{doc['Id']} ({payment.source}, {payment.refunded} refunded)"
            yield f"payment {known} has {payment.amount} and {payment.unapplied}, there {there[0]} and {there[1]}"
        if (here := spread.get(payment.pk, {})) != _spread(doc):
            yield f"payment {doc['Id']} is spread as {_told(here)}, there as {_told(_spread(doc))}"
    yield from (f"payment {key} is gone there" for key, one in held.items() if not one.is_void)


def _told(shares: dict[str, Decimal]) -> str:
    return ", ".join(f"{amount} on {pk}" for pk, amount in shares.items()) or "nothing"


def _spread(doc: Document) -> dict[str, Decimal]:
    linked = [(line["LinkedTxn"][0], Decimal(str(line["Amount"]))) for line in doc["Line"]]
    return {one["TxnId"]: amount for one, amount in linked if one["TxnType"] == "Invoice"}


# What happens to a record once at most.
ONCE = (
    *("contact_added", "contact_merged", "payment_recorded", "payment_reversed"),
    *("invoice_added", "invoice_removed", "invoice_voided"),
)
ADDED: Iterable[tuple[type[Any], str]] = (
    (Contact, "contact_added"),
    (Invoice, "invoice_added"),
)


def _announcements() -> Iterator[str]:
    heard = Counter(Heard.objects.values_list("name", "subject"))
    for (name, pk), number in heard.items():
        if name in ONCE and number > 1:
            yield f"{name} of {pk} was announced {number} times"
    for model, fact in ADDED:
        yield from (f"{fact} of {pk} was not announced" for pk in _pks(model) if not heard[fact, pk])
    for pk, status in Invoice.objects.exclude(status=Status.VOID).values_list("pk", "status"):
        paid = heard["invoice_paid", pk] - heard["invoice_reopened", pk]
        if paid != (status == Status.PAID):
            yield f"invoice {pk} is {status}; it was announced as paid {paid} times more than as open again"
    for pk, is_void in Payment.objects.values_list("pk", "is_void"):
        standing = heard["payment_recorded", pk] - heard["payment_reversed", pk]
        if standing == is_void:  # one that was void before we heard of it is announced in neither way
            yield f"payment {pk} is {'' if is_void else 'not '}void, announced as recorded and not reversed: {standing}"


def _below_zero() -> Iterator[str]:
    """At any moment that was announced, or now."""
    then = Heard.objects.filter(name="negative").values_list("subject", flat=True)
    now = Invoice.objects.filter(balance__lt=0).values_list("pk", flat=True)
    yield from (f"invoice {pk} had a balance below zero" for pk in {*then, *now})


def _pks(model: type[Any]) -> Iterable[int]:
    return model._default_manager.values_list("pk", flat=True)
