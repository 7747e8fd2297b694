"""What of the inbox waits, and what is in a person's hands."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Min

from integrations.models import InboxEvent, QuickBooksConnection
from integrations.models.sync import InboxEventQuerySet
from integrations.quickbooks.weblinks import record_page
from integrations.sync_log import entity_words

SHOWN = 20


@dataclass(frozen=True)
class Failed:
    """A record that was tried often enough."""

    event: InboxEvent
    name: str
    books_url: str


@dataclass(frozen=True)
class Kind:
    """All failed records of one kind."""

    entity: str
    words: str
    number: int


@dataclass(frozen=True)
class Trouble:
    """``next_try`` is the earliest time told for any that waits, None for as soon as a worker is free.

    ``for_contacts``: contacts were not imported yet, and invoices and payments wait for them.
    """

    waiting: int
    next_try: datetime | None
    failed: list[Failed]
    kinds: list[Kind]
    for_contacts: bool = False

    @property
    def number_failed(self) -> int:
        return sum(kind.number for kind in self.kinds)

    @property
    def not_shown(self) -> int:
        return max(0, self.number_failed - len(self.failed))


def stuck(connection: QuickBooksConnection) -> InboxEventQuerySet:
    """The events that wait for a person. The index has none that are done, and SQLite has to be told."""
    events = InboxEvent.objects.filter(realm_id=connection.realm_id, status=InboxEvent.Status.STUCK)
    return events.exclude(status=InboxEvent.Status.DONE)


def pending(connection: QuickBooksConnection) -> InboxEventQuerySet:
    return InboxEvent.objects.filter(realm_id=connection.realm_id, status=InboxEvent.Status.PENDING)


def of(connection: QuickBooksConnection | None) -> Trouble | None:
    """What stands above the log; None when there is no trouble and nothing waits. Three queries."""
    if connection is None:
        return None
    waits = pending(connection).aggregate(number=Count("pk"), next_try=Min("not_before"))
    counts = stuck(connection).order_by("entity").values_list("entity").annotate(Count("pk"))
    kinds = [Kind(entity, entity_words(entity).lower(), number) for entity, number in counts]
    events = stuck(connection).order_by("-id")[:SHOWN] if kinds else []
    failed = [
        Failed(
            event,
            f"{entity_words(event.entity)} {event.entity_id}",
            record_page(event.entity, event.entity_id),
        )
        for event in events
    ]
    if not kinds and not waits["number"]:
        return None
    for_contacts = connection.contacts_imported_at is None
    return Trouble(waits["number"], waits["next_try"], failed, kinds, for_contacts)
