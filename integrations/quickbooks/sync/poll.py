"""Looking for changes without having been told: change data capture, every few minutes, into the inbox.

The watermark is QuickBooks' own time of the last clean look; the next one begins a little before it. What is found
stands in the inbox before the watermark moves, both in one transaction.
Reference: https://developer.intuit.com/app/developer/qbo/docs/learn/explore-the-quickbooks-online-api/change-data-capture
"""

import logging
from datetime import timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from integrations import inbox
from integrations.errors import IntegrationError
from integrations.models import QuickBooksConnection, SyncState
from integrations.quickbooks.client import QuickBooksClient, client_for
from integrations.quickbooks.sync import catch_up
from integrations.quickbooks.sync.hints import FOLLOWED, event_of
from integrations.quickbooks.sync.watermark import OVERLAP, move_watermark, server_time

logger = logging.getLogger(__name__)

ENTITIES = ("Customer", "Invoice", "Payment", "CreditMemo", "SalesReceipt")
# QuickBooks looks back 30 days, and gives 1,000 records at most, without saying that there are more.
FURTHEST = timedelta(days=29)
MOST = 1000
# A company connected before anything followed it: from a little before it was connected.
BEFORE_CONNECTING = timedelta(hours=1)


def poll_if_due(connection: QuickBooksConnection) -> bool:
    """Look for changes if it is time; one of many workers does. Troubles are kept in words for the card."""
    state, now = SyncState.of(connection), timezone.now()
    due = SyncState.objects.filter(Q(next_pass_at=None) | Q(next_pass_at__lte=now), pk=state.pk)
    if not due.update(next_pass_at=now + timedelta(minutes=state.poll_minutes)):
        return False
    poll(connection)
    return True


def poll(connection: QuickBooksConnection, client: QuickBooksClient | None = None) -> str:
    """One look now; "" when it was clean, else why not. What was found before a trouble is kept."""
    trouble, began = "", timezone.now()
    try:
        _look(connection, client or client_for(connection))
    except IntegrationError as error:
        logger.warning("Looking for changes: %s", error.in_full)
        trouble = str(error)
    now = timezone.now()
    good = {} if trouble else {"last_good_pass_at": now}
    SyncState.objects.filter(connection=connection).update(last_pass_at=max(now, began), last_error=trouble, **good)
    return trouble


def _look(connection: QuickBooksConnection, client: QuickBooksClient) -> None:
    state = SyncState.of(connection)
    if state.catch_up:
        catch_up.go_on(connection, client)
        return
    since = (state.watermark or connection.connected_at - BEFORE_CONNECTING) - OVERLAP
    if timezone.now() - since > FURTHEST:
        catch_up.begin(connection, client, since)
        return
    changed = client.changes(ENTITIES, since)
    if sum(map(len, changed.values())) >= MOST:
        catch_up.begin(connection, client, since)
        return
    events = [
        event_of(connection, entity, doc) for entity in FOLLOWED for doc in changed.get(entity, []) if doc.get("Id")
    ]
    with transaction.atomic():
        inbox.accept(events)
        move_watermark(connection, server_time(client))
