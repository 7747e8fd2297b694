"""Time as QuickBooks writes it: US Pacific offsets, whatever the company's own time zone.

The daylight saving rule is worked out here so that no time zone database has to be installed.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, timezone
from functools import lru_cache

WINTER, SUMMER = timezone(timedelta(hours=-8)), timezone(timedelta(hours=-7))
MOMENT = re.compile(r"\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?)?$")


def _nth_sunday(year: int, month: int, nth: int) -> date:
    first = date(year, month, 1)
    return first + timedelta(days=(6 - first.weekday()) % 7 + 7 * (nth - 1))


@lru_cache(maxsize=64)
def _summer_of(year: int) -> tuple[float, float]:
    """When Pacific summer time starts and ends: two in the morning, second Sunday of March, first of November."""
    starts, ends = _nth_sunday(year, 3, 2), _nth_sunday(year, 11, 1)
    return (
        datetime(year, 3, starts.day, 2, tzinfo=WINTER).timestamp(),
        datetime(year, 11, ends.day, 2, tzinfo=SUMMER).timestamp(),
    )


def pacific(epoch: float) -> datetime:
    """The wall clock in Mountain View at this moment."""
    starts, ends = _summer_of(datetime.fromtimestamp(epoch, UTC).year)
    return datetime.fromtimestamp(epoch, SUMMER if starts <= epoch < ends else WINTER)


@lru_cache(maxsize=4096)
def _stamp(second: int) -> str:
    return pacific(second).isoformat(timespec="seconds")


def stamp(epoch: float) -> str:
    """``2026-02-24T10:33:39-08:00``, the form inside documents."""
    return _stamp(int(epoch))


def stamp_ms(epoch: float) -> str:
    """The form of the ``time`` beside every answer, with milliseconds."""
    return pacific(epoch).isoformat(timespec="milliseconds")


@lru_cache(maxsize=65536)
def parse_moment(text: str) -> float:
    """Seconds since 1970 of a date or timestamp; one without an offset is read as Pacific.

    Raises ValueError, for example when an unescaped plus sign arrived as a blank.
    """
    if not MOMENT.match(text):
        raise ValueError(text)
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        winter = moment.replace(tzinfo=WINTER).timestamp()
        moment = moment.replace(tzinfo=pacific(winter).tzinfo)
    return moment.timestamp()
