"""What runs by itself, as settings.SCHEDULES lists it, and the nightly clearing of the queue's own records."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django_q.models import Failure, Schedule, Success

# Our rows, apart from schedules that an operator adds in the admin.
PREFIX = "tallybook:"
DAY = 24 * 60
KEEP_SUCCESSES = timedelta(days=7)
KEEP_FAILURES = timedelta(days=30)


@transaction.atomic
def ensure_schedules() -> None:
    """Make the rows equal to settings.SCHEDULES: called by `work` and after every migrate."""
    wanted = {PREFIX + name: entry for name, entry in settings.SCHEDULES.items()}
    rows: dict[str, Schedule] = {}
    for row in Schedule.objects.filter(name__startswith=PREFIX).order_by("id"):
        # Two machines that start at the same moment may both have made one.
        if row.name in rows or row.name not in wanted:
            row.delete()
        else:
            rows[row.name] = row
    for name, (function, minutes) in wanted.items():
        _ensure(rows.get(name), name, function, minutes)


def _ensure(row: Schedule | None, name: str, function: str, minutes: int) -> None:
    # Successes of what runs all the time are not worth a row each.
    options = {"q_options": {"save": False}} if minutes < DAY else {}
    fields = {
        "func": function,
        "schedule_type": Schedule.MINUTES,
        "minutes": minutes,
        "kwargs": repr(options) if options else None,
        "repeats": -1,
    }
    if row is None:
        Schedule.objects.create(name=name, next_run=_first_run(minutes, timezone.now()), **fields)
    elif any(getattr(row, field) != value for field, value in fields.items()):
        Schedule.objects.filter(pk=row.pk).update(**fields)


def _first_run(minutes: int, now: datetime) -> datetime:
    """At once; what runs daily waits for three at night (UTC)."""
    if minutes < DAY:
        return now
    night = now.replace(hour=3, minute=0, second=0, microsecond=0)
    return night if night > now else night + timedelta(days=1)


def prune() -> None:
    """Task, nightly: forget what the queue did; successes after a week, failures after a month."""
    now = timezone.now()
    Success.objects.filter(stopped__lt=now - KEEP_SUCCESSES).delete()
    Failure.objects.filter(stopped__lt=now - KEEP_FAILURES).delete()
