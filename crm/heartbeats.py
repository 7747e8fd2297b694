"""Signs of life: tasks and the runner stamp a row each; /healthz and the runner read them.

Names: one for each queue (a task ran on it), ``scheduler`` (a schedule came due and its task ran) and ``runner``
(``manage.py work`` is up).
"""

from datetime import datetime

from django.conf import settings
from django.utils import timezone

from crm.models import Heartbeat

DEFAULT_QUEUE = "default"
RUNNER = "runner"
SCHEDULER = "scheduler"
# The scheduler looks every 30 seconds for what is due every minute; its task may then wait for a worker.
SCHEDULER_SLACK = 90


def beat(name: str) -> None:
    """Task: stamp the row ``name`` with the time."""
    Heartbeat.objects.update_or_create(name=name, defaults={"beat_at": timezone.now()})


def scheduler_beat() -> None:
    """Task of the scheduler. It ran on the default queue, so that one lives too, with or without a runner."""
    beat(SCHEDULER)
    beat(DEFAULT_QUEUE)


def queues() -> list[str]:
    """All queues of this installation."""
    return [DEFAULT_QUEUE, *settings.Q_CLUSTER["ALT_CLUSTERS"]]  # type: ignore[misc]


def options_of(queue: str) -> dict[str, int]:
    """django-q's options for one queue: ``workers``, ``timeout`` and ``retry`` (seconds), ..."""
    own = settings.Q_CLUSTER["ALT_CLUSTERS"].get(queue, {})  # type: ignore[attr-defined]
    return {**settings.Q_CLUSTER, **own}


def limit_of(name: str) -> int:
    """Seconds after which the beat ``name`` is too old: a queue may be busy with one task for its whole timeout."""
    if name == RUNNER:
        return 3 * settings.WORKER_BEAT_SECONDS + settings.WORKER_STOP_SECONDS
    queue = DEFAULT_QUEUE if name == SCHEDULER else name
    limit = settings.WORKER_BEAT_LIMIT or options_of(queue)["timeout"] + 60
    return limit + SCHEDULER_SLACK if name == SCHEDULER else limit


def ages(now: datetime) -> dict[str, float | None]:
    """Seconds since each beat that an installation has; None for one that never came."""
    seen = dict(Heartbeat.objects.values_list("name", "beat_at"))
    names = [RUNNER, *queues(), SCHEDULER]
    return {name: (now - seen[name]).total_seconds() if name in seen else None for name in names}
