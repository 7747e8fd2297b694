"""An import as rows: how far it is, what it did to each record, and what undo has to put back."""

from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import Q

from integrations.models.connections import QuickBooksConnection


class ImportRunQuerySet(models.QuerySet["ImportRun"]):
    def active(self) -> "ImportRunQuerySet":
        return self.filter(status__in=ImportRun.ACTIVE)


class ImportRun(models.Model):
    """One press of an import button. It advances by short steps, one page each; any worker may take the next.

    ``position`` is the phase's cursor (its shape is the phase's own); ``counts`` is
    ``{entity: {created, updated, unchanged, dropped}}``. A step's writes, cursor and counts land together.
    """

    class Kind(models.TextChoices):
        CONTACTS = "contacts", "Contacts"
        INVOICES = "invoices", "Invoices"

    class Status(models.TextChoices):
        QUEUED = "queued", "Waiting to start"
        RUNNING = "running", "Running"
        WAITING = "waiting", "Waiting for QuickBooks"
        STOPPED = "stopped", "Stopped"
        FAILED = "failed", "Failed"
        CANCELLED = "cancelled", "Cancelled"
        DONE = "done", "Done"
        UNDOING = "undoing", "Being undone"
        UNDONE = "undone", "Undone"

    ACTIVE = (Status.QUEUED, Status.RUNNING, Status.WAITING, Status.UNDOING)
    RESUMABLE = (Status.STOPPED, Status.FAILED, Status.CANCELLED)

    connection = models.ForeignKey(QuickBooksConnection, models.CASCADE, related_name="runs")
    kind = models.CharField(max_length=10, choices=Kind)
    year = models.PositiveSmallIntegerField(null=True, blank=True)
    is_preview = models.BooleanField(default=False)
    status = models.CharField(max_length=10, choices=Status, default=Status.QUEUED)
    message = models.CharField(max_length=600, blank=True, help_text="why it waits, stopped or failed")
    cancel_requested = models.BooleanField(default=False)

    phase = models.CharField(max_length=20, blank=True)
    position = models.JSONField(default=dict)
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(null=True, help_text="empty until QuickBooks was asked")
    counts = models.JSONField(default=dict)
    kept = models.JSONField(default=list, help_text="what undo kept, and why")

    lease_id = models.CharField(max_length=40, blank=True)
    lease_until = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0, help_text="steps begun since the last that ended well")
    not_before = models.DateTimeField(null=True)

    started_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    dismissed_at = models.DateTimeField(null=True, help_text="when the confirmation in the menu was closed")

    objects = ImportRunQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            # Two imports side by side would race for the same contacts.
            models.UniqueConstraint(
                fields=["connection"],
                condition=Q(status__in=["queued", "running", "waiting", "undoing"]),
                name="run_one_at_a_time",
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.year or ''}".strip()

    @property
    def is_active(self) -> bool:
        return self.status in self.ACTIVE

    def is_lost(self, now: datetime) -> bool:
        """Its worker died: it was running, and nobody has held it for a while."""
        return self.status in {self.Status.RUNNING, self.Status.UNDOING} and (
            self.lease_until is not None and self.lease_until < now
        )


class ImportItem(models.Model):
    """What a run did with one record of QuickBooks. Records it left unchanged are only counted."""

    class Outcome(models.TextChoices):
        WAITING = "waiting", "To be fetched"
        CREATED = "created", "New"
        UPDATED = "updated", "Updated"
        DROPPED = "dropped", "Left out"
        UNCHANGED = "unchanged", "Unchanged"

    run = models.ForeignKey(ImportRun, models.CASCADE, related_name="items")
    entity = models.CharField(max_length=20)
    external_id = models.CharField(max_length=40)
    outcome = models.CharField(max_length=10, choices=Outcome)
    name = models.CharField(max_length=500, blank=True)
    reason = models.CharField(max_length=600, blank=True)
    before = models.JSONField(default=dict, help_text="what undo puts back")
    # Only in a preview: what the record would be recognised by, for the pages that follow.
    email = models.CharField(max_length=254, blank=True)
    phone = models.CharField(max_length=20, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "entity", "external_id"], name="item_once_per_record"),
        ]
        indexes = [models.Index(fields=["run", "outcome", "id"], name="item_by_outcome")]

    def __str__(self) -> str:
        return f"{self.entity} {self.external_id}: {self.outcome}"
