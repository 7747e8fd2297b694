"""How customers may pay."""

from django.db import models
from django.db.models import Q

from invoicing.fields import MoneyField
from invoicing.models.invoices import ZERO


class PaymentSettings(models.Model):
    """What an admin decides about paying by link. There is one row, or none while nothing was ever decided."""

    switched_off = models.JSONField(default=list, help_text='gateways by currency that have no button: ["crezco GBP"]')
    allows_part = models.BooleanField("part payments", default=False)
    least_part = MoneyField("smallest part", default=ZERO, help_text="in the currency of the invoice")

    class Meta:
        verbose_name_plural = "payment settings"
        constraints = [
            models.CheckConstraint(condition=Q(pk=1), name="payment_settings_are_one"),
            models.CheckConstraint(condition=Q(least_part__gte=0), name="payment_settings_least_not_negative"),
        ]

    def __str__(self) -> str:
        return "Payment settings"

    @classmethod
    def load(cls) -> "PaymentSettings":
        """The settings as they are; reading them writes nothing."""
        return cls.objects.filter(pk=1).first() or cls(pk=1)

    def is_off(self, gateway: str, currency: str) -> bool:
        return f"{gateway} {currency}" in self.switched_off
