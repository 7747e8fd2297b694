"""How well the books are followed, for the card on Settings > Integrations."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count
from django.utils import timezone

from crm.heartbeats import DEFAULT_QUEUE
from crm.models import Heartbeat
from integrations import sync_trouble
from integrations.models import QuickBooksConnection, QuickBooksLink, SyncLogEntry, SyncState
from integrations.quickbooks.imports.shown import PATIENCE, WITHOUT_A_BEAT

Outcome = SyncLogEntry.Outcome
TAKEN_OVER = (Outcome.CREATED, Outcome.UPDATED, Outcome.REMOVED)
TO_LOOK_AT = (Outcome.DROPPED, Outcome.FAILED)


@dataclass(frozen=True)
class Pressed:
    """What came of *Sync now* so far."""

    at: datetime
    is_looking: bool
    lacks_worker: bool = False
    error: str = ""
    taken_over: int = 0
    to_look_at: int = 0


@dataclass(frozen=True)
class Following:
    """The last and the next look at the books, and what is left to do."""

    connection: QuickBooksConnection
    state: SyncState
    waiting: int
    failed: int
    conflicts: int
    pressed: Pressed | None

    @property
    def is_due(self) -> bool:
        """Whether the next look comes as soon as a worker is free."""
        return self.state.next_pass_at is None or self.state.next_pass_at <= timezone.now()


def of(connection: QuickBooksConnection, pressed_at: datetime | None = None) -> Following:
    """How it stands now; ``pressed_at`` is when somebody pressed *Sync now*, if that is to be told of."""
    state = SyncState.of(connection)
    # The index has no links without trouble, and SQLite has to be told.
    conflicts = QuickBooksLink.objects.filter(
        connection=connection, entity="customer", state=QuickBooksLink.State.CONFLICT
    ).exclude(state=QuickBooksLink.State.LINKED)
    return Following(
        connection=connection,
        state=state,
        waiting=sync_trouble.pending(connection).count(),
        failed=sync_trouble.stuck(connection).count(),
        conflicts=conflicts.count(),
        pressed=_pressed(connection, state, pressed_at) if pressed_at else None,
    )


def _pressed(connection: QuickBooksConnection, state: SyncState, at: datetime) -> Pressed:
    """A look ends once it has been taken and all that could be taken over at once has been."""
    now = timezone.now()
    has_looked = state.last_pass_at is not None and state.last_pass_at > at
    if has_looked and state.last_error:
        return Pressed(at, is_looking=False, error=state.last_error)
    if not has_looked or sync_trouble.pending(connection).due(now).exists():
        return Pressed(at, is_looking=True, lacks_worker=now - at > PATIENCE and not _worker_beats(now))
    entries = SyncLogEntry.objects.filter(connection=connection, at__gte=at)
    counts = dict(entries.order_by("outcome").values_list("outcome").annotate(Count("pk")))
    return Pressed(
        at,
        is_looking=False,
        taken_over=sum(counts.get(outcome, 0) for outcome in TAKEN_OVER),
        to_look_at=sum(counts.get(outcome, 0) for outcome in TO_LOOK_AT),
    )


def _worker_beats(now: datetime) -> bool:
    return Heartbeat.objects.filter(name=DEFAULT_QUEUE, beat_at__gte=now - WITHOUT_A_BEAT).exists()
