"""A long look back, where change data capture cannot tell all: after more than 29 days, or of more than 1,000 changes.

Page by page everything that changed since is put into the inbox, and everything held here is asked for by id, so that
deletions are found as well. The cursor is a row's: a look that is cut off goes on where it was.
"""

import time
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from integrations import inbox
from integrations.models import InboxEvent, QuickBooksConnection, QuickBooksLink, SyncState
from integrations.quickbooks.client import QuickBooksClient, quote
from integrations.quickbooks.sync.hints import FOLLOWED, event_of
from integrations.quickbooks.sync.watermark import move_watermark, server_time

PAGE = 1000
# What may have gone meanwhile: also who was left out for a clash.
HELD = (QuickBooksLink.State.LINKED, QuickBooksLink.State.CONFLICT)
Cursor = dict[str, Any]
SECONDS = 40.0  # then the rest is left to the next look


def begin(connection: QuickBooksConnection, client: QuickBooksClient, since: datetime) -> None:
    """Note what is to be walked, and go on with it. The new watermark is QuickBooks' time before the first page."""
    client.count("Customer")  # for QuickBooks' own clock
    until = server_time(client)
    todo = [[step, entity, ""] for entity in FOLLOWED for step in ("changed", "held")]
    look = timezone.now().isoformat()
    cursor = {"since": since.isoformat(), "until": until.isoformat() if until else "", "todo": todo, "look": look}
    SyncState.objects.filter(connection=connection).update(catch_up=cursor)
    go_on(connection, client)


def go_on(connection: QuickBooksConnection, client: QuickBooksClient) -> None:
    """A page at a time; every page's events and the cursor after it land together."""
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        cursor = SyncState.objects.values_list("catch_up", flat=True).get(connection=connection)
        if not cursor:
            return
        if not cursor["todo"]:
            until = datetime.fromisoformat(cursor["until"]) if cursor["until"] else None
            move_watermark(connection, until, catch_up={})
            return
        _page(connection, client, cursor)
    # Soon again, not only after the usual pause.
    SyncState.objects.filter(connection=connection).update(next_pass_at=None)


def _page(connection: QuickBooksConnection, client: QuickBooksClient, cursor: Cursor) -> None:
    step, entity, position = cursor["todo"][0]
    look = _changed if step == "changed" else _held
    events, position = look(connection, client, entity, position, cursor)
    rest = cursor["todo"][1:]
    todo = [[step, entity, position], *rest] if position else rest
    with transaction.atomic():
        inbox.accept(events)
        SyncState.objects.filter(connection=connection).update(catch_up={**cursor, "todo": todo})


def _changed(
    connection: QuickBooksConnection, client: QuickBooksClient, entity: str, position: str, cursor: Cursor
) -> tuple[list[InboxEvent], str]:
    """What changes while we walk joins the rows and moves others on, so that none is skipped; twice met is one."""
    first = int(position or 1)
    where = f"MetaData.LastUpdatedTime >= {quote(cursor['since'])}"
    if entity == "Customer":
        where = f"{where} AND Active IN (true, false)"
    docs = client.page(entity, where=where, start=first, size=PAGE)
    events = [event_of(connection, entity, doc) for doc in docs if doc.get("Id")]
    # A row that was deleted meanwhile moved the others up by one: the pages overlap a little.
    overlap = min(50, len(docs) // 2)
    return events, str(first + len(docs) - overlap) if len(docs) == PAGE else ""


def _held(
    connection: QuickBooksConnection, client: QuickBooksClient, entity: str, position: str, cursor: Cursor
) -> tuple[list[InboxEvent], str]:
    """What is held here and not there any more was deleted."""
    links = QuickBooksLink.objects.filter(
        connection=connection, entity=entity.lower(), state__in=HELD, pk__gt=int(position or 0)
    )
    page = dict(links.order_by("pk").values_list("external_id", "pk")[:PAGE])
    if not page:
        return [], ""
    where = "Active IN (true, false)" if entity == "Customer" else ""
    there = {str(doc.get("Id")) for doc in client.by_ids(entity, page, where=where)}
    gone = [{"Id": external_id, "status": "Deleted"} for external_id in page if external_id not in there]
    last = max(page.values())
    events = [event_of(connection, entity, doc, cursor.get("look", "")) for doc in gone]
    return events, str(last) if len(page) == PAGE else ""
