"""How long what was told, and what came of it, is kept."""

from datetime import timedelta

from django.utils import timezone

from integrations.models import InboxEvent, SyncLogEntry, SyncState

# Intuit repeats a webhook for days: its event is remembered longer than that, whatever the log is set to.
LEAST = timedelta(days=14)


def prune() -> None:
    """Forget old lines of the log, and events that ended long ago; what waits or failed stays."""
    now = timezone.now()
    for connection_id, realm_id, days in SyncState.objects.values_list(
        "connection_id", "connection__realm_id", "keep_log_days"
    ):
        keep = timedelta(days=days)
        SyncLogEntry.objects.filter(connection_id=connection_id, at__lt=now - keep).delete()
        ended = InboxEvent.objects.filter(received_at__lt=now - max(keep, LEAST))
        ended.filter(realm_id=realm_id, status__in=[InboxEvent.Status.DONE, InboxEvent.Status.IGNORED]).delete()
