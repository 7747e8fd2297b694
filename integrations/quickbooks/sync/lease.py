"""One worker at a time takes a company's inbox over, and one writer at a time holds the pen.

The lease is taken by compare-and-set and ends by itself, so a killed holder blocks nobody for long. Whoever writes
records of the books locks the row first and, under the lease, checks that it is still its own: a worker that comes
back late writes nothing.
"""

import secrets
from datetime import timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from integrations.models import QuickBooksConnection, SyncState

# Longer than one round: the fetching is cut off after STEP_SECONDS (batch.py), the writing takes a few.
LEASE = timedelta(seconds=60)


class LostLease(Exception):
    """Another worker took over while this one was busy; nothing of this round is kept."""


def take(connection: QuickBooksConnection) -> str:
    """The name of the lease if it is ours now, else ""."""
    state, name, now = SyncState.of(connection), secrets.token_hex(16), timezone.now()
    free = SyncState.objects.filter(Q(lease_until=None) | Q(lease_until__lt=now), pk=state.pk)
    with transaction.atomic(durable=True):
        return name if free.update(lease_id=name, lease_until=now + LEASE) == 1 else ""


def renew(connection: QuickBooksConnection, lease: str) -> None:
    """Hold it for a whole round again; inside a transaction this is the pen as well. Raises LostLease."""
    held = SyncState.objects.filter(connection=connection, lease_id=lease)
    if held.update(lease_until=timezone.now() + LEASE) != 1:
        raise LostLease


def give_back(connection: QuickBooksConnection, lease: str) -> None:
    SyncState.objects.filter(connection=connection, lease_id=lease).update(lease_id="", lease_until=None)


def take_the_pen(connection: QuickBooksConnection) -> None:
    """Lock the row until the end of the transaction: who imports and who follows never write at the same time."""
    SyncState.of(connection)
    SyncState.objects.select_for_update().get(connection=connection)
