"""How long what was told, and what came of it, is kept."""

from datetime import timedelta

from django.utils import timezone

from integrations.models import InboxEvent, QuickBooksConnection, SyncLogEntry, SyncState

# Intuit repeats a webhook for days: its event is remembered longer than that, whatever the log is set to.
LEAST = timedelta(days=14)
ENDED = (InboxEvent.Status.DONE, InboxEvent.Status.IGNORED)


def prune() -> None:
    """Forget old lines of the log, and events that ended long ago, of whatever company; what waits or failed stays."""
    now = timezone.now()
    for connection_id, realm_id, days in SyncState.objects.values_list(
        "connection_id", "connection__realm_id", "keep_log_days"
    ):
        keep = timedelta(days=days)
        SyncLogEntry.objects.filter(connection_id=connection_id, at__lt=now - keep).delete()
        ended = InboxEvent.objects.filter(received_at__lt=now - max(keep, LEAST))
        ended.filter(realm_id=realm_id, status__in=ENDED).delete()
    ours = QuickBooksConnection.objects.values("realm_id")
    strangers = InboxEvent.objects.exclude(realm_id__in=ours)
    strangers.filter(received_at__lt=now - LEAST, status__in=ENDED).delete()
