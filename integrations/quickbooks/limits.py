"""Intuit's limits for one company (500 requests a minute, 10 a second), kept across all processes.

A leaky bucket in a database row, moved by compare-and-set, with no transaction open and no lock held while sleeping.
What a person waits for reserves the next free moment and sleeps until then. Background work reserves nothing: it takes
a moment that is free now, or sleeps and looks again, so that whoever reserves goes first, however much waits.
Reference: https://developer.intuit.com/app/developer/qbo/docs/learn/rest-api-features#limits-and-throttles
"""

import random
import time

from django.conf import settings
from django.db import transaction

from integrations.errors import Transient
from integrations.models import ApiAllowance

# A request leaves a little after its moment, so moments lie a little further apart than the limit asks.
MARGIN = 1.1
# Background work looks again this many seconds late at the most, each at a time of its own.
SPREAD = 0.02
# Times further ahead than anything here can put them: the clock was wrong once; the row starts anew.
NONSENSE_SECONDS = 600.0


def wait_for_turn(realm_id: str, *, patience: float = 60.0, interactive: bool = False) -> None:
    """Sleep until the next request to this company may go out. Raises Transient if that is over ``patience`` seconds.

    ``interactive``: a person waits for the answer, and goes before all that waits in the background.
    Raises RuntimeError inside an open transaction: it would be held while sleeping.
    """
    if not interactive:
        return _wait_in_background(realm_id, patience)
    moment = reserve(realm_id, patience)
    while (wait := moment - time.time()) > 0:
        time.sleep(min(wait, patience))
    return None


def _wait_in_background(realm_id: str, patience: float) -> None:
    """Take a moment that is free now, else look again later: what is reserved meanwhile goes first."""
    give_up = time.monotonic() + patience
    while wait := _take(realm_id):
        left = give_up - time.monotonic()
        if wait > left:
            raise _busy(wait)
        _refuse_open_transaction()
        time.sleep(min(wait + random.uniform(0, SPREAD), max(left, 0)))  # noqa: S311 - only spreads the contenders


def hold_back(realm_id: str, seconds: float) -> None:
    """Let no process send to this company for a while: it said so."""
    while True:
        row = _row(realm_id)
        until = max(row.second_at, time.time() + seconds)
        if _swap(row, second_at=until, minute_at=row.minute_at):
            return


def reserve(realm_id: str, patience: float) -> float:
    """The moment (seconds since 1970) at which the caller's next request may go out; Transient if too far ahead."""
    while True:
        row, now = _row(realm_id), time.time()
        moment, second_at, minute_at = _next_moment(row, now)
        if moment - now > patience:
            raise _busy(moment - now)
        if _swap(row, second_at=second_at, minute_at=minute_at):
            return moment
        time.sleep(random.uniform(0, 0.005))  # noqa: S311 - only spreads the contenders


def _take(realm_id: str) -> float:
    """0.0 when the present moment was free and is the caller's now, else the seconds until one may be free."""
    while True:
        row, now = _row(realm_id), time.time()
        moment, second_at, minute_at = _next_moment(row, now)
        if moment > now:
            return moment - now
        if _swap(row, second_at=second_at, minute_at=minute_at):
            return 0.0
        time.sleep(random.uniform(0, 0.005))  # noqa: S311 - only spreads the contenders


def _busy(wait: float) -> Transient:
    sentence = "Many requests to QuickBooks are waiting already. It goes on by itself."
    return Transient(sentence, code="busy", retry_after=wait)


def _refuse_open_transaction() -> None:
    with transaction.atomic(durable=True):
        pass


def _next_moment(row: ApiAllowance, now: float) -> tuple[float, float, float]:
    """When the next request may go, and the row's two times after it.

    A minute's limit is a burst of one second's worth and the rest spread evenly, so that no 60 seconds, wherever
    they begin, hold more than the limit.
    """
    per_second, per_minute = settings.QUICKBOOKS_REQUESTS_PER_SECOND, settings.QUICKBOOKS_REQUESTS_PER_MINUTE
    burst = min(per_second, per_minute // 2)
    pause = 60.0 / (per_minute - burst)
    second_at, minute_at = (0.0 if at > now + NONSENSE_SECONDS else at for at in (row.second_at, row.minute_at))
    moment = max(now, second_at, minute_at - max(burst - 1, 0) * pause)
    return moment, moment + MARGIN / per_second, max(moment, minute_at) + pause


def _row(realm_id: str) -> ApiAllowance:
    row = ApiAllowance.objects.filter(pk=realm_id).first()
    return row or ApiAllowance.objects.get_or_create(pk=realm_id)[0]


def _swap(row: ApiAllowance, *, second_at: float, minute_at: float) -> bool:
    with transaction.atomic(durable=True):
        changed = ApiAllowance.objects.filter(pk=row.pk, version=row.version).update(
            second_at=second_at, minute_at=minute_at, version=row.version + 1
        )
    return changed == 1
