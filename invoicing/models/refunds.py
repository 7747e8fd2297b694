"""Money that went back: refunds, and what banks took back for their customers."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from invoicing.fields import CurrencyField, MoneyField
from invoicing.models.invoices import Invoice
from invoicing.models.payments import Payment


class Refund(models.Model):
    """Money of a payment on its way back, or gone. ``key`` is made before the gateway is asked, and goes along.

    ``reference`` is the gateway's own id, empty until it is known; ``amount`` is what went back, whatever of it our
    payment still had.
    """

    class Kind(models.TextChoices):
        REFUND = "refund", "Refund"
        DISPUTE = "dispute", "Chargeback"

    class Status(models.TextChoices):
        ASKED = "asked", "Asked"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"
        RETURNED = "returned", "Came back"  # gone, and then the bank gave it back: that is a payment of its own

    payment = models.ForeignKey(Payment, models.PROTECT, related_name="refunds")
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.REFUND)
    source = models.CharField(max_length=20, help_text="who gave it back, such as stripe")
    reference = models.CharField(max_length=100, blank=True, help_text="the source's own id of it")
    key = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    amount = MoneyField()
    currency = CurrencyField()
    status = models.CharField(max_length=10, choices=Status, default=Status.ASKED)
    reason = models.CharField(max_length=200, blank=True)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    error = models.CharField(max_length=600, blank=True)
    # Answers that were a fault of the gateway's own: it repeats them under the same key, so the next try has another.
    faults = models.PositiveSmallIntegerField(default=0)
    not_before = models.DateTimeField(null=True, blank=True, help_text="when it is looked after again")
    created_at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["source", "reference"], condition=~Q(reference=""), name="refund_once_per_reference"
            ),
            models.CheckConstraint(condition=Q(amount__gt=0), name="refund_positive"),
            models.CheckConstraint(condition=Q(currency__regex=r"^[A-Z]{3}$"), name="refund_has_currency"),
        ]
        indexes = [models.Index(fields=["not_before"], condition=Q(status="asked"), name="refund_asked")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} of {self.payment}"


class RefundShare(models.Model):
    """How much an invoice lost by a refund: the allocation that made way for it may be gone."""

    refund = models.ForeignKey(Refund, models.CASCADE, related_name="shares")
    invoice = models.ForeignKey(Invoice, models.CASCADE, related_name="refund_shares")
    amount = MoneyField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["refund", "invoice"], name="refund_share_once_per_invoice"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="refund_share_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.amount} of refund {self.refund_id} from invoice {self.invoice_id}"
