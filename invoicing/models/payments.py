"""Payments and how they are spread over invoices."""

from typing import Any

from django.db import models
from django.db.models import F, Q

from invoicing.fields import CurrencyField, MoneyField, RateField
from invoicing.models.invoices import ZERO


class Payment(models.Model):
    """Money received from a contact, once per source and reference.

    ``amount`` is the money, less what was ``refunded``; ``credit`` is what credit memos add to it on the same document
    (a payment of 0 with a credit of 40 is a memo applied). Of both, the allocations say how much each invoice got;
    ``unapplied`` is the contact's credit; the rest went to documents that are not held here.
    """

    contact = models.ForeignKey("crm.Contact", models.PROTECT, null=True, blank=True, related_name="payments")
    customer_name = models.CharField(max_length=500, blank=True)
    source = models.CharField(max_length=20, help_text="who took the money, such as quickbooks or stripe")
    reference = models.CharField(max_length=100, help_text="the source's own id, unique within it")
    received_on = models.DateField()
    currency = CurrencyField()
    exchange_rate = RateField(default=1)
    amount = MoneyField()
    refunded = MoneyField(default=ZERO, help_text="went back, and is in amount no more")
    credit = MoneyField(default=ZERO)
    unapplied = MoneyField(default=ZERO)
    method = models.CharField(max_length=100, blank=True)
    memo = models.CharField("reference number", max_length=100, blank=True)
    deposit_account = models.CharField(max_length=200, blank=True)
    private_note = models.TextField(blank=True)
    is_void = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["source", "reference"], name="payment_once_per_reference"),
            models.CheckConstraint(condition=Q(amount__gte=0), name="payment_amount_not_negative"),
            models.CheckConstraint(condition=Q(credit__gte=0), name="payment_credit_not_negative"),
            models.CheckConstraint(condition=Q(refunded__gte=0), name="payment_refunded_not_negative"),
            models.CheckConstraint(condition=Q(unapplied__gte=0), name="payment_unapplied_not_negative"),
            models.CheckConstraint(condition=Q(currency__regex=r"^[A-Z]{3}$"), name="payment_has_currency"),
        ]
        indexes = [models.Index(fields=["-received_on", "-id"], name="payment_by_received")]

    def __str__(self) -> str:
        return f"Payment {self.memo or self.reference}"

    def allocations_by_invoice(self) -> dict[int, Any]:
        return {allocation.invoice_id: allocation for allocation in self.allocations.all()}


class AllocationQuerySet(models.QuerySet["Allocation"]):
    def standing(self) -> "AllocationQuerySet":
        """Of payments that were not taken back, in the order in which these came in."""
        return self.filter(payment__is_void=False).order_by("payment__received_on", "pk")


class Allocation(models.Model):
    """What one invoice got of one payment; ``credit`` of ``amount`` came from credit memos, the rest is money."""

    payment = models.ForeignKey(Payment, models.CASCADE, related_name="allocations")
    invoice = models.ForeignKey("invoicing.Invoice", models.PROTECT, related_name="allocations")
    amount = MoneyField()
    credit = MoneyField(default=ZERO)

    objects = AllocationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["payment", "invoice"], name="allocation_once_per_invoice"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="allocation_positive"),
            models.CheckConstraint(
                condition=Q(credit__gte=0, credit__lte=F("amount")), name="allocation_credit_within_amount"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.amount} of payment {self.payment_id} to invoice {self.invoice_id}"
