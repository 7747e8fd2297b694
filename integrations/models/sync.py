"""How a company's books are followed: what we were told, how far we looked, and what was done about each record."""

from datetime import datetime, timedelta

from django.db import models
from django.db.models import Q
from django.utils import timezone

from integrations.models.connections import QuickBooksConnection


class RetryRow(models.Model):
    """Something to be done with a vendor: it waits politely between tries and ends in a person's hands."""

    class Status(models.TextChoices):
        PENDING = "pending", "Waiting"
        DONE = "done", "Done"
        IGNORED = "ignored", "Ignored"  # nothing to be done, and the row says why
        STUCK = "stuck", "Failed"  # until a person presses "try again"

    # Minutes before the second try, the third, ...; after the last a person is asked.
    BACKOFF = (1, 5, 30, 120, 720)

    status = models.CharField(max_length=10, choices=Status, default=Status.PENDING)
    attempts = models.PositiveSmallIntegerField(default=0, help_text="tries that were refused")
    # Tries that met trouble which passes by itself; an outage, however long, uses up none of the others.
    pauses = models.PositiveSmallIntegerField(default=0)
    not_before = models.DateTimeField(null=True, blank=True)
    last_error = models.CharField(max_length=600, blank=True)

    class Meta:
        abstract = True

    def postpone(self, error: str, now: datetime) -> None:
        """Set, without saving, when it is tried again, or that it is not."""
        self.attempts, self.last_error = self.attempts + 1, error[:600]
        waits = dict(enumerate(self.BACKOFF, start=1))
        self.status = self.Status.PENDING if self.attempts in waits else self.Status.STUCK
        self.not_before = now + timedelta(minutes=waits.get(self.attempts, 0))


class InboxEventQuerySet(models.QuerySet["InboxEvent"]):
    def due(self, now: datetime) -> "InboxEventQuerySet":
        return self.filter(Q(not_before=None) | Q(not_before__lte=now), status=InboxEvent.Status.PENDING)


class InboxEvent(RetryRow):
    """A hint that a record of QuickBooks changed, kept once per source and id. The truth is fetched."""

    class Source(models.TextChoices):
        WEBHOOK = "webhook", "Webhook"
        POLL = "poll", "Poll"
        STAFF = "staff", "Staff"

    source = models.CharField(max_length=10, choices=Source)
    external_id = models.CharField(max_length=200, help_text="the source's own id of this event")
    realm_id = models.CharField(max_length=40)
    entity = models.CharField(max_length=40, help_text="customer, invoice, payment, ... as QuickBooks calls it")
    entity_id = models.CharField(max_length=40)
    operation = models.CharField(max_length=20, help_text="created, updated, deleted, merged, void, emailed")
    deleted_id = models.CharField(max_length=40, blank=True, help_text="who was merged into entity_id")
    # As told: when it happened, and of a poll the version that was seen.
    happened_at = models.DateTimeField(null=True)
    sync_token = models.CharField(max_length=20, blank=True)
    received_at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True)

    objects = InboxEventQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["source", "external_id"], name="inbox_once_per_event")]
        indexes = [
            models.Index(fields=["realm_id", "id"], condition=Q(status="pending"), name="inbox_pending"),
            models.Index(fields=["entity", "entity_id"], condition=~Q(status="done"), name="inbox_of_record"),
            models.Index(fields=["received_at"], name="inbox_by_received"),
        ]

    def __str__(self) -> str:
        return f"{self.entity} {self.entity_id} {self.operation}"


class SyncState(models.Model):
    """How far one company has been followed.

    ``watermark`` is by QuickBooks' clock: every change up to it stands in the inbox. The lease makes one worker at a
    time take the inbox over; whoever writes records of the books locks this row first. ``catch_up`` is the cursor of a
    long look back (empty when there is none).
    """

    connection = models.OneToOneField(QuickBooksConnection, models.CASCADE, related_name="sync")
    watermark = models.DateTimeField(null=True)
    catch_up = models.JSONField(default=dict)
    next_pass_at = models.DateTimeField(null=True)
    last_pass_at = models.DateTimeField(null=True)
    last_good_pass_at = models.DateTimeField(null=True)
    last_error = models.CharField(max_length=600, blank=True)
    poll_minutes = models.PositiveSmallIntegerField(default=2)
    keep_log_days = models.PositiveSmallIntegerField(default=90)
    contacts_by_themselves = models.BooleanField(default=True)
    lease_id = models.CharField(max_length=40, blank=True, editable=False)
    lease_until = models.DateTimeField(null=True, editable=False)

    def __str__(self) -> str:
        return f"Sync of {self.connection}"

    @classmethod
    def of(cls, connection: QuickBooksConnection) -> "SyncState":
        """The row of this connection, made the first time it is asked for."""
        return cls.objects.get_or_create(connection_id=connection.pk)[0]


class SyncLogEntry(models.Model):
    """What came of one record through one door, in words for a person, with the fields that changed."""

    class Door(models.TextChoices):
        WEBHOOK = "webhook", "Webhook"
        POLL = "poll", "Regular check"
        IMPORT = "import", "Import"
        STAFF = "staff", "By hand"
        PUSH = "push", "Sent to QuickBooks"

    class Outcome(models.TextChoices):
        CREATED = "created", "New"
        UPDATED = "updated", "Updated"
        UNCHANGED = "unchanged", "Unchanged"
        DROPPED = "dropped", "Left out"
        REMOVED = "removed", "Removed"
        IGNORED = "ignored", "Ignored"
        FAILED = "failed", "Failed"

    connection = models.ForeignKey(QuickBooksConnection, models.CASCADE, related_name="log")
    at = models.DateTimeField(default=timezone.now)
    door = models.CharField(max_length=10, choices=Door)
    entity = models.CharField(max_length=40)
    external_id = models.CharField(max_length=40)
    name = models.CharField(max_length=500, blank=True)
    outcome = models.CharField(max_length=10, choices=Outcome)
    text = models.CharField(max_length=600, blank=True, help_text="what was done, or why not")
    changes = models.JSONField(default=dict, help_text="field: [before, after]")
    event = models.ForeignKey(InboxEvent, models.SET_NULL, null=True, blank=True, related_name="+")

    class Meta:
        verbose_name_plural = "sync log entries"
        indexes = [
            models.Index(fields=["entity", "external_id", "-id"], name="log_of_record"),
            models.Index(fields=["at"], name="log_by_time"),
        ]

    def __str__(self) -> str:
        return f"{self.entity} {self.external_id}: {self.outcome}"
