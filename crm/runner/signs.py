"""Whether a queue moves, as the database tells it: beats that we send through it, and rows that nobody takes."""

from datetime import datetime, timedelta

from django.utils import timezone
from django_q.brokers.orm import ORM
from django_q.models import OrmQ, Task
from django_q.tasks import async_task

from crm import heartbeats
from crm.models import Heartbeat
from crm.runner import desk
from crm.runner.processes import ClusterProcess


class _RememberingBroker(ORM):
    """The usual broker, which also knows the row that it wrote."""

    row_id: int

    def enqueue(self, task: str) -> int:
        self.row_id = super().enqueue(task)
        return self.row_id


class Signs:
    """The beats of one queue. There is never more than one of ours waiting in it."""

    def __init__(self, queue: str) -> None:
        self.queue = queue
        self.forget()

    def forget(self) -> None:
        """The cluster is another one now: what the old one had taken with it does not count against it."""
        self.row_id: int | None = None
        self.task_id = ""
        self.sent_at: datetime | None = None

    def is_waiting(self) -> bool:
        """Whether our last beat is still in the queue: not run yet, or run and never acknowledged."""
        return self.row_id is not None and OrmQ.objects.filter(pk=self.row_id).exists()

    def send(self, cluster: ClusterProcess) -> None:
        desk.forget(cluster.desk, self.task_id)
        broker = _RememberingBroker(self.queue)
        options = {"save": False, "broker": broker, "cluster": self.queue}
        self.task_id = async_task(desk.BEAT, self.queue, task_name=f"beat of {self.queue}", q_options=options)
        self.row_id, self.sent_at = broker.row_id, timezone.now()

    def trouble(self, since: datetime, limit: float, cluster: ClusterProcess) -> str:
        """Why the queue looks stuck, "" if it does not. Nothing before ``since`` counts; ``limit`` is in seconds."""
        now = timezone.now()
        oldest = now - timedelta(seconds=limit)
        if self.sent_at and max(self.sent_at, since) < oldest and self.is_waiting():
            if desk.has_run(cluster.desk, self.task_id):
                words = "what it does is not acknowledged"
            elif desk.is_busy(cluster.desk, cluster.parts()) and limit < heartbeats.limit_of(self.queue):
                return ""  # whoever works will be ready within the queue's own limit
            else:
                words = f"its sign of life is waiting for more than {limit:.0f} seconds"
        elif since < oldest and self._has_rows_nobody_takes(since, now):
            words = "tasks are waiting that nobody takes"
        else:
            return ""
        return "" if self._has_finished_something(max(since, oldest)) else words

    def scheduler_trouble(self, since: datetime) -> str:
        """Why the scheduler, which is a part of the default queue's cluster, looks stuck; "" if it does not."""
        limit = heartbeats.limit_of(heartbeats.SCHEDULER)
        oldest = timezone.now() - timedelta(seconds=limit)
        beats = Heartbeat.objects.filter(name=heartbeats.SCHEDULER, beat_at__gte=oldest)
        return f"nothing was scheduled for {limit} seconds" if since < oldest and not beats.exists() else ""

    def _has_rows_nobody_takes(self, since: datetime, now: datetime) -> bool:
        """A row past its lock by more than ``retry``: a cluster that lives takes it, or takes it again, at once."""
        late = timedelta(seconds=heartbeats.options_of(self.queue)["retry"])
        return since < now - late and OrmQ.objects.filter(key=self.queue, lock__lt=now - late).exists()

    def _has_finished_something(self, after: datetime) -> bool:
        """A queue that finishes tasks is busy and not stuck, however long its line is."""
        return Task.objects.filter(cluster=self.queue, stopped__gte=after).exists()
