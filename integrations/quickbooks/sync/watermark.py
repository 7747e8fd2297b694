"""Up to when the books are known, by QuickBooks' own clock."""

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q
from django_q.tasks import async_task

from integrations.models import QuickBooksConnection, SyncState
from integrations.quickbooks.client import QuickBooksClient

# Each look begins a little before the end of the last: QuickBooks stamps a change before everybody can see it.
OVERLAP = timedelta(seconds=120)


def move_watermark(connection: QuickBooksConnection, moment: datetime | None, **also: Any) -> None:
    """Forward only: of two looks at once the later one counts."""
    rows = SyncState.objects.filter(connection=connection)
    if also:
        rows.update(**also)
    if moment is not None:
        rows.filter(Q(watermark=None) | Q(watermark__lt=moment)).update(watermark=moment)


def server_time(client: QuickBooksClient) -> datetime | None:
    """QuickBooks' clock in the last answer; None where it did not say, and the watermark stays."""
    try:
        moment = datetime.fromisoformat(client.server_time)
    except ValueError:
        return None
    return moment if moment.tzinfo else None


def follow(connection: QuickBooksConnection, *, since: datetime | None) -> None:
    """From now on changes are looked for, at once; those after ``since`` where none were looked for before.

    What stood in the books before is left to the imports, which a person may want to preview. A company that is
    connected again goes on where it was: the gap is caught up.
    """
    state = SyncState.of(connection)
    SyncState.objects.filter(pk=state.pk).update(next_pass_at=None, last_error="")
    if state.watermark is None and since is not None:
        move_watermark(connection, since.replace(microsecond=0) + OVERLAP)  # the first look takes it off again
    transaction.on_commit(
        lambda: async_task("integrations.tasks.poll_quickbooks", q_options={"save": False}), robust=True
    )
