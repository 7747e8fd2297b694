"""What is to be booked with a vendor: a name and an id. The body is made when it is sent, from the row of that day."""

import uuid
from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Q
from django.utils import timezone

from integrations.models.connections import QuickBooksConnection
from integrations.models.sync import RetryRow

if TYPE_CHECKING:
    from invoicing.models import Invoice, Payment


class OutboxEntryQuerySet(models.QuerySet["OutboxEntry"]):
    def due(self) -> "OutboxEntryQuerySet":
        waits = Q(not_before=None) | Q(not_before__lte=timezone.now())
        return self.filter(waits, status=OutboxEntry.Status.PENDING)

    def lowering(self) -> "OutboxEntryQuerySet":
        """Refunds that QuickBooks has yet to hear of; those too that wait for a person."""
        open_ones = (OutboxEntry.Status.PENDING, OutboxEntry.Status.STUCK)
        return self.filter(kind=OutboxEntry.Kind.LOWER_PAYMENT, status__in=open_ones)


class OutboxEntry(RetryRow):
    """One booking, of a payment or an invoice. ``key`` is made once and goes along with every try, so that a repeat
    cannot book twice.

    What is to be booked anew (a second refund of a payment) gets another key; a try under the old one ends nothing.
    """

    class Kind(models.TextChoices):
        CREATE_PAYMENT = "payment.create", "Payment to QuickBooks"
        LOWER_PAYMENT = "payment.lower", "Refund to QuickBooks"
        MARK_SENT = "invoice.sent", "Sent marker to QuickBooks"

    connection = models.ForeignKey(QuickBooksConnection, models.CASCADE, related_name="outbox")
    kind = models.CharField(max_length=30, choices=Kind)
    payment = models.ForeignKey("invoicing.Payment", models.CASCADE, null=True, blank=True, related_name="bookings")
    invoice = models.ForeignKey("invoicing.Invoice", models.CASCADE, null=True, blank=True, related_name="bookings")
    key = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True)

    objects = OutboxEntryQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "outbox entries"
        constraints = [
            models.UniqueConstraint(fields=["kind", "payment"], name="outbox_once_per_booking"),
            models.UniqueConstraint(fields=["kind", "invoice"], name="outbox_once_per_invoice"),
            models.CheckConstraint(
                condition=Q(payment__isnull=False, invoice__isnull=True)
                | Q(payment__isnull=True, invoice__isnull=False),
                name="outbox_of_one_record",
            ),
        ]
        indexes = [models.Index(fields=["connection", "id"], condition=Q(status="pending"), name="outbox_pending")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.record}"

    @property
    def record(self) -> "Payment | Invoice":
        """What is to be booked."""
        return self.money if self.invoice is None else self.invoice

    @property
    def money(self) -> "Payment":
        """The payment of an entry that is about one; a constraint has exactly one of the two set."""
        if self.payment is None:
            raise ValueError(f"{self.get_kind_display()} is about no payment")
        return self.payment


class BookingSettings(models.Model):
    """How payments are booked, as an admin chose it; no row, or nothing in it, is how it is at first."""

    connection = models.OneToOneField(QuickBooksConnection, models.CASCADE, related_name="booking")
    account_id = models.CharField(max_length=40, blank=True, help_text="empty: Undeposited Funds")
    account_name = models.CharField(max_length=500, blank=True)
    undeposited_id = models.CharField(max_length=40, blank=True, help_text="of Undeposited Funds, as last looked up")
    methods = models.JSONField(default=list, blank=True, help_text="ids of those that staff may note; empty: at first")

    class Meta:
        verbose_name_plural = "booking settings"

    def __str__(self) -> str:
        return f"Booking in {self.connection}"

    @classmethod
    def of(cls, connection: QuickBooksConnection) -> "BookingSettings":
        """What was chosen for this company; unsaved where nothing was."""
        return cls.objects.filter(connection=connection).first() or cls(connection=connection)
