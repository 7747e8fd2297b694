"""Signs of life of the queue's processes."""

from django.db import models


class Heartbeat(models.Model):
    """When a queue last ran a task, one row a queue. The runner restarts a queue whose beat is too old."""

    name = models.CharField(max_length=40, primary_key=True)
    beat_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name
