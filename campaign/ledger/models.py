"""What was announced, in the order it was."""

from django.db import models


class Heard(models.Model):
    name = models.CharField(max_length=40)
    subject = models.BigIntegerField(help_text="the pk of the contact, invoice or payment it is about")
    origin = models.CharField(max_length=20, blank=True)

    def __str__(self) -> str:
        return f"{self.name} of {self.subject}"
