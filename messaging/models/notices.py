"""What staff are told by mail while they do something else."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone


class NoticeChoice(models.Model):
    """What one member of staff wants to hear of; whoever chose nothing hears of what is theirs and of payments."""

    class Which(models.TextChoices):
        ALL = "all", "All"
        MINE = "mine", "Mine and nobody's"
        NONE = "none", "None"

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, related_name="notice_choice")
    replies = models.CharField("replies of customers", max_length=4, choices=Which, default=Which.MINE)
    failures = models.CharField("messages that did not arrive", max_length=4, choices=Which, default=Which.MINE)
    payments = models.CharField("payments by customers", max_length=4, choices=Which, default=Which.ALL)

    def __str__(self) -> str:
        return f"Notices for {self.user}"


class StaffNotice(models.Model):
    """One line of a mail to one member of staff: written with the fact, mailed by a worker."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="notices")
    fact = models.CharField(max_length=60, help_text="what it is about, such as message.12")
    words = models.CharField(max_length=300)
    path = models.CharField(max_length=200, help_text="where it is to be seen")
    created_at = models.DateTimeField(default=timezone.now)
    claimed_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "fact"], name="staff_notice_once")]
        indexes = [models.Index(fields=["user"], condition=Q(sent_at=None), name="staff_notice_waiting")]

    def __str__(self) -> str:
        return self.words
