"""What people say of the help."""

from typing import ClassVar

from django.conf import settings
from django.db import models


class HelpAnswer(models.Model):
    """One person's answer to "Did this answer your question?" under one page of the help; the last one counts."""

    SENTENCE_LENGTH: ClassVar[int] = 1000

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    page = models.CharField(max_length=100, help_text="the page's file name without .md")
    has_helped = models.BooleanField()
    sentence = models.CharField(max_length=SENTENCE_LENGTH, blank=True)
    answered_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "page"], name="help_answer_once_per_person_and_page")]
        indexes = [models.Index(fields=["-answered_at", "-id"], name="help_answer_by_newest")]

    def __str__(self) -> str:
        return f"{self.page}: {'yes' if self.has_helped else 'no'}"
