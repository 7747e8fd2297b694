"""The life of one queue's cluster: runs, is stopped, rests, runs again."""

import logging
import time
from datetime import datetime

from django.conf import settings
from django.utils import timezone

from crm import heartbeats
from crm.runner.processes import ClusterProcess
from crm.runner.signs import Signs

log = logging.getLogger(__name__)
# A part that is missing is made anew by the sentinel within a second; start-up takes some.
PARTS_SECONDS = 5.0
START_SECONDS = 60.0


class Watched:
    """One queue. ``look`` is cheap and asks the processes; ``ask`` asks the database."""

    def __init__(self, queue: str) -> None:
        self.queue = queue
        self.signs = Signs(queue)
        self.limit = heartbeats.limit_of(queue)
        # The sentinel, the workers, the monitor and the pusher.
        self.size = heartbeats.options_of(queue)["workers"] + 3
        self.cluster: ClusterProcess | None = None
        self.kill_at: float | None = None
        self.rest_until = 0.0
        self.pause = 1.0

    def start(self) -> None:
        self.cluster = ClusterProcess(self.queue)
        self.since = timezone.now()
        self.started = self.whole_at = time.monotonic()
        self.parts: set[int] = set()
        self.is_whole = False
        self.is_probing = False
        self.signs.forget()

    def look(self) -> None:
        """One glance at the processes; starts, kills and starts again when it is time."""
        if self.cluster is None:
            if time.monotonic() >= self.rest_until:
                self.start()
        elif self.kill_at is not None:
            if self.cluster.exit_code() is not None or time.monotonic() >= self.kill_at:
                self.bury()
        elif (code := self.cluster.exit_code()) is not None:
            self.restart(f"its process ended (exit code {code})")
        else:
            self.look_at_parts(self.cluster.parts())

    def look_at_parts(self, parts: set[int]) -> None:
        now = time.monotonic()
        lost = self.parts - parts
        if self.is_whole and lost:
            # The sentinel makes it anew, yet whoever dies may take a lock of the queue along: then nothing runs
            # any more, or nothing is acknowledged (django-q2 issue 23). A sign of life tells.
            log.warning("Queue %s lost a process (%s); asking for a sign of life.", self.queue, _numbers(lost))
            self.probe()
        if len(parts) >= self.size:
            if not self.is_whole:
                # Somebody may have died before we knew everybody.
                self.probe()
            self.is_whole, self.whole_at = True, now
        self.parts = parts
        if now - self.whole_at > (PARTS_SECONDS if self.is_whole else START_SECONDS):
            self.restart(f"{len(parts)} of its {self.size} processes are there")

    def probe(self) -> None:
        """Send a fresh sign of life with the next look at the database, and be quick to judge it."""
        self.is_probing = True
        self.signs.forget()

    def ask(self) -> None:
        """What the database says. Raises DatabaseError when it cannot be reached."""
        if self.cluster is None or self.kill_at is not None:
            return
        if not self.signs.is_waiting() and self.is_due():
            self.signs.send(self.cluster)
        limit = min(settings.WORKER_PROBE_SECONDS, self.limit) if self.is_probing else self.limit
        trouble = self.signs.trouble(self.since, limit, self.cluster)
        if not trouble and self.queue == heartbeats.DEFAULT_QUEUE:
            trouble = self.signs.scheduler_trouble(self.since)
        if trouble:
            self.restart(trouble)
        elif self.is_probing and not self.signs.is_waiting():
            log.info("Queue %s gives signs of life.", self.queue)
            self.is_probing = False
        elif time.monotonic() - self.started > 2 * self.limit:
            self.pause = 1.0

    def is_due(self) -> bool:
        sent = self.signs.sent_at
        return sent is None or (timezone.now() - sent).total_seconds() >= settings.WORKER_BEAT_SECONDS

    def outage(self, since: datetime) -> None:
        """The database was away until now: silence until then is no fault of the queue."""
        self.since = since
        self.signs.forget()

    def restart(self, reason: str) -> None:
        """Stop what there is and start again after a pause, a longer one each time."""
        self.rest_until = time.monotonic() + self.pause
        log.error("Queue %s is started again: %s.", self.queue, reason)
        self.pause = min(self.pause * 2, settings.WORKER_PAUSE_SECONDS)
        self.stop()

    def stop(self) -> None:
        if self.cluster is not None and self.kill_at is None:
            self.cluster.ask_to_stop()
            self.kill_at = time.monotonic() + settings.WORKER_STOP_SECONDS

    def bury(self) -> None:
        """The main process is gone, or had its time: end what is left of the group."""
        if self.cluster is not None:
            if self.cluster.exit_code() is None:
                log.warning("Queue %s did not stop in time and is killed.", self.queue)
            self.cluster.kill()
        self.cluster = self.kill_at = None


def _numbers(pids: set[int]) -> str:
    return ", ".join(str(pid) for pid in sorted(pids))
