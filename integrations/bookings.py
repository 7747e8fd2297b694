"""What waits to be booked in QuickBooks, and what a person has to look at."""

from dataclasses import dataclass

from django.db.models import Count, Q

from integrations.models import OutboxEntry, QuickBooksConnection

SHOWN = 20
Status = OutboxEntry.Status


@dataclass(frozen=True)
class Bookings:
    waiting: int
    number_failed: int
    failed: list[OutboxEntry]

    @property
    def not_shown(self) -> int:
        return self.number_failed - len(self.failed)


def of(connection: QuickBooksConnection | None) -> Bookings | None:
    """None where nothing waits and nothing failed. Two queries."""
    if connection is None:
        return None
    entries = OutboxEntry.objects.filter(connection=connection)
    counts = entries.aggregate(
        waiting=Count("pk", filter=Q(status=Status.PENDING)), failed=Count("pk", filter=Q(status=Status.STUCK))
    )
    if not any(counts.values()):
        return None
    failed = entries.filter(status=Status.STUCK).select_related("payment__contact").order_by("-id")[:SHOWN]
    return Bookings(counts["waiting"], counts["failed"], list(failed))
