"""Messages. One that goes out is its own outbox: its row says how far it got, whoever dies on the way."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone


class MessageQuerySet(models.QuerySet["Message"]):
    def due(self) -> "MessageQuerySet":
        """Queued, and not told to wait."""
        waits = Q(not_before=None) | Q(not_before__lte=timezone.now())
        return self.filter(waits, status=Message.Status.QUEUED)


class Message(models.Model):
    """One text or email, in or out.

    ``key`` is made with the row and travels with the message where a vendor has room for it, so that what became of a
    lost answer can be found out. ``reference`` is the vendor's own id, unique within ``channel``.
    """

    class Direction(models.TextChoices):
        OUT = "out", "Sent"
        IN = "in", "Received"

    class Channel(models.TextChoices):
        TEXT = "text", "Text"
        EMAIL = "email", "Email"
        PAGE = "page", "Question"  # asked on the page of an invoice; answered by one of the others

    class Status(models.TextChoices):
        RECEIVED = "received", "Received"
        QUEUED = "queued", "Queued"
        SENDING = "sending", "Sending"
        SENT = "sent", "Sent"
        DELIVERED = "delivered", "Delivered"
        FAILED = "failed", "Failed"
        UNSURE = "unsure", "Not known"

    conversation = models.ForeignKey("messaging.Conversation", models.CASCADE, related_name="messages")
    direction = models.CharField(max_length=3, choices=Direction)
    channel = models.CharField(max_length=5, choices=Channel)
    address = models.CharField(max_length=254, help_text="the other side: E.164 number or email")
    subject = models.CharField(max_length=200, blank=True)
    body = models.TextField()
    status = models.CharField(max_length=10, choices=Status)
    invoice = models.ForeignKey(
        "invoicing.Invoice",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="messages",
        help_text="what it is about",
    )
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    key = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    reference = models.CharField(max_length=200, blank=True)
    parts = models.PositiveSmallIntegerField(default=1, help_text="of a text, as networks count and charge")
    repeats = models.OneToOneField(
        "self",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="repeat",
        help_text="which failed one this is again",
    )
    is_answer = models.BooleanField(default=False, help_text="to STOP, START or HELP; goes out whatever was asked for")
    has_opt_out_line = models.BooleanField(default=False, editable=False)
    attempts = models.PositiveSmallIntegerField(default=0)
    not_before = models.DateTimeField(null=True, blank=True)
    claimed_at = models.DateTimeField(null=True, blank=True)
    error_code = models.CharField(max_length=20, blank=True)
    error = models.CharField(max_length=500, blank=True, help_text="why it failed, in words for staff")
    created_at = models.DateTimeField(default=timezone.now)
    sent_at = models.DateTimeField(null=True, blank=True)
    changed_at = models.DateTimeField(auto_now=True)

    objects = MessageQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["channel", "reference"], condition=~Q(reference=""), name="message_once_per_reference"
            ),
            models.CheckConstraint(
                condition=Q(direction="in", status="received") | (Q(direction="out") & ~Q(status="received")),
                name="message_received_means_in",
            ),
        ]
        indexes = [
            models.Index(fields=["conversation", "-id"], name="message_of_conversation"),
            models.Index(fields=["address", "-id"], name="message_of_address"),
            models.Index(fields=["reference"], name="message_of_reference"),
            models.Index(fields=["id"], condition=Q(status="queued"), name="message_queued"),
            models.Index(fields=["id"], condition=Q(status="sending"), name="message_sending"),
        ]

    def __str__(self) -> str:
        return f"{self.get_channel_display()} {'to' if self.is_out else 'from'} {self.address}"

    @property
    def is_out(self) -> bool:
        return self.direction == self.Direction.OUT

    @property
    def can_be_repeated(self) -> bool:
        """Whether it failed, or nobody knows, and it was not sent again; read it with its ``repeat``."""
        return self.status in {self.Status.FAILED, self.Status.UNSURE} and not hasattr(self, "repeat")
