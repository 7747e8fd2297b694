"""The sync log as a person searches and reads it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.db.models import Q, QuerySet
from django.http import QueryDict
from django.urls import reverse

from crm.timeline import Change, changes_in
from integrations.models import QuickBooksConnection, QuickBooksLink, SyncLogEntry
from integrations.quickbooks.weblinks import record_page

ENTITIES = {
    "customer": "Customer",
    "invoice": "Invoice",
    "payment": "Payment",
    "creditmemo": "Credit memo",
    "salesreceipt": "Sales receipt",
}
# What each is here, so that its fields are called as on our own pages.
OURS = {
    "customer": "contact",
    "invoice": "invoice",
    "payment": "payment",
    "creditmemo": "payment",
    "salesreceipt": "payment",
}
Outcome = SyncLogEntry.Outcome
# The tint and the icon of each outcome.
CHIPS = {
    Outcome.CREATED: ("paid", "plus"),
    Outcome.UPDATED: ("sent", "edit"),
    Outcome.UNCHANGED: ("draft", "check"),
    Outcome.DROPPED: ("conflict", "conflict"),
    Outcome.REMOVED: ("draft", "archive"),
    Outcome.IGNORED: ("draft", "x"),
    Outcome.FAILED: ("late", "warn"),
}
HEADER = ["When", "How it came", "Record", "QuickBooks ID", "Name", "Outcome", "What happened", "Changes"]


def entity_words(entity: str) -> str:
    """ "Credit memo" for ``creditmemo``; a kind we do not know as QuickBooks calls it."""
    return ENTITIES.get(entity, entity.capitalize())


@dataclass(frozen=True)
class LogFilters:
    """What the URL asks for; words that it does not know are as good as none."""

    q: str = ""
    door: str = ""
    outcome: str = ""
    entity: str = ""
    record: str = ""

    @classmethod
    def read(cls, query: QueryDict) -> "LogFilters":
        def choice(name: str, choices: Iterable[str]) -> str:
            value = query.get(name, "")
            return value if value in choices else ""

        record = query.get("record", "").replace("\x00", "")[:80]
        return cls(
            q=query.get("q", "").replace("\x00", "").strip()[:200],
            door=choice("door", SyncLogEntry.Door.values),
            outcome=choice("outcome", Outcome.values),
            entity=choice("entity", ENTITIES),
            record=record if all(record.partition(":")) else "",
        )

    @property
    def are_set(self) -> bool:
        return self != LogFilters()

    @property
    def query(self) -> str:
        """These filters as they stand in a URL, with ``?`` in front; "" when there are none."""
        words = urlencode({name: value for name, value in vars(self).items() if value}, safe=":")
        return f"?{words}" if words else ""

    @property
    def without_record(self) -> str:
        """The address of the log with everything asked for but the one record."""
        rest = LogFilters(self.q, self.door, self.outcome, self.entity)
        return reverse("integrations:sync-log") + rest.query

    @property
    def record_words(self) -> str:
        entity, _, external_id = self.record.partition(":")
        return f"{entity_words(entity)} {external_id}"

    def entries(self, connection: QuickBooksConnection | None) -> QuerySet[SyncLogEntry]:
        found = SyncLogEntry.objects.filter(connection=connection) if connection else SyncLogEntry.objects.none()
        if self.q:
            found = found.filter(Q(name__icontains=self.q) | Q(external_id=self.q))
        if self.record:
            entity, _, external_id = self.record.partition(":")
            found = found.filter(entity=entity, external_id=external_id)
        exact = {"door": self.door, "outcome": self.outcome, "entity": self.entity}
        return found.filter(**{column: value for column, value in exact.items() if value})


@dataclass(frozen=True)
class Row:
    """One line of the log. ``url`` is the record's page here, ``books_url`` that in QuickBooks, "" for none."""

    entry: SyncLogEntry
    entity: str
    name: str
    kind: str
    icon: str
    changes: list[Change]
    url: str
    books_url: str


def rows(entries: list[SyncLogEntry]) -> list[Row]:
    """Lines for the page; one query for all the records they speak of."""
    pages = _pages({(entry.entity, entry.external_id) for entry in entries})
    return [_row(entry, pages.get((entry.entity, entry.external_id), "")) for entry in entries]


def _row(entry: SyncLogEntry, url: str) -> Row:
    entity = entity_words(entry.entity)
    kind, icon = CHIPS.get(Outcome(entry.outcome), ("draft", "more"))
    return Row(
        entry=entry,
        entity=entity,
        name=entry.name or f"{entity} {entry.external_id}",
        kind=kind,
        icon=icon,
        changes=changes_of(entry),
        url=url,
        books_url=record_page(entry.entity, entry.external_id),
    )


def changes_of(entry: SyncLogEntry) -> list[Change]:
    """What differed, field by field, in words."""
    return changes_in(OURS.get(entry.entity, ""), entry.changes)


def _pages(records: set[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """Where these records of QuickBooks live here."""
    if not records:
        return {}
    ids = {external_id for _, external_id in records}
    links = QuickBooksLink.objects.filter(entity__in={entity for entity, _ in records}, external_id__in=ids)
    pages = {}
    for entity, external_id, contact, invoice in links.values_list("entity", "external_id", "contact", "invoice"):
        if invoice:
            pages[entity, external_id] = reverse("invoicing:detail", args=[invoice])
        elif contact:
            pages[entity, external_id] = reverse("contacts:detail", args=[contact])
    return pages


def csv_rows(entries: QuerySet[SyncLogEntry], zone: ZoneInfo) -> Iterator[list[Any]]:
    """The log for a spreadsheet, newest first, with times in the zone of the business."""
    for entry in entries.order_by("-id").iterator(chunk_size=1000):
        changes = (f"{change.label}: {change.before} → {change.after}" for change in changes_of(entry))
        yield [
            entry.at.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S"),
            entry.get_door_display(),
            entity_words(entry.entity),
            entry.external_id,
            entry.name,
            entry.get_outcome_display(),
            entry.text,
            "; ".join(changes),
        ]
