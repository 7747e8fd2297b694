"""What is to be booked with a vendor: a name and an id. The body is made when it is sent, from the row of that day."""

import uuid

from django.db import models
from django.db.models import Q
from django.utils import timezone

from integrations.models.connections import QuickBooksConnection
from integrations.models.sync import RetryRow


class OutboxEntryQuerySet(models.QuerySet["OutboxEntry"]):
    def due(self) -> "OutboxEntryQuerySet":
        waits = Q(not_before=None) | Q(not_before__lte=timezone.now())
        return self.filter(waits, status=OutboxEntry.Status.PENDING)

    def lowering(self) -> "OutboxEntryQuerySet":
        """Refunds that QuickBooks has yet to hear of; those too that wait for a person."""
        open_ones = (OutboxEntry.Status.PENDING, OutboxEntry.Status.STUCK)
        return self.filter(kind=OutboxEntry.Kind.LOWER_PAYMENT, status__in=open_ones)


class OutboxEntry(RetryRow):
    """One booking. ``key`` is made once and goes along with every try, so that a repeat cannot book twice.

    What is to be booked anew (a second refund of a payment) gets another key; a try under the old one ends nothing.
    """

    class Kind(models.TextChoices):
        CREATE_PAYMENT = "payment.create", "Payment to QuickBooks"
        LOWER_PAYMENT = "payment.lower", "Refund to QuickBooks"

    connection = models.ForeignKey(QuickBooksConnection, models.CASCADE, related_name="outbox")
    kind = models.CharField(max_length=30, choices=Kind)
    payment = models.ForeignKey("invoicing.Payment", models.CASCADE, related_name="bookings")
    key = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True)

    objects = OutboxEntryQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "outbox entries"
        constraints = [models.UniqueConstraint(fields=["kind", "payment"], name="outbox_once_per_booking")]
        indexes = [models.Index(fields=["connection", "id"], condition=Q(status="pending"), name="outbox_pending")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.payment}"
