"""The customers that a company had before it was connected come in by themselves, unless a person takes it in hand."""

from datetime import timedelta

from django.db import transaction
from django.utils import timezone
from django_q.tasks import async_task

from integrations.models import ImportRun, QuickBooksConnection, SyncState
from integrations.quickbooks.imports import runs

# Whoever has just connected may want to see a preview first.
AFTER = timedelta(minutes=2)


def start_if_wanted(connection: QuickBooksConnection) -> bool:
    """Start the first import of contacts; False where it is not wanted, not time, or somebody has begun already."""
    connection.refresh_from_db(fields=["contacts_imported_at", "connected_at", "status"])
    is_open = connection.contacts_imported_at is None and not ImportRun.objects.filter(connection=connection).exists()
    if not is_open or not SyncState.of(connection).contacts_by_themselves:
        return False
    if timezone.now() - connection.connected_at < AFTER:
        return False
    with transaction.atomic():
        try:
            run = runs.start(connection, ImportRun.Kind.CONTACTS)
        except runs.CannotDo:
            return False
        transaction.on_commit(lambda: async_task("integrations.tasks.advance", run.pk, cluster="long"))
    return True
