"""What happened: the contact's timeline and the audit trail are the same rows."""

from django.conf import settings
from django.db import models


class Activity(models.Model):
    """One fact about one record: who did it, who told us, what it was before and after.

    Written by services in the transaction of the change itself, in bulk too. ``subject_type`` and ``subject_id``
    name the record without a foreign key, so every floor of the house may write one and none is bound to another.
    """

    contact = models.ForeignKey("crm.Contact", models.SET_NULL, null=True, blank=True, related_name="activities")
    subject_type = models.CharField(max_length=20)
    subject_id = models.BigIntegerField(null=True)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    origin = models.CharField(max_length=20, help_text="who told us: staff, import, quickbooks, ...")
    verb = models.CharField(max_length=40, help_text="such as contact.created")
    text = models.CharField(max_length=300, blank=True)
    changes = models.JSONField(default=dict, help_text="field: [before, after]")
    at = models.DateTimeField(db_index=True)

    class Meta:
        verbose_name_plural = "activities"
        indexes = [
            models.Index(fields=["contact", "-id"], name="activity_of_contact"),
            models.Index(fields=["subject_type", "subject_id"], name="activity_of_subject"),
        ]

    def __str__(self) -> str:
        return f"{self.verb} {self.subject_type} {self.subject_id}"
