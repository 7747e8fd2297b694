"""Lanes: one a channel, so that one worker at a time sends, as fast as the sender may."""

from django.db import models


class Lane(models.Model):
    """The lease of whoever empties the queue of a channel, and the moment its next message may go."""

    channel = models.CharField(max_length=5, primary_key=True)
    lease_id = models.CharField(max_length=40, blank=True)
    lease_until = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.channel
