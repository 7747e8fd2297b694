"""One django-q cluster as processes: start it, see its parts, stop all of it.

A cluster is a main process, its only child the sentinel, and the sentinel's children: the workers, the monitor that
acknowledges what they did, and the pusher that takes tasks from the database.
"""

import ctypes
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import psutil
from django.conf import settings

from crm.runner import desk

PR_SET_PDEATHSIG = 1


class ClusterProcess:
    """A running cluster of ``queue``, in a session and process group of its own."""

    def __init__(self, queue: str) -> None:
        self.desk = Path(tempfile.mkdtemp(prefix="tallybook-queue-"))
        environment = {**os.environ, "Q_CLUSTER_NAME": queue, desk.VARIABLE: str(self.desk)}
        command = [sys.executable, str(settings.BASE_DIR / "manage.py"), "qcluster", "--skip-checks"]
        self.process = subprocess.Popen(
            command,
            env=environment,
            cwd=settings.BASE_DIR,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=_end_with_parent,  # noqa: PLW1509 - the runner has no threads
        )

    @property
    def pid(self) -> int:
        return self.process.pid

    def exit_code(self) -> int | None:
        """None while the main process is there. 0 is a death as well: it is what main says when its sentinel died."""
        return self.process.poll()

    def parts(self) -> set[int]:
        """Process ids of what is alive below main: the sentinel and its children. Stopped ones do not count."""
        try:
            children = psutil.Process(self.pid).children()
            found = children + [part for child in children for part in child.children()]
            return {part.pid for part in found if _is_alive(part)}
        except psutil.NoSuchProcess:
            return set()

    def ask_to_stop(self) -> None:
        """Signal the main process alone: a signal to the group makes it wait for ever (django-q2 issue 346)."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            # A stopped process hears it only when it goes on.
            self.process.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        """End whatever is left of the group, orphans too. Tasks cut off here are found by their rows."""
        try:
            os.killpg(self.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()
        shutil.rmtree(self.desk, ignore_errors=True)


def _is_alive(part: psutil.Process) -> bool:
    try:
        return part.status() not in {psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD, psutil.STATUS_STOPPED}
    except psutil.NoSuchProcess:
        return False


def _end_with_parent() -> None:
    """In the child: stop should the runner vanish, even by kill -9. Linux alone can do that."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
