"""Emptying the inbox: what waits is taken over in rounds, by one worker at a time.

A round claims nothing in the rows themselves: under the company's lease it reads what is due, fetches the truth, and
writes records and the events' ends in one transaction that also checks the lease. A worker killed anywhere leaves
everything as it was.
"""

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.db import IntegrityError, OperationalError, transaction
from django.utils import timezone

from crm.collecting import seldom_collecting
from integrations.errors import IntegrationError, NeedsReconnect, Transient
from integrations.models import InboxEvent, QuickBooksConnection, SyncLogEntry
from integrations.quickbooks.client import QuickBooksClient, client_for
from integrations.quickbooks.importing import Context
from integrations.quickbooks.sync import lease as leases
from integrations.quickbooks.sync.fetch import fetch
from integrations.quickbooks.sync.lease import LostLease
from integrations.quickbooks.sync.write import DOORS, write

logger = logging.getLogger(__name__)

ROUND = 1000
STEP_SECONDS = 40.0  # of network in a round; with the writing it stays below the lease
PARTS = 8  # of a round that failed, to find what spoils it
SAMPLES = 3  # single events that are tried before everything is taken to be refused
PERSON_SECONDS = 10.0  # the same where somebody waits at the screen
CLASHES = 4  # tries after which a clash is no chance of the moment any more
LONGEST_WAIT = timedelta(minutes=30)
Status = InboxEvent.Status


class Paused(Exception):
    """Trouble that passes: what was due waits, and so does this worker."""


def drain(connection: QuickBooksConnection, *, seconds: float = 30.0, client: QuickBooksClient | None = None) -> int:
    """Take over what is due, for about so many seconds; how many events ended. 0 where another worker is at it."""
    until, ended = time.monotonic() + seconds, 0
    _ignore_strangers(connection)
    client = client or client_for(connection)
    while time.monotonic() < until and _due(connection):
        lease = leases.take(connection)
        if not lease:
            return ended
        try:
            ended += _Worker(connection, lease, client, until).rounds()
        except (LostLease, Paused):
            return ended
        except NeedsReconnect as error:
            logger.warning("The inbox waits for a new sign-in: %s", error)
            return ended
        finally:
            leases.give_back(connection, lease)
        # Looked at once more: what came while we held the lease found it taken, and trusts us.
    return ended


def _ignore_strangers(connection: QuickBooksConnection) -> None:
    """One app may serve several installations: what is told of other companies is kept, and nobody waits for it."""
    strangers = InboxEvent.objects.filter(status=Status.PENDING).exclude(realm_id=connection.realm_id)
    words = "It is about a company that this installation does not work with."
    strangers.update(status=Status.IGNORED, ended_at=timezone.now(), last_error=words)


@dataclass(frozen=True, slots=True)
class _Worker:
    """Who holds the lease, until when it may work (monotonic), and what it asks QuickBooks with."""

    connection: QuickBooksConnection
    lease: str
    client: QuickBooksClient
    until: float

    @property
    def is_over(self) -> bool:
        return time.monotonic() >= self.until

    def rounds(self) -> int:
        ended = 0
        while not self.is_over and (events := _due(self.connection)):
            ended += self._take_over(events)
        return ended

    def _take_over(self, events: Sequence[InboxEvent]) -> int:
        """Take events over together, and apart where one of them spoils the rest; how many ended. Raises Paused."""
        trouble = self._try(events)
        return len(events) if trouble is None else self._apart(events, trouble)

    def _apart(self, events: Sequence[InboxEvent], trouble: Exception) -> int:
        """Find what spoils these; what there was no time for is met again in the next round."""
        if len(events) == 1:
            _give_up(self.connection, events, trouble)
        if len(events) == 1 or self.is_over:
            return 0
        parts = [events[first::PARTS] for first in range(min(PARTS, len(events)))]
        failed = [(part, error) for part in parts if (error := self._try(part)) is not None]
        ended = len(events) - sum(len(part) for part, _ in failed)
        if not ended and len(events) > PARTS and not (ended := self._sample([part for part, _ in failed])):
            # Nothing goes through: looking further would only repeat the same refusal.
            _give_up(self.connection, events, trouble)
            return 0
        for part, error in failed:
            left = [event for event in part if event.status == Status.PENDING]
            ended += self._apart(left, error) if left else 0
        return ended

    def _sample(self, parts: Sequence[Sequence[InboxEvent]]) -> int:
        """Where all parts failed: is one odd in each, or is everything refused? How many single events ended."""
        ended = [part[-1] for part in parts[:SAMPLES] if self._try(part[-1:]) is None]
        for event in ended:
            event.status = Status.DONE
        return len(ended)

    @seldom_collecting()
    def _try(self, events: Sequence[InboxEvent]) -> Exception | None:
        """Fetch, then write, in one transaction that holds the pen; None when all went well, else what spoilt it."""
        try:
            leases.renew(self.connection, self.lease)
            self.client.start_step(PERSON_SECONDS if self.client.interactive else STEP_SECONDS)
            truth = fetch(self.client, self.connection, events)
            with transaction.atomic():
                leases.renew(self.connection, self.lease)
                write(truth, events, _context(self.connection, events))
                _end(events)
        except (LostLease, NeedsReconnect):
            raise
        except (Transient, IntegrityError, OperationalError) as error:
            if isinstance(error, IntegrityError) and max(event.pauses for event in events) >= CLASHES:
                return error
            _wait(events, error)
            raise Paused from error
        except Exception as error:
            if not isinstance(error, IntegrationError):
                logger.exception("%s events of the inbox could not be taken over", len(events))
            return error
        return None


def _due(connection: QuickBooksConnection) -> list[InboxEvent]:
    """The oldest that may be taken over now. Until contacts were imported, invoices and payments wait for them."""
    connection.refresh_from_db(fields=["status", "contacts_imported_at"])
    if not connection.is_connected:
        return []
    events = InboxEvent.objects.due(timezone.now()).filter(realm_id=connection.realm_id)
    if connection.contacts_imported_at is None:
        events = events.exclude(entity__in=("invoice", "payment"))
    return list(events.order_by("id")[:ROUND])


def _context(connection: QuickBooksConnection, events: Sequence[InboxEvent]) -> Context:
    door = DOORS[InboxEvent.Source(events[0].source)]
    return Context(connection, timezone.now(), origin="quickbooks", door=door)


def _end(events: Sequence[InboxEvent]) -> None:
    InboxEvent.objects.filter(pk__in=[event.pk for event in events]).update(
        status=Status.DONE, ended_at=timezone.now(), last_error=""
    )


def _wait(events: Sequence[InboxEvent], error: Exception) -> None:
    """Trouble that passes: tried again by ourselves for as long as it takes, a little later each time."""
    now, is_ours = timezone.now(), not isinstance(error, IntegrationError)
    words = "The database was busy; it is tried again by itself." if is_ours else str(error)
    if is_ours:
        logger.warning("A round of the inbox is tried again: %s", error)
    for event in events:
        event.pauses = min(event.pauses + 1, 1000)
        wait = timedelta(seconds=2) if is_ours else min(LONGEST_WAIT, timedelta(seconds=5 * 2 ** min(event.pauses, 9)))
        retry_after = getattr(error, "retry_after", None)
        event.not_before = now + (timedelta(seconds=retry_after) if retry_after else wait)
        event.last_error = words[:600]
    InboxEvent.objects.bulk_update(events, ["pauses", "not_before", "last_error"], batch_size=500)


def _give_up(connection: QuickBooksConnection, events: Sequence[InboxEvent], error: Exception | None) -> None:
    """Events that cannot be taken over are tried a few times more, then they are in a person's hands and in the log."""
    if isinstance(error, IntegrationError):
        words = error.in_full
    else:
        words = f"Something went wrong on our side ({type(error).__name__}). Nothing of this record was changed."
    for event in events:
        event.postpone(words, timezone.now())
    with transaction.atomic():
        InboxEvent.objects.bulk_update(events, ["status", "attempts", "not_before", "last_error"], batch_size=500)
        stuck = [event for event in events if event.status == Status.STUCK]
        SyncLogEntry.objects.bulk_create([_failure(connection, event) for event in stuck], batch_size=500)


def _failure(connection: QuickBooksConnection, event: InboxEvent) -> SyncLogEntry:
    return SyncLogEntry(
        connection=connection,
        door=DOORS[InboxEvent.Source(event.source)],
        entity=event.entity,
        external_id=event.entity_id,
        outcome=SyncLogEntry.Outcome.FAILED,
        text=event.last_error,
        event=event,
    )
