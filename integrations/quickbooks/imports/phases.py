"""What an import does, one page at a time: fetch over the network, then write in one transaction."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from django.utils import timezone

from integrations import inbox
from integrations.models import ImportItem, ImportRun, QuickBooksConnection, QuickBooksLink
from integrations.quickbooks import catalogue, customers, echoes, invoices, payments
from integrations.quickbooks.client import QuickBooksClient
from integrations.quickbooks.importing import Context, Outcome, Tally, save_items, save_log
from integrations.quickbooks.mapping.values import Doc, ref

PAGE = 1000
EVERYBODY = "Active IN (true, false)"


@dataclass(slots=True)
class Work:
    """A run in a worker's hands."""

    run: ImportRun
    client: QuickBooksClient
    connection: QuickBooksConnection

    def context(self) -> Context:
        return Context(self.connection, timezone.now(), actor=self.run.started_by, run=self.run)


@dataclass(slots=True)
class Page:
    """What came over the network. ``strangers`` are customers of these invoices that nobody had heard of."""

    docs: list[Doc] = field(default_factory=list)
    total: int | None = None
    asked: list[str] = field(default_factory=list)
    strangers: list[Doc] = field(default_factory=list)
    names: dict[str, list[Doc]] = field(default_factory=dict)


class Phase(Protocol):
    name: str
    words: str

    def fetch(self, work: Work) -> Page:
        """Ask QuickBooks for the next page; no transaction is open."""

    def write(self, work: Work, page: Page) -> bool:
        """Write the page and move the run's cursor and counts; True when the phase is over."""


def add_up(run: ImportRun, tallies: Sequence[Tally], *, again: bool = False) -> None:
    """Add to the run's counts and keep its items; on a second walk only what the first one missed."""
    for tally in tallies:
        if again:
            _leave_out_met(run, tally)
        counts = run.counts.setdefault(tally.entity, {})
        for outcome, number in tally.counts.items():
            counts[outcome] = counts.get(outcome, 0) + number
    save_items(run, tallies)
    if not run.is_preview:
        save_log(Context(run.connection, timezone.now(), run=run), tallies)


def _leave_out_met(run: ImportRun, tally: Tally) -> None:
    """What the first walk counted is counted; only one that it left out may have come in since."""
    ids = [item.external_id for item in tally.items]
    met = dict(run.items.filter(entity=tally.entity, external_id__in=ids).values_list("external_id", "outcome"))
    tally.items = [
        item
        for item in tally.items
        if met.get(item.external_id) in {None, Outcome.DROPPED} and met.get(item.external_id) != item.outcome
    ]
    stays = {item.external_id for item in tally.items}
    tally.told = [line for line in tally.told if line.external_id in stays]
    tally.counts = Counter(item.outcome for item in tally.items)
    tally.counts[Outcome.DROPPED] -= sum(item.external_id in met for item in tally.items)


class Walk:
    """Walks all records of one entity in pages ordered by Id.

    A record deleted while we walk moves the others up, so that a page may skip some. The count taken first tells:
    fewer records than counted mean a second walk, which only takes what the first one missed.
    """

    name = words = entity = ""

    def where(self, run: ImportRun) -> str:
        raise NotImplementedError

    def take_over(self, work: Work, page: Page) -> list[Tally]:
        raise NotImplementedError

    def fetch(self, work: Work) -> Page:
        where = self.where(work.run)
        total = work.run.total if work.run.position else work.client.count(self.entity, where)
        start = work.run.position.get("start", 1)
        docs = work.client.page(self.entity, where=where, start=start, size=PAGE)
        return Page(docs, total=total)

    def write(self, work: Work, page: Page) -> bool:
        run, again = work.run, bool(work.run.position.get("again"))
        add_up(run, self.take_over(work, page), again=again)
        run.total = page.total or 0
        start = run.position.get("start", 1) + len(page.docs)
        run.position = {"start": start, "again": again}
        run.done = start - 1
        # Whatever the server takes for a page; and one that cannot count is read until a page is not full.
        if (page.docs and run.done < run.total) or (not run.total and len(page.docs) == PAGE):
            return False
        if run.done < run.total and not again and not run.is_preview:
            run.position = {"start": 1, "again": True}
            return False
        return True


class Customers(Walk):
    name, words, entity = "customers", "Contacts", "Customer"

    def where(self, run: ImportRun) -> str:
        return EVERYBODY

    def take_over(self, work: Work, page: Page) -> list[Tally]:
        return [customers.take_over(page.docs, work.context())]

    def write(self, work: Work, page: Page) -> bool:
        finished = super().write(work, page)
        if finished and not work.run.is_preview:
            QuickBooksConnection.objects.filter(pk=work.connection.pk).update(contacts_imported_at=timezone.now())
            inbox.wake()  # invoices that came by themselves waited for their contacts
        return finished


class Names:
    """Items with their numbers, tax codes and rates, terms: what the documents only point to."""

    name, words = "names", "Products and tax codes"

    def fetch(self, work: Work) -> Page:
        return Page(names=catalogue.fetch(work.client))

    def write(self, work: Work, page: Page) -> bool:
        catalogue.store(work.connection, page.names)
        return True


class Invoices(Walk):
    name, words, entity = "invoices", "Invoices", "Invoice"

    def where(self, run: ImportRun) -> str:
        return f"TxnDate >= '{run.year}-01-01' AND TxnDate <= '{run.year}-12-31'"

    def fetch(self, work: Work) -> Page:
        page = super().fetch(work)
        page.strangers = strangers_of(page.docs, work)
        return page

    def take_over(self, work: Work, page: Page) -> list[Tally]:
        context = work.context()
        tallies = [customers.take_over(page.strangers, context)] if page.strangers else []
        return [*tallies, invoices.take_over(page.docs, context, catalogue.load(work.connection))]


class Payments:
    """Every payment that the invoices name, whatever its date, by id."""

    name, words = "payments", "Payments"

    def fetch(self, work: Work) -> Page:
        run = work.run
        waiting = run.items.filter(entity="payment", outcome=Outcome.WAITING)
        total = run.total if run.position else waiting.count()
        ids = list(waiting.order_by("id").values_list("external_id", flat=True)[:PAGE])
        docs = work.client.by_ids("Payment", ids)
        return Page(docs, total=total, asked=ids, strangers=strangers_of(docs, work))

    def write(self, work: Work, page: Page) -> bool:
        run, context = work.run, work.context()
        tallies = [customers.take_over(page.strangers, context)] if page.strangers else []
        names = catalogue.load(work.connection)
        gone = set(page.asked) - {str(doc.get("Id")) for doc in page.docs}
        echoes.recognise(page.docs, context)
        tallies.append(payments.take_over(page.docs, context, names))
        tallies.append(payments.take_back(gone, context, names))
        add_up(run, tallies)
        self._close(run, page, gone)
        run.total, run.done = page.total or 0, run.done + len(page.asked)
        run.position = {"begun": True}
        return not run.items.filter(entity="payment", outcome=Outcome.WAITING).exists()

    def _close(self, run: ImportRun, page: Page, gone: set[str]) -> None:
        """What was asked for does not wait any more; what did not come is gone from QuickBooks."""
        waiting = run.items.filter(entity="payment", outcome=Outcome.WAITING)
        never_here = waiting.filter(external_id__in=gone).update(
            outcome=Outcome.DROPPED, reason="QuickBooks no longer has this payment.", name="Payment"
        )
        waiting.filter(external_id__in=page.asked).update(outcome=Outcome.UNCHANGED)
        if never_here:
            counts = run.counts.setdefault("payment", {})
            counts[Outcome.DROPPED] = counts.get(Outcome.DROPPED, 0) + never_here


def strangers_of(docs: Sequence[Doc], work: Work) -> list[Doc]:
    """Customers made in QuickBooks since the contacts were read: fetched before their documents are written."""
    if work.run.is_preview:
        return []
    wanted = {ref(doc, "CustomerRef") for doc in docs} - {""}
    heard_of = QuickBooksLink.objects.filter(
        connection=work.connection, entity="customer", external_id__in=wanted
    ).values_list("external_id", flat=True)
    unknown = sorted(wanted - set(heard_of))
    return work.client.by_ids("Customer", unknown, where=EVERYBODY) if unknown else []


PHASES: dict[str, Phase] = {phase.name: phase for phase in (Customers(), Names(), Invoices(), Payments())}
ORDER: dict[str, list[str]] = {
    ImportRun.Kind.CONTACTS: ["customers"],
    ImportRun.Kind.INVOICES: ["customers", "names", "invoices", "payments"],
}


def next_phase(run: ImportRun) -> str:
    """The phase after the run's present one; "" after the last."""
    order = ORDER[run.kind]
    position = order.index(run.phase) + 1 if run.phase else 0
    return order[position] if position < len(order) else ""


def counted(run: ImportRun, entity: str) -> dict[str, Any]:
    """created, updated, unchanged and dropped of one entity, 0 where nothing was."""
    counts = run.counts.get(entity, {})
    return {outcome: counts.get(outcome, 0) for outcome in ("created", "updated", "unchanged", "dropped")}


__all__ = ["ORDER", "PHASES", "ImportItem", "Page", "Phase", "Work", "add_up", "counted", "next_phase"]
