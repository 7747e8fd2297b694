"""The loop of `manage.py work`."""

import logging
import signal
import time
from types import FrameType

from django.conf import settings
from django.db import DatabaseError, InterfaceError, close_old_connections
from django.utils import timezone

from crm import heartbeats
from crm.models import Heartbeat
from crm.runner.watch import Watched
from crm.schedules import ensure_schedules

log = logging.getLogger(__name__)
LOOK_SECONDS = 0.5


class Supervisor:
    """Watches one cluster a queue until SIGTERM or Ctrl-C, then stops them all and leaves no process behind."""

    def __init__(self, queues: list[str]) -> None:
        self.queues = [Watched(queue) for queue in queues]
        self.is_stopping = False
        self.database_is_away = False
        self.asked_at = self.beat_at = -float("inf")
        # Often enough for the limits: tests set them to a second or two.
        self.ask_every = min(settings.WORKER_BEAT_SECONDS, settings.WORKER_PROBE_SECONDS, 5) / 2

    def run(self) -> None:
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self.end)
        # The scheduler looks at its list half a minute after its start; until then it is not late.
        heartbeats.beat(heartbeats.SCHEDULER)
        log.info("Working on the queues %s.", ", ".join(one.queue for one in self.queues))
        try:
            while not self.is_stopping:
                for one in self.queues:
                    one.look()
                if time.monotonic() - self.asked_at >= self.ask_every:
                    self.asked_at = time.monotonic()
                    self.ask()
                time.sleep(LOOK_SECONDS)
        finally:
            self.stop()

    def end(self, number: int, frame: FrameType | None) -> None:
        self.is_stopping = True

    def ask(self) -> None:
        """Ask the database about all queues. While it is away nothing is judged: no queue can work without it."""
        try:
            close_old_connections()
            if self.database_is_away:
                ensure_schedules()
                for one in self.queues:
                    one.outage(timezone.now())
                log.warning("The database answers again.")
                self.database_is_away = False
            if time.monotonic() - self.beat_at >= settings.WORKER_BEAT_SECONDS:
                heartbeats.beat(heartbeats.RUNNER)
                self.beat_at = time.monotonic()
            for one in self.queues:
                one.ask()
        except (DatabaseError, InterfaceError) as error:
            if not self.database_is_away:
                log.error("The database does not answer (%s); the queues wait for it.", type(error).__name__)
            self.database_is_away = True

    def stop(self) -> None:
        for one in self.queues:
            one.stop()
        while any(one.cluster for one in self.queues):
            for one in self.queues:
                if one.cluster is not None:
                    one.look()
            time.sleep(0.1)
        try:
            Heartbeat.objects.filter(name=heartbeats.RUNNER).delete()
        except (DatabaseError, InterfaceError):
            pass  # it grows old by itself
        log.info("All queues have stopped.")
