"""What an admin says about messages."""

from decimal import Decimal

from django.db import models
from django.db.models import Q

INVOICE_MESSAGE = (
    "Hi [contact-firstname], your invoice [invoice-number] from [business-name] for [invoice-due] is ready. "
    "See it and pay here: [invoice-link]"
)


class MessagingSettings(models.Model):
    """There is exactly one row."""

    invoice_message = models.TextField("message with an invoice", default=INVOICE_MESSAGE)
    email_subject = models.CharField(
        "subject of emails", max_length=150, default="Invoice [invoice-number] from [business-name]"
    )
    part_price = models.DecimalField(
        "price of a text",
        max_digits=7,
        decimal_places=4,
        default=Decimal("0.0079"),
        help_text="of one part, in your currency; what your text service charges",
    )

    class Meta:
        verbose_name_plural = "messaging settings"
        constraints = [
            models.CheckConstraint(condition=Q(pk=1), name="messaging_settings_is_one"),
            models.CheckConstraint(condition=Q(part_price__gte=0), name="messaging_part_price_not_negative"),
        ]

    def __str__(self) -> str:
        return "Messages"

    @classmethod
    def load(cls) -> "MessagingSettings":
        return cls.objects.get_or_create(pk=1)[0]
