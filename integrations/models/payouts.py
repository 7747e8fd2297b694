"""What gateways keep of each payment, and what they pay out."""

from django.db import models

from invoicing.fields import CurrencyField, MoneyField


class Payout(models.Model):
    """Money that a gateway sent to the bank account of the business, as it told last."""

    class Status(models.TextChoices):
        PAID = "paid", "Paid out"
        FAILED = "failed", "Failed"
        CANCELED = "canceled", "Cancelled"

    gateway = models.CharField(max_length=20)
    reference = models.CharField(max_length=200, help_text="the gateway's own id of it")
    amount = MoneyField()
    currency = CurrencyField()
    arrives_on = models.DateField()
    status = models.CharField(max_length=10, choices=Status)
    is_told = models.BooleanField(default=True, help_text="whether the gateway tells what is in it")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["gateway", "reference"], name="payout_once_per_reference")]
        indexes = [models.Index(fields=["-arrives_on", "-id"], name="payout_newest_first")]

    def __str__(self) -> str:
        return f"Payout {self.reference}"


class PayoutLine(models.Model):
    """One movement of money in a payout, in its currency; what leaves is below 0. ``net`` is gross less fee."""

    class Kind(models.TextChoices):
        PAYMENT = "payment", "Payment"
        REFUND = "refund", "Refund"
        DISPUTE = "dispute", "Chargeback"
        OTHER = "other", "Other"

    payout = models.ForeignKey(Payout, models.CASCADE, related_name="lines")
    reference = models.CharField(max_length=200, unique=True, help_text="the gateway's own id of it")
    kind = models.CharField(max_length=10, choices=Kind)
    # Nothing for money of an account that also serves others.
    payment = models.ForeignKey(
        "invoicing.Payment", models.SET_NULL, null=True, blank=True, related_name="payout_lines"
    )
    happened_at = models.DateTimeField()
    gross = MoneyField()
    fee = MoneyField()
    net = MoneyField()

    def __str__(self) -> str:
        return f"{self.get_kind_display()} in {self.payout}"


class GatewayFee(models.Model):
    """What a gateway kept of a payment; in the currency that it pays out, which may be another than the payment's."""

    payment = models.OneToOneField("invoicing.Payment", models.CASCADE, related_name="gateway_fee")
    gateway = models.CharField(max_length=20)
    reference = models.CharField(max_length=200, unique=True, help_text="the gateway's own id of the movement")
    fee = MoneyField()
    net = MoneyField()
    currency = CurrencyField()
    payout = models.ForeignKey(Payout, models.SET_NULL, null=True, blank=True, related_name="fees")

    def __str__(self) -> str:
        return f"{self.gateway} fee of {self.payment}"
