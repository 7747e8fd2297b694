"""What is to be booked with a vendor waits here, is sent by one worker at a time, and at worst ends with a person."""

import logging
import time
import uuid
from collections.abc import Callable
from datetime import timedelta

from django.db import transaction
from django.db.models import Case, QuerySet, Value, When
from django.utils import timezone
from django_q.tasks import async_task

from integrations.errors import IntegrationError, NeedsReconnect, Rejected, Transient
from integrations.models import OutboxEntry, QuickBooksConnection, QuickBooksLink, SyncLogEntry

logger = logging.getLogger(__name__)

Push = Callable[[OutboxEntry], None]
Status = OutboxEntry.Status
# A worker that dies with an entry in its hands holds it no longer than this; the entry's key makes a repeat safe.
CLAIM = timedelta(minutes=3)
LONGEST_WAIT = timedelta(minutes=30)


def enqueue(connection: QuickBooksConnection, kind: str, **record: int) -> None:
    """Have something booked, once; call it in the transaction of the fact. A worker is woken with it.

    ``record`` is ``payment_id`` or ``invoice_id``.
    """
    OutboxEntry.objects.bulk_create([OutboxEntry(connection=connection, kind=kind, **record)], ignore_conflicts=True)
    wake()


def enqueue_again(connection: QuickBooksConnection, kind: str, **record: int) -> None:
    """Have something booked as it is now, whatever was booked of it before: the same entry, under another key."""
    fresh = {"key": uuid.uuid4(), "status": Status.PENDING, "attempts": 0, "pauses": 0, "not_before": None}
    rows = OutboxEntry.objects.filter(kind=kind, **record)
    if not rows.update(connection=connection, ended_at=None, last_error="", **fresh):
        OutboxEntry.objects.create(connection=connection, kind=kind, **record)
    wake()


def wake() -> None:
    async_task("integrations.tasks.drain_outbox", q_options={"save": False})


def drain(connection: QuickBooksConnection, pushes: dict[str, Push], *, seconds: float = 60.0) -> int:
    """Send what is due, oldest first, for about so many seconds, or until trouble that passes; how many ended."""
    until, ended = time.monotonic() + seconds, 0
    while time.monotonic() < until and (entry := _claim(connection)):
        try:
            pushes[entry.kind](entry)
        except NeedsReconnect as error:
            logger.warning("The outbox waits for a new sign-in: %s", error)
            _let_go(entry)
            break
        except Transient as error:
            _pause(entry, error)
            break
        except Exception as error:
            _give_up(entry, error)
        else:
            ended += 1
    return ended


def end(entry: OutboxEntry) -> None:
    """It is booked; call it in the transaction that keeps what came back."""
    _as_tried(entry).update(status=Status.DONE, ended_at=timezone.now(), last_error="")


def ignore(entry: OutboxEntry, why: str) -> None:
    """Nothing is to be booked any more, and the row says why."""
    _as_tried(entry).update(status=Status.IGNORED, ended_at=timezone.now(), last_error=why)


def _as_tried(entry: OutboxEntry) -> QuerySet[OutboxEntry]:
    """The row, unless it was put back to be booked anew while this try was under way."""
    return OutboxEntry.objects.filter(pk=entry.pk, key=entry.key)


def try_again(connection: QuickBooksConnection) -> int:
    """Put all failed entries back to be tried at once; how many there were."""
    failed = OutboxEntry.objects.filter(connection=connection, status=Status.STUCK)
    with transaction.atomic():
        number = failed.update(status=Status.PENDING, attempts=0, not_before=None)
        wake()
    return number


def _claim(connection: QuickBooksConnection) -> OutboxEntry | None:
    """The oldest that is due, money first, if it is ours now: of two workers one changes the row."""
    connection.refresh_from_db(fields=["status"])
    if not connection.is_connected:
        return None
    due = OutboxEntry.objects.due().filter(connection=connection)
    money_first = Case(When(payment=None, then=Value(1)), default=Value(0))
    for entry in due.select_related("payment", "invoice").order_by(money_first, "id")[:10]:
        if due.filter(pk=entry.pk).update(not_before=timezone.now() + CLAIM) == 1:
            return entry
    return None


def _let_go(entry: OutboxEntry) -> None:
    _as_tried(entry).update(not_before=None)


def _pause(entry: OutboxEntry, error: Transient) -> None:
    entry.pauses = min(entry.pauses + 1, 1000)
    wait = min(LONGEST_WAIT, timedelta(seconds=5 * 2 ** min(entry.pauses, 9)))
    entry.not_before = timezone.now() + (timedelta(seconds=error.retry_after) if error.retry_after else wait)
    _as_tried(entry).update(pauses=entry.pauses, not_before=entry.not_before, last_error=str(error)[:600])


def _give_up(entry: OutboxEntry, error: Exception) -> None:
    """What they refuse goes to a person at once, with their words; what is wrong on our side is tried a few times."""
    if isinstance(error, IntegrationError):
        words = error.in_full
    else:
        logger.exception("Booking %s went wrong", entry.pk)
        words = f"Something went wrong on our side ({type(error).__name__}). If it was booked, the next try finds it."
    entry.postpone(words, timezone.now())
    if isinstance(error, Rejected):
        entry.status = Status.STUCK
    with transaction.atomic():
        is_kept = _as_tried(entry).update(
            status=entry.status, attempts=entry.attempts, not_before=entry.not_before, last_error=entry.last_error
        )
        if is_kept and entry.status == Status.STUCK:
            SyncLogEntry.objects.create(
                connection=entry.connection,
                door=SyncLogEntry.Door.PUSH,
                entity="payment" if entry.payment else "invoice",
                external_id=_known_as(entry),
                name=str(entry.record)[:500],
                outcome=SyncLogEntry.Outcome.FAILED,
                text=entry.last_error,
            )


def _known_as(entry: OutboxEntry) -> str:
    """The record's id there, where it has one."""
    is_it = {"payment": entry.payment} if entry.payment else {"invoice": entry.invoice}
    links = QuickBooksLink.objects.filter(connection=entry.connection, **is_it)
    return links.values_list("external_id", flat=True).first() or ""
