"""Intuit's limits for one company (500 requests a minute, 10 a second), kept across all processes.

A leaky bucket in a database row, moved by compare-and-set: a process reserves the next free moment and sleeps until
then, with no transaction open and no lock held.
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
# Times further ahead than anything here can put them: the clock was wrong once; the row starts anew.
NONSENSE_SECONDS = 600.0


def wait_for_turn(realm_id: str, *, patience: float = 60.0) -> None:
    """Sleep until the next request to this company may go out. Raises Transient if that is over ``patience`` seconds.

    Raises RuntimeError inside an open transaction: it would be held while sleeping.
    """
    moment = reserve(realm_id, patience)
    while (wait := moment - time.time()) > 0:
        time.sleep(min(wait, patience))


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
            raise Transient(
                "Many requests to QuickBooks are waiting already. It goes on by itself.",
                code="busy",
                retry_after=moment - now,
            )
        if _swap(row, second_at=second_at, minute_at=minute_at):
            return moment
        time.sleep(random.uniform(0, 0.005))  # noqa: S311 - only spreads the contenders


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
