"""Pages of gateways on which customers pay, and what gateways told us."""

import uuid
from datetime import datetime

from django.db import models
from django.db.models import Q
from django.utils import timezone

from integrations.models.sync import RetryRow
from invoicing.fields import CurrencyField, MoneyField


class PaySessionQuerySet(models.QuerySet["PaySession"]):
    def to_look_after(self, now: datetime) -> "PaySessionQuerySet":
        """Pages that are due to be asked for, the longest due first."""
        alive = self.filter(status__in=["open", "waiting", "lingering"])
        return alive.filter(expires_at__lt=now).exclude(reference="").order_by("expires_at")


class PaySession(models.Model):
    """A gateway's page for one invoice over one amount. ``key`` is made before the gateway is asked, and goes along."""

    class Status(models.TextChoices):
        MAKING = "making", "Being made"
        OPEN = "open", "Open"
        WAITING = "waiting", "Paid, and the bank has not answered yet"
        PAID = "paid", "Paid"
        LINGERING = "lingering", "Closed here, may still be paid there"
        CLOSED = "closed", "Closed"

    invoice = models.ForeignKey("invoicing.Invoice", models.CASCADE, related_name="pay_sessions")
    gateway = models.CharField(max_length=20)
    key = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    reference = models.CharField(max_length=200, blank=True, help_text="the gateway's own id of it")
    url = models.TextField(blank=True, editable=False)
    amount = MoneyField()
    currency = CurrencyField()
    status = models.CharField(max_length=10, choices=Status, default=Status.MAKING)
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField(null=True)

    objects = PaySessionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["gateway", "invoice"], condition=Q(status="open"), name="pay_session_one_open"
            ),
            models.UniqueConstraint(
                fields=["gateway", "reference"], condition=~Q(reference=""), name="pay_session_once_per_reference"
            ),
        ]
        indexes = [
            models.Index(
                fields=["expires_at"],
                condition=Q(status__in=["open", "waiting", "lingering"]),
                name="pay_session_alive",
            )
        ]

    def __str__(self) -> str:
        return f"{self.gateway} for {self.invoice}"


class GatewayEvent(RetryRow):
    """A hint of a gateway that something happened, kept once. The truth is fetched."""

    gateway = models.CharField(max_length=20)
    external_id = models.CharField(max_length=200)
    kind = models.CharField(max_length=80)
    object_id = models.CharField(max_length=200)
    received_at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["gateway", "external_id"], name="gateway_event_once")]
        indexes = [models.Index(fields=["id"], condition=Q(status="pending"), name="gateway_event_pending")]

    def __str__(self) -> str:
        return f"{self.gateway} {self.kind}"
