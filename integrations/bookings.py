"""What waits to be booked in QuickBooks, and what a person has to look at."""

from dataclasses import dataclass

from django.db.models import Count, Q

from integrations.models import OutboxEntry, QuickBooksConnection

SHOWN = 20
Status = OutboxEntry.Status


@dataclass(frozen=True)
class Bookings:
    waiting: int
    payments_failed: int
    marks_failed: int
    failed: list[OutboxEntry]

    @property
    def number_failed(self) -> int:
        return self.payments_failed + self.marks_failed

    @property
    def not_shown(self) -> int:
        return self.number_failed - len(self.failed)


def of(connection: QuickBooksConnection | None) -> Bookings | None:
    """None where nothing waits and nothing failed. Two queries."""
    if connection is None:
        return None
    entries = OutboxEntry.objects.filter(connection=connection)
    failed = Q(status=Status.STUCK)
    counts = entries.aggregate(
        waiting=Count("pk", filter=Q(status=Status.PENDING, invoice=None)),
        payments_failed=Count("pk", filter=failed & Q(invoice=None)),
        marks_failed=Count("pk", filter=failed & Q(payment=None)),
    )
    if not any(counts.values()):
        return None
    shown = entries.filter(failed).select_related("payment__contact", "invoice__contact").order_by("-id")[:SHOWN]
    return Bookings(**counts, failed=list(shown))
