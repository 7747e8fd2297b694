"""The truth behind a handful of hints: what has to be read, and read together. No transaction is open here."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from integrations.models import InboxEvent, OutboxEntry, QuickBooksConnection, QuickBooksLink
from integrations.quickbooks import catalogue
from integrations.quickbooks.client import QuickBooksClient
from integrations.quickbooks.links import version_of
from integrations.quickbooks.mapping.payments import applied_in
from integrations.quickbooks.mapping.values import Doc, ref
from invoicing.models import Allocation

# From an invoice over a payment in doubt to its other invoices, and on: whoever is further away has a hint of its own.
FURTHER = 3
EVERYBODY = "Active IN (true, false)"


@dataclass(slots=True)
class Truth:
    """What QuickBooks says. ``gone`` are ids that were asked for and that it has no more; ``held`` needed no asking."""

    docs: dict[str, dict[str, Doc]] = field(default_factory=lambda: {"customer": {}, "invoice": {}, "payment": {}})
    gone: dict[str, set[str]] = field(default_factory=lambda: {"customer": set(), "invoice": set(), "payment": set()})
    held: set[tuple[str, str]] = field(default_factory=set)
    merged: dict[str, str] = field(default_factory=dict)  # who disappeared -> into whom
    names: dict[str, list[Doc]] = field(default_factory=dict)

    def __getitem__(self, entity: str) -> dict[str, Doc]:
        return self.docs[entity]


@dataclass(slots=True)
class Asking:
    """Asks for records of one company, each only once."""

    client: QuickBooksClient
    connection: QuickBooksConnection
    truth: Truth = field(default_factory=Truth)

    def ask(self, entity: str, ids: Iterable[str]) -> list[Doc]:
        """The documents of those ids that were not asked for yet."""
        known = self.truth[entity].keys() | self.truth.gone[entity]
        wanted = sorted(set(ids) - known - {""})
        if not wanted:
            return []
        where = EVERYBODY if entity == "customer" else ""
        found = {str(doc.get("Id")): doc for doc in self.client.by_ids(entity.capitalize(), wanted, where=where)}
        self.truth[entity].update(found)
        self.truth.gone[entity].update(set(wanted) - found.keys())
        return list(found.values())


def fetch(client: QuickBooksClient, connection: QuickBooksConnection, events: Sequence[InboxEvent]) -> Truth:
    """Everything that these events are about, and what must be read with it to be understood.

    A payment is read with all invoices it touches or touched, an invoice with the payments that it and we disagree
    about, and both with customers nobody has heard of: whatever order the news came in, what is written fits together.
    """
    asking = Asking(client, connection)
    wanted = _wanted(connection, events, asking.truth)
    asking.ask("customer", wanted["customer"])
    asking.ask("payment", wanted["payment"])
    asking.ask("invoice", {*wanted["invoice"], *_invoices_of(asking.truth, connection)})
    for _ in range(FURTHER):
        if not asking.ask("payment", _payments_in_doubt(asking.truth, connection)):
            break
        asking.ask("invoice", _invoices_of(asking.truth, connection))
    asking.ask("customer", _strangers(asking.truth, connection))
    asking.ask("customer", moves(asking.truth, connection))
    documents = [*asking.truth["invoice"].values(), *asking.truth["payment"].values()]
    asking.truth.names = catalogue.fetch_unknown(client, connection, documents)
    for entity in catalogue.ENTITIES:
        ids = {event.entity_id for event in events if event.entity == entity.lower()}
        if ids:
            again = client.by_ids(entity, sorted(ids), where=EVERYBODY)
            asking.truth.names[entity] = [*asking.truth.names.get(entity, []), *again]
    return asking.truth


def _wanted(connection: QuickBooksConnection, events: Sequence[InboxEvent], truth: Truth) -> dict[str, set[str]]:
    wanted: dict[str, set[str]] = {"customer": set(), "invoice": set(), "payment": set()}
    for event in events:
        if event.entity in wanted:
            wanted[event.entity].add(event.entity_id)
            if event.entity == "customer" and event.deleted_id:
                truth.merged[event.deleted_id] = event.entity_id
                wanted["customer"].add(event.deleted_id)
    _leave_out_gone(connection, wanted, truth)
    _leave_out_held(connection, events, wanted, truth)
    return wanted


def _leave_out_gone(connection: QuickBooksConnection, wanted: dict[str, set[str]], truth: Truth) -> None:
    """What is gone stays gone, whatever is told of it late."""
    for entity, ids in wanted.items():
        links = QuickBooksLink.objects.filter(connection=connection, entity=entity, external_id__in=ids)
        for external_id in links.filter(state=QuickBooksLink.State.GONE).values_list("external_id", flat=True):
            ids.discard(external_id)
            truth.held.add((entity, external_id))


def _leave_out_held(
    connection: QuickBooksConnection, events: Sequence[InboxEvent], wanted: dict[str, set[str]], truth: Truth
) -> None:
    """A poll tells the version it saw: what is held in that version already need not be read again."""
    told = {(event.entity, event.entity_id) for event in events if not _tells_version(event)}
    seen = {
        (event.entity, event.entity_id): version_of(event.happened_at, event.sync_token)
        for event in events
        if _tells_version(event) and (event.entity, event.entity_id) not in told
    }
    links = QuickBooksLink.objects.filter(
        connection=connection, external_id__in=[pk for _, pk in seen], state=QuickBooksLink.State.LINKED
    )
    for entity, pk, at, token in links.values_list("entity", "external_id", "remote_at", "sync_token"):
        if at is not None and seen.get((entity, pk), (float("inf"), 0)) <= version_of(at, token):
            wanted[entity].discard(pk)
            truth.held.add((entity, pk))


def _tells_version(event: InboxEvent) -> bool:
    is_poll = event.source == InboxEvent.Source.POLL
    return is_poll and event.operation != "deleted" and event.happened_at is not None


def _invoices_of(truth: Truth, connection: QuickBooksConnection) -> set[str]:
    """The invoices that the payments read, or gone, touch now or touched so far."""
    now = {
        str(linked.get("TxnId"))
        for doc in truth["payment"].values()
        for line in doc.get("Line") or []
        for linked in line.get("LinkedTxn") or []
        if linked.get("TxnType") == "Invoice"
    }
    payments = truth["payment"].keys() | truth.gone["payment"]
    so_far = Allocation.objects.filter(
        payment__quickbooks_link__connection=connection,
        payment__quickbooks_link__external_id__in=payments,
        invoice__quickbooks_link__isnull=False,
    )
    return now | set(so_far.values_list("invoice__quickbooks_link__external_id", flat=True))


def _payments_in_doubt(truth: Truth, connection: QuickBooksConnection) -> set[str]:
    """Payments that QuickBooks names on an invoice and we do not have there, the other way round, and ours of which it
    may say something else than we do.
    """
    ids = truth["invoice"].keys() | truth.gone["invoice"]
    ours: dict[str, set[str]] = {}
    rows = Allocation.objects.filter(
        invoice__quickbooks_link__connection=connection,
        invoice__quickbooks_link__external_id__in=ids,
        payment__quickbooks_link__isnull=False,
    )
    columns = ("invoice__quickbooks_link__external_id", "payment__quickbooks_link__external_id")
    for invoice_id, payment_id in rows.values_list(*columns):
        ours.setdefault(invoice_id, set()).add(payment_id)
    payments = {payment_id for those in ours.values() for payment_id in those}
    doubtful = _not_lowered(connection, ids) | _only_recognised(connection, payments)
    for invoice_id in ids:
        doc = truth["invoice"].get(invoice_id, {})
        linked = doc.get("LinkedTxn") or []
        theirs = {str(one.get("TxnId")) for one in linked if one.get("TxnType") == "Payment"}
        doubtful |= theirs ^ ours.get(invoice_id, set())
    return doubtful


def _not_lowered(connection: QuickBooksConnection, invoice_ids: set[str]) -> set[str]:
    """Payments on these invoices, when last read, whose refund QuickBooks has yet to hear of: it may have, from its
    bookkeeper, or from a try of ours whose answer was lost.
    """
    entries = OutboxEntry.objects.lowering().filter(connection=connection)
    rows = entries.values_list("payment__quickbooks_link__external_id", "payment__quickbooks_link__document")
    return {pk for pk, document in rows if pk and not invoice_ids.isdisjoint(applied_in(document))}


def _only_recognised(connection: QuickBooksConnection, payment_ids: set[str]) -> set[str]:
    """Those of them that are known to be ours, and of which QuickBooks' own words were not taken over yet."""
    links = QuickBooksLink.objects.filter(connection=connection, entity="payment", external_id__in=payment_ids)
    linked = links.filter(state=QuickBooksLink.State.LINKED, fingerprint="")
    return set(linked.values_list("external_id", flat=True))


# What belongs to a customer, and the field that says to whom: a customer's own are its jobs.
BELONGINGS = {"invoice": "CustomerRef", "payment": "CustomerRef", "customer": "ParentRef"}


def moves(truth: Truth, connection: QuickBooksConnection) -> dict[str, str]:
    """From which customer to which one documents and jobs have moved: reassigned, or merged where the first is gone."""
    now = {
        (entity, external_id): ref(doc, field)
        for entity, field in BELONGINGS.items()
        for external_id, doc in truth[entity].items()
    }
    ids = {external_id for _, external_id in now}
    links = QuickBooksLink.objects.filter(connection=connection, external_id__in=ids)
    rows = [*links.exclude(entity="customer").values_list("entity", "external_id", "customer_id")]
    jobs = links.filter(entity="customer", external_id__in=truth["customer"], document__has_key="ParentRef")
    rows += [
        ("customer", pk, ref(document, "ParentRef")) for pk, document in jobs.values_list("external_id", "document")
    ]
    moved = ((before, now.get((entity, external_id), "")) for entity, external_id, before in rows)
    return {before: after for before, after in moved if before and after and before != after}


def _strangers(truth: Truth, connection: QuickBooksConnection) -> set[str]:
    """Customers of these documents that were never met: an invoice may come before its customer does."""
    named = {ref(doc, "CustomerRef") for entity in ("invoice", "payment") for doc in truth[entity].values()}
    met = QuickBooksLink.objects.filter(connection=connection, entity="customer", external_id__in=named)
    return named - set(met.values_list("external_id", flat=True))
