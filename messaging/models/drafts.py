"""A message written for an invoice and not sent yet."""

from django.conf import settings
from django.db import models

from messaging.models.messages import Message


class Draft(models.Model):
    """What somebody saved on an invoice to send it later; gone once it is sent."""

    invoice = models.OneToOneField("invoicing.Invoice", models.CASCADE, related_name="draft_message")
    channel = models.CharField(max_length=5, choices=Message.Channel)
    subject = models.CharField(max_length=200, blank=True)
    body = models.TextField(help_text="with its placeholders")
    saved_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    saved_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return f"Draft for {self.invoice}"
