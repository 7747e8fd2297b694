"""The life of a run: start, step, cancel, resume. Rows carry the state, so any worker may take the next step.

A step claims the run by a lease (compare-and-set, with an expiry), fetches a page, and writes page, cursor and
counts in one transaction that also checks that the lease is still its own. A worker killed anywhere leaves either
the whole page or nothing; when its lease has run out another worker goes on.
"""

import logging
import secrets
from collections.abc import Callable
from datetime import timedelta

from django.db import IntegrityError, OperationalError, transaction
from django.db.models import F, Q
from django.utils import timezone

from crm.collecting import seldom_collecting
from crm.models import User
from integrations.errors import IntegrationError, NeedsReconnect, Transient
from integrations.models import ImportItem, ImportRun, QuickBooksConnection
from integrations.quickbooks.client import QuickBooksClient, client_for
from integrations.quickbooks.imports import undo
from integrations.quickbooks.imports.phases import PHASES, Work, next_phase
from integrations.quickbooks.sync.lease import take_the_pen

logger = logging.getLogger(__name__)

Status = ImportRun.Status
LEASE = timedelta(seconds=150)  # longer than the longest step: 90 s of network and a page of writing
BETWEEN_STEPS = timedelta(seconds=45)  # a run without news for so long has lost its worker
ATTEMPTS = 6  # steps begun at the same place before a person is asked
DATABASE_SAID_NO = "The database could not take this page. Nothing of it was kept; the log says more."


class CannotDo(Exception):
    """A sentence that says why a run cannot be started, resumed or undone now."""


class LostLease(Exception):
    """Another worker took the run over while this one was busy; nothing of this step is kept."""


def start(
    connection: QuickBooksConnection,
    kind: str,
    *,
    actor: User | None = None,
    year: int | None = None,
    preview: bool = False,
) -> ImportRun:
    """A new run, waiting for its first step. Raises CannotDo."""
    if not connection.is_connected:
        raise CannotDo("QuickBooks is not connected. Connect it first in Settings > Integrations.")
    if kind == ImportRun.Kind.INVOICES and connection.contacts_imported_at is None:
        raise CannotDo("Import the contacts first: invoices need the contacts they belong to.")
    run = ImportRun(
        connection=connection,
        kind=kind,
        year=year,
        is_preview=preview,
        started_by=actor,
        phase="",
        lease_until=timezone.now() + BETWEEN_STEPS,
    )
    run.phase = next_phase(run)
    try:
        with transaction.atomic():
            run.save()
    except IntegrityError as error:
        raise CannotDo("Another import is running. Wait until it has ended, or cancel it.") from error
    return run


def claim(run_pk: int) -> ImportRun | None:
    """Take the next step of a run into our hands; None if it is not to be had."""
    now, lease = timezone.now(), secrets.token_hex(16)
    free = ImportRun.objects.active().filter(
        Q(lease_id="") | Q(lease_until__lt=now),
        Q(not_before=None) | Q(not_before__lte=now),
        pk=run_pk,
    )
    if not free.update(lease_id=lease, lease_until=now + LEASE, attempts=F("attempts") + 1):
        return None
    run = ImportRun.objects.select_related("connection", "started_by").get(pk=run_pk)
    if run.lease_id != lease:
        return None
    if run.status in {Status.QUEUED, Status.WAITING}:
        run.status, run.message = Status.RUNNING, ""
        run.started_at = run.started_at or now
        # Told at once, so that the page shows it while the first page is fetched.
        ImportRun.objects.filter(pk=run_pk, lease_id=lease).update(
            status=run.status, message="", started_at=run.started_at
        )
    return run


def step(run_pk: int, client: QuickBooksClient | None = None) -> bool:
    """Do one page of a run. True if there is more to do right now."""
    run = claim(run_pk)
    if run is None:
        return False
    lease = run.lease_id
    try:
        if run.cancel_requested and run.status != Status.UNDOING:
            return _end(run, lease, Status.CANCELLED, "")
        if run.attempts > ATTEMPTS:
            return _end(run, lease, Status.STOPPED, run.message or "It stopped several times at this place.")
        return _advance(run, lease, client or client_for(run.connection))
    except LostLease:
        return False
    except NeedsReconnect as error:
        return _end(run, lease, Status.STOPPED, str(error))
    except (Transient, IntegrityError, OperationalError) as error:
        # An IntegrityError: somebody added a contact in the same moment; the next try sees it. An OperationalError:
        # the database was restarted, or two writers waited for each other.
        return _wait(run, lease, error)
    except IntegrationError as error:
        return _end(run, lease, Status.FAILED, error.in_full)
    except Exception as error:
        logger.exception("Import %s failed at %s", run.pk, run.phase)
        why = f"Something went wrong on our side ({type(error).__name__}). Nothing of this page was kept."
        return _end(run, lease, Status.FAILED, why)


@seldom_collecting()
def _advance(run: ImportRun, lease: str, client: QuickBooksClient) -> bool:
    if run.status == Status.UNDOING:
        with transaction.atomic():
            _hold(run, lease)
            take_the_pen(run.connection)
            if undo.step(run):
                run.status, run.ended_at = Status.UNDONE, timezone.now()
            return _save(run)
    client.start_step()
    phase = PHASES[run.phase]
    work = Work(run, client, run.connection)
    page = phase.fetch(work)
    with transaction.atomic():
        _hold(run, lease)
        take_the_pen(run.connection)
        if phase.write(work, page):
            run.phase, run.position, run.done, run.total = next_phase(run), {}, 0, None
            if not run.phase:
                run.status, run.ended_at = Status.DONE, timezone.now()
                _tidy(run)
        return _save(run)


def _tidy(run: ImportRun) -> None:
    """Of a preview only what would be left out is shown; the rest was a memory for its later pages."""
    if run.is_preview:
        run.items.exclude(outcome=ImportItem.Outcome.DROPPED).delete()


def _hold(run: ImportRun, lease: str) -> None:
    """Make sure, inside the transaction that writes, that the run is still ours; it is locked until the end."""
    held = ImportRun.objects.filter(pk=run.pk, lease_id=lease)
    if not held.update(lease_until=timezone.now() + LEASE):
        raise LostLease


def _save(run: ImportRun) -> bool:
    """Free the run for its next step. What people may press meanwhile is not written: cancelling, closing a notice."""
    run.lease_id, run.lease_until, run.attempts = "", timezone.now() + BETWEEN_STEPS, 0
    run.save(update_fields=[field.name for field in run._meta.fields if field.name not in {"id", *UNTOUCHED}])
    return run.is_active


UNTOUCHED = {"connection", "kind", "year", "is_preview", "started_by", "created_at", "cancel_requested", "dismissed_at"}


def _end(run: ImportRun, lease: str, status: str, message: str) -> bool:
    """End the run here; its cursor stays, so that it can be resumed."""
    ImportRun.objects.filter(pk=run.pk, lease_id=lease).update(
        status=status, message=message[:600], lease_id="", lease_until=None, ended_at=timezone.now()
    )
    return False


def _wait(run: ImportRun, lease: str, error: Exception) -> bool:
    """Try the same page again later, by ourselves, a little later each time."""
    words = str(error) if isinstance(error, IntegrationError) else DATABASE_SAID_NO
    if words == DATABASE_SAID_NO:
        logger.warning("Import %s is tried again: %s", run.pk, error)
    if run.attempts >= ATTEMPTS:
        return _end(run, lease, Status.STOPPED, words)
    seconds = getattr(error, "retry_after", None) or min(300, 5 * 2**run.attempts)
    busy = isinstance(error, IntegrityError)
    now = timezone.now()
    ImportRun.objects.filter(pk=run.pk, lease_id=lease).update(
        status=run.status if run.status == Status.UNDOING else Status.WAITING,
        message="" if busy else words[:600],
        not_before=now if busy else now + timedelta(seconds=seconds),
        lease_id="",
        lease_until=now + timedelta(seconds=seconds) + BETWEEN_STEPS,
    )
    return busy


def run_to_end(run: ImportRun, told: Callable[[ImportRun], None] = lambda run: None) -> ImportRun:
    """Do all steps in this process, as the commands do. A run that has to wait is left waiting."""
    client = client_for(run.connection)
    while step(run.pk, client):
        run.refresh_from_db()
        told(run)
    run.refresh_from_db()
    return run


def cancel(run: ImportRun) -> None:
    """Stop after the page that is being written; what was imported stays, and can be undone or resumed."""
    ImportRun.objects.filter(pk=run.pk).exclude(status=Status.UNDOING).update(cancel_requested=True)
    idle = ImportRun.objects.filter(Q(lease_id="") | Q(lease_until__lt=timezone.now()), pk=run.pk)
    idle.filter(status__in=[Status.QUEUED, Status.RUNNING, Status.WAITING]).update(
        status=Status.CANCELLED, lease_id="", lease_until=None, ended_at=timezone.now()
    )


def resume(run: ImportRun) -> None:
    """Go on where it stopped. Raises CannotDo."""
    run.refresh_from_db()
    if not run.connection.is_connected:
        raise CannotDo("QuickBooks is not connected. Reconnect it first in Settings > Integrations.")
    now = timezone.now()
    lost = Q(status__in=[Status.RUNNING, Status.WAITING, Status.QUEUED, Status.UNDOING], lease_until__lt=now)
    status = Status.UNDOING if run.phase.startswith("undo") else Status.QUEUED
    try:
        with transaction.atomic():
            ours = ImportRun.objects.filter(Q(status__in=ImportRun.RESUMABLE) | lost, pk=run.pk).update(
                status=status,
                message="",
                cancel_requested=False,
                attempts=0,
                not_before=None,
                ended_at=None,
                lease_id="",
                lease_until=now + BETWEEN_STEPS,
            )
    except IntegrityError as error:
        raise CannotDo("Another import is running. Wait until it has ended, or cancel it.") from error
    if not ours:
        raise CannotDo("This import is running already, or has ended.")


def start_undo(run: ImportRun) -> None:
    """Begin to undo what a run did. Raises CannotDo."""
    if run.is_preview or run.status not in {Status.DONE, *ImportRun.RESUMABLE}:
        raise CannotDo("Only an import that has ended can be undone.")
    try:
        with transaction.atomic():
            ours = ImportRun.objects.filter(pk=run.pk, status=run.status).update(
                status=Status.UNDOING,
                phase=undo.FIRST,
                position={},
                done=0,
                total=undo.items_of(run).count(),
                kept=[],
                message="",
                attempts=0,
                not_before=None,
                cancel_requested=False,
                lease_id="",
                lease_until=timezone.now() + BETWEEN_STEPS,
            )
    except IntegrityError as error:
        raise CannotDo("Another import is running. Wait until it has ended, or cancel it.") from error
    if not ours:
        raise CannotDo("This import has just changed. Look at it again.")


def for_menu() -> ImportRun | None:
    """The import that runs, else the last one that ended well and whose confirmation was not closed yet."""
    real = ImportRun.objects.filter(is_preview=False)
    active = real.filter(status__in=ImportRun.ACTIVE).first()
    if active is not None:
        return active
    latest = real.first()
    if latest is None or latest.dismissed_at is not None or latest.status != Status.DONE:
        return None
    return latest


def dismiss(run_pk: int) -> None:
    """Close the confirmation of this import, and of all before it."""
    ImportRun.objects.filter(pk__lte=run_pk, dismissed_at=None).update(dismissed_at=timezone.now())
