"""Access to a company: refreshed ahead of time, by exactly one process, and stored before it is used.

The right to refresh is a lease in the connection's row, taken by compare-and-set and ended by its own expiry, so
a killed holder blocks nobody for long. No transaction is open while Intuit is asked. ``access_expires_at``, which
every store changes, is the version a new pair is stored against.
"""

import logging
import secrets
import time
from datetime import datetime, timedelta
from typing import Protocol

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables
from django_q.tasks import async_task

from crm import audit
from integrations.errors import IntegrationError, NeedsReconnect, Transient
from integrations.fields import CannotDecrypt
from integrations.models import QuickBooksConnection
from integrations.quickbooks import oauth
from integrations.quickbooks.oauth import TokenPair

AHEAD = timedelta(minutes=5)
# With less than this left, a token may end while the request is under way.
LEAST = timedelta(seconds=30)
LEASE = timedelta(seconds=45)
POLL_SECONDS = 0.1
PATIENCE_SECONDS = 60.0
# Intuit refuses a refresh that follows at once upon another.
PAUSE_SECONDS = 1.0
# Intuit tells the hard end in seconds from its answer on: as near as this it is the one we know.
SAME_END = timedelta(hours=1)

logger = logging.getLogger(__name__)


class Access(Protocol):
    """What a client needs to sign its requests."""

    def token(self) -> str: ...

    def another(self, refused: str) -> str:
        """A token instead of one that was refused."""

    def refused(self, token: str, reason: str) -> None:
        """Not even a fresh token, or none at all, opens this company."""


class StoredAccess:
    """The tokens in a connection's row."""

    def __init__(self, connection_id: int) -> None:
        self.connection_id = connection_id

    def token(self) -> str:
        return access_token_for(self.connection_id)

    def another(self, refused: str) -> str:
        return access_token_for(self.connection_id, refused=refused)

    def refused(self, token: str, reason: str) -> None:
        row = _row(self.connection_id)
        if row.access_token == token:  # else somebody has reconnected meanwhile
            mark_needs_reconnect(self.connection_id, reason, version=row.access_expires_at)


class FreshAccess:
    """Tokens just handed out, not stored yet."""

    def __init__(self, pair: TokenPair) -> None:
        self.pair = pair

    def token(self) -> str:
        return self.pair.access_token

    def another(self, refused: str) -> str:
        raise NeedsReconnect

    def refused(self, token: str, reason: str) -> None:
        pass


@sensitive_variables()
def access_token_for(connection_id: int, *, refused: str = "") -> str:
    """A token that lasts; ``refused`` is one QuickBooks would not take, whatever the clock says of it.

    Raises NeedsReconnect when a person must sign in again, Transient when Intuit cannot be asked and the token at
    hand has run out, Rejected when the installation itself is not accepted.
    """
    give_up = time.monotonic() + PATIENCE_SECONDS
    while True:
        row, now = _row(connection_id), timezone.now()
        if _lasts(row, now + AHEAD, refused):
            return row.access_token
        lease = _take_lease(connection_id, now)
        if lease:
            return _refresh(connection_id, lease, refused, AHEAD)
        if _lasts(row, now + LEAST, refused):
            return row.access_token
        if time.monotonic() > give_up:
            raise Transient("Another process is renewing the QuickBooks sign-in.", code="lease", retry_after=30)
        time.sleep(POLL_SECONDS)


def refresh_due_tokens(within: timedelta = timedelta(minutes=10)) -> int:
    """Refresh what ends soon, so that no request has to wait for it; the number refreshed. For the sweep."""
    refreshed = 0
    due = QuickBooksConnection.objects.filter(
        Q(access_expires_at=None) | Q(access_expires_at__lt=timezone.now() + within),
        status=QuickBooksConnection.Status.CONNECTED,
    )
    for connection_id in due.values_list("pk", flat=True):
        try:
            lease = _take_lease(connection_id, timezone.now())
            if lease:
                before = _row(connection_id).access_token  # read under the lease: what differs later is our doing
                refreshed += _refresh(connection_id, lease, "", within) != before
        except IntegrationError as error:
            logger.warning("QuickBooks sign-in not renewed: %s", error)
    return refreshed


@transaction.atomic
def mark_needs_reconnect(connection_id: int, reason: str, *, version: datetime | None) -> bool:
    """Remember that a person must sign in again, and have it told; False when somebody has done so meanwhile."""
    rows = QuickBooksConnection.objects.filter(
        pk=connection_id, status=QuickBooksConnection.Status.CONNECTED, access_expires_at=version
    )
    changed = rows.update(
        status=QuickBooksConnection.Status.NEEDS_RECONNECT, status_reason=reason[:500], lease_id="", lease_until=None
    )
    if changed == 1:
        verb = "quickbooks.needs_reconnect"
        audit.record("connection", connection_id, verb=verb, actor=None, origin="quickbooks", text=reason)
        # Robust: the schedule tells it too, and whoever met the failure has to hear of that and of nothing else.
        transaction.on_commit(lambda: async_task("integrations.tasks.warn_about_connections"), robust=True)
    return changed == 1


@sensitive_variables()
def _refresh(connection_id: int, lease: str, refused: str, ahead: timedelta) -> str:
    """Refresh under the lease, unless its last holder has just done so.

    On a passing trouble with a token that still lasts, the lease is kept until it ends: nobody repeats it at once.
    """
    row = _row(connection_id)
    if _lasts(row, timezone.now() + ahead, refused):
        _release(connection_id, lease)
        return row.access_token
    try:
        pair = _ask_twice(row)
    except NeedsReconnect as error:
        return _after_refusal(row, lease, error)
    except Transient:
        if _lasts(row, timezone.now() + LEAST, refused):
            return row.access_token
        _release(row.pk, lease)
        raise
    except BaseException:
        _release(row.pk, lease)
        raise
    if _store(row, pair):
        return pair.access_token
    return _overtaken(row, pair)


@sensitive_variables()
def _ask_twice(row: QuickBooksConnection) -> TokenPair:
    """An answer can be lost on its way: Intuit then still takes the old refresh token for about a day."""
    try:
        return oauth.refresh(row.refresh_token)
    except Transient:
        time.sleep(PAUSE_SECONDS)
        return oauth.refresh(row.refresh_token)


@sensitive_variables()
def _after_refusal(row: QuickBooksConnection, lease: str, error: NeedsReconnect) -> str:
    """The refresh token was not accepted: another process may have rotated it, else a person must sign in."""
    now_stored = _row(row.pk)
    if now_stored.refresh_token != row.refresh_token:
        _release(row.pk, lease)
        return access_token_for(row.pk, refused=row.access_token)
    reason = "Intuit no longer accepts the sign-in: it ran out, or Tallybook was disconnected inside QuickBooks."
    mark_needs_reconnect(row.pk, reason, version=row.access_expires_at)
    raise NeedsReconnect(
        f"{reason} Reconnect it in Settings > Integrations.",
        code=error.code,
        detail=error.detail,
        intuit_tid=error.intuit_tid,
        status=error.status,
    ) from None


@sensitive_variables()
def _store(row: QuickBooksConnection, pair: TokenPair) -> bool:
    """Keep the new pair and end the lease, unless the row was stored again since it was read."""
    kept = QuickBooksConnection.objects.filter(
        pk=row.pk, access_expires_at=row.access_expires_at, status=QuickBooksConnection.Status.CONNECTED
    )
    return 1 == kept.update(
        access_token=pair.access_token,
        refresh_token=pair.refresh_token,
        access_expires_at=pair.access_expires_at,
        refresh_expires_at=pair.refresh_expires_at,
        hard_expires_at=_hard_end(row.hard_expires_at, pair.hard_expires_at),
        lease_id="",
        lease_until=None,
    )


def _hard_end(known: datetime | None, told: datetime | None) -> datetime | None:
    """The end we know, unless Intuit now tells another."""
    if told is None or (known is not None and abs(told - known) < SAME_END):
        return known
    return told


@sensitive_variables()
def _overtaken(row: QuickBooksConnection, pair: TokenPair) -> str:
    """Somebody stored another pair, or disconnected, while Intuit was asked."""
    if QuickBooksConnection.objects.filter(pk=row.pk, status=QuickBooksConnection.Status.DISCONNECTED).exists():
        oauth.revoke(pair.refresh_token)
    return access_token_for(row.pk, refused=row.access_token)


def _take_lease(connection_id: int, now: datetime) -> str:
    """The name of the lease if it is ours now, else ""."""
    name = secrets.token_hex(16)
    free = QuickBooksConnection.objects.filter(
        Q(lease_until=None) | Q(lease_until__lt=now), pk=connection_id, status=QuickBooksConnection.Status.CONNECTED
    )
    with transaction.atomic(durable=True):  # an open transaction would span the network
        return name if free.update(lease_id=name, lease_until=now + LEASE) == 1 else ""


def _release(connection_id: int, lease: str) -> None:
    QuickBooksConnection.objects.filter(pk=connection_id, lease_id=lease).update(lease_id="", lease_until=None)


def _lasts(row: QuickBooksConnection, until: datetime, refused: str) -> bool:
    return bool(
        row.access_token
        and row.access_token != refused
        and row.access_expires_at is not None
        and row.access_expires_at > until
    )


def _row(connection_id: int) -> QuickBooksConnection:
    """The row as it is now. Raises NeedsReconnect when it has no tokens, or none that can be read."""
    try:
        row = QuickBooksConnection.objects.get(pk=connection_id)
        has_tokens = bool(row.access_token and row.refresh_token)
    except QuickBooksConnection.DoesNotExist:
        raise NeedsReconnect("QuickBooks is not connected. Connect it in Settings > Integrations.") from None
    except CannotDecrypt:
        raise NeedsReconnect(
            "The stored QuickBooks sign-in cannot be read with this installation's keys. Put the former key back "
            "into FIELD_ENCRYPTION_KEYS, or reconnect QuickBooks in Settings > Integrations.",
            code="keys",
        ) from None
    if row.status == QuickBooksConnection.Status.DISCONNECTED or not has_tokens:
        raise NeedsReconnect("QuickBooks is disconnected. Connect it in Settings > Integrations.", code="disconnected")
    if row.status == QuickBooksConnection.Status.NEEDS_RECONNECT:
        raise NeedsReconnect(f"{row.status_reason} Reconnect it in Settings > Integrations.".strip(), code="reconnect")
    return row
