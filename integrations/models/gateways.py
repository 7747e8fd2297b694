"""Pages of gateways on which customers pay, and what gateways told us."""

import uuid
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

from django.db import models
from django.db.models import Q
from django.utils import timezone

from crm.models import Contact
from integrations.models.sync import RetryRow
from invoicing.fields import CurrencyField, MoneyField
from invoicing.gateways import Bill
from invoicing.models import Invoice


class PaySessionQuerySet(models.QuerySet["PaySession"]):
    def to_look_after(self, now: datetime) -> "PaySessionQuerySet":
        """Pages that are due to be asked for, the longest due first."""
        alive = self.filter(status__in=["open", "waiting", "lingering"])
        return alive.filter(expires_at__lt=now).exclude(reference="").order_by("expires_at")

    def over(self, invoices: Iterable[int]) -> "PaySessionQuerySet":
        """Pages over any of these invoices (pks), alone or with others."""
        pks = list(invoices)
        together = PaySessionShare.objects.filter(invoice__in=pks).values("session")
        return self.filter(Q(invoice__in=pks) | Q(pk__in=together))

    def of(self, whose: Invoice | Contact) -> "PaySessionQuerySet":
        """Pages over an invoice, or over any invoice of a contact."""
        if isinstance(whose, Invoice):
            return self.over([whose.pk])
        return self.filter(Q(contact=whose) | Q(invoice__contact=whose))

    def in_the_way_of(self, bill: Bill) -> "PaySessionQuerySet":
        """Pages that may not be open beside one for this bill, and the one for it."""
        found = self.over(bill.shares)
        if len(bill.invoices) > 1:
            found |= self.filter(contact=bill.contact, currency=bill.currency)
        return found


class PaySession(models.Model):
    """A gateway's page over one amount: for one invoice, or for several of a contact, with a share of each.

    ``key`` is made before the gateway is asked, and goes along.
    """

    class Status(models.TextChoices):
        MAKING = "making", "Being made"
        OPEN = "open", "Open"
        WAITING = "waiting", "Paid, and the bank has not answered yet"
        PAID = "paid", "Paid"
        LINGERING = "lingering", "Closed here, may still be paid there"
        CLOSED = "closed", "Closed"

    invoice = models.ForeignKey(
        "invoicing.Invoice",
        models.CASCADE,
        null=True,
        blank=True,
        related_name="pay_sessions",
        help_text="of one alone",
    )
    contact = models.ForeignKey(
        "crm.Contact", models.CASCADE, null=True, blank=True, related_name="pay_sessions", help_text="of several"
    )
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
                fields=["gateway", "contact", "currency"],
                condition=Q(status="open"),
                name="pay_session_one_open_for_all",
            ),
            models.CheckConstraint(
                condition=Q(invoice=None, contact__isnull=False) | Q(invoice__isnull=False, contact=None),
                name="pay_session_of_one_or_several",
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
        return f"{self.gateway} for {self.invoice or f'invoices of {self.contact}'}"

    @property
    def invoices(self) -> list[Invoice]:
        """The oldest due first."""
        if self.invoice is not None:
            return [self.invoice]
        shares = self.shares.select_related("invoice__contact").order_by("invoice__due_on", "invoice")
        return [share.invoice for share in shares]

    @property
    def title(self) -> str:
        """What is paid, for the customer: "Invoice 1042", or "2 invoices: 1042, 1043"."""
        if self.invoice is not None:
            return str(self.invoice)
        invoices = self.invoices
        return f"{len(invoices)} invoices: {', '.join(one.number or 'without a number' for one in invoices)}"

    def is_for(self, bill: Bill) -> bool:
        return self.amounts == bill.shares

    @property
    def amounts(self) -> dict[int, Decimal]:
        """How much of which invoice (pk)."""
        if self.invoice_id is not None:
            return {self.invoice_id: self.amount}
        return dict(self.shares.values_list("invoice", "amount"))


class PaySessionShare(models.Model):
    """What of a page for several is for one of them."""

    session = models.ForeignKey(PaySession, models.CASCADE, related_name="shares")
    invoice = models.ForeignKey("invoicing.Invoice", models.CASCADE, related_name="pay_shares")
    amount = MoneyField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["session", "invoice"], name="pay_share_once_per_invoice"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="pay_share_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.amount} of page {self.session_id} for invoice {self.invoice_id}"


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
