"""Addresses that get no messages: who asked for that, and numbers and mailboxes that take none."""

from collections.abc import Iterable

from django.db import models
from django.utils import timezone

from messaging.models.messages import Message


class SuppressionQuerySet(models.QuerySet["Suppression"]):
    def of(self, channel: str, addresses: Iterable[str]) -> "SuppressionQuerySet":
        return self.filter(channel=channel, address__in=list(addresses))


class Suppression(models.Model):
    """Why nothing goes to an address; kept per address, whoever it belongs to, and holding for sends by hand too."""

    class Reason(models.TextChoices):
        OPTED_OUT = "opted_out", "Asked for no more messages"
        NOT_MOBILE = "not_mobile", "Cannot get texts"
        BOUNCED = "bounced", "Mail came back"
        COMPLAINED = "complained", "Reported as spam"

    channel = models.CharField(max_length=5, choices=Message.Channel)
    address = models.CharField(max_length=254)
    reason = models.CharField(max_length=10, choices=Reason)
    words = models.CharField(max_length=300, blank=True, help_text="what was written or reported, as proof")
    created_at = models.DateTimeField(default=timezone.now)

    objects = SuppressionQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["channel", "address"], name="suppression_once_per_address")]

    def __str__(self) -> str:
        return f"{self.address}: {self.get_reason_display()}"
