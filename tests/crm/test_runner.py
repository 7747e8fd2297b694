"""The runner with real processes: whatever dies or hangs, the queue works again, and nothing is left behind."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import psutil
import pytest
from django_q.tasks import async_task

from tests.own_database import ROOT, execute, own_database

# Seconds instead of minutes; the code is the same.
LIMITS = {
    "WORKER_BEAT_SECONDS": "1",
    "WORKER_BEAT_LIMIT": "60",
    "WORKER_PROBE_SECONDS": "3",
    "WORKER_STOP_SECONDS": "2",
    "WORKERS": "2",
}
# Longer than a cluster may take to become whole before it is started again (crm.runner.watch.START_SECONDS).
PATIENCE = 100.0
# The tables are copied from the tests' own database, which is made only where a test says that it needs it.
pytestmark = pytest.mark.django_db


class Package:
    """In place of the broker: keeps the signed task, because the queue is in another database than Django's here."""

    list_key = "default"
    packed = ""

    def enqueue(self, packed: str) -> int:
        self.packed = packed
        return 1


class Runner:
    """`manage.py work` for the default queue alone."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url, self.folder = url, folder
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        environment = {**os.environ, **LIMITS, "DATABASE_URL": self.url, "DATA_DIR": str(self.folder)}
        command = [sys.executable, "manage.py", "work", "--queue", "default", "--skip-checks"]
        with (self.folder / "log").open("wb") as log:
            self.process = subprocess.Popen(
                command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )

    def family(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True) if self.process else []

    def main(self) -> psutil.Process:
        assert self.process
        return psutil.Process(self.process.pid).children()[0]

    def sentinel(self) -> psutil.Process:
        return self.main().children()[0]

    def parts(self) -> list[psutil.Process]:
        """Two workers, the monitor, the pusher: the order in which they are started."""
        return sorted(self.sentinel().children(), key=lambda part: part.create_time())

    def is_whole(self) -> bool:
        try:
            return len(self.parts()) == 4
        except (psutil.NoSuchProcess, IndexError):
            return False

    def log(self) -> str:
        return (self.folder / "log").read_text()

    def until(self, is_so: Callable[[], bool]) -> None:
        patience = time.monotonic() + PATIENCE
        while not is_so():
            assert time.monotonic() < patience, self.log()
            time.sleep(0.1)

    def has_beat(self, name: str) -> bool:
        return bool(execute(self.url, "SELECT 1 FROM crm_heartbeat WHERE name = %s", name))

    def works(self) -> None:
        """A task that is queued now runs and is acknowledged, and the cluster is whole."""
        package, name = Package(), f"asked at {time.monotonic()}"
        async_task("crm.heartbeats.beat", name, broker=package)
        now = datetime.now(UTC).replace(tzinfo=None) if self.url.startswith("sqlite") else datetime.now(UTC)
        row = "INSERT INTO django_q_ormq (key, payload, lock) VALUES ('default', %s, %s)"
        execute(self.url, row, package.packed, str(now))
        self.until(lambda: self.has_beat(name))
        waiting = "SELECT 1 FROM django_q_ormq WHERE payload = %s"
        self.until(lambda: not execute(self.url, waiting, package.packed))
        self.until(self.is_whole)


@pytest.fixture(scope="module")
def one_runner(
    tmp_path_factory: pytest.TempPathFactory, django_db_setup: None, django_db_blocker: pytest.FixtureRequest
) -> Iterator[Runner]:
    folder = tmp_path_factory.mktemp("runner")
    with django_db_blocker.unblock(), own_database(folder) as url:  # type: ignore[attr-defined]
        runner = Runner(url, folder)
        yield runner
        family = runner.family() if runner.process and runner.process.poll() is None else []
        if runner.process:
            runner.process.terminate()
            runner.process.wait(PATIENCE)
        for one in family:
            if one.is_running():
                one.kill()


@pytest.fixture
def runner(one_runner: Runner) -> Runner:
    """The runner at work; one for all tests, because each of its processes takes seconds to start."""
    if one_runner.process is None or one_runner.process.poll() is not None:
        one_runner.start()
    one_runner.works()
    return one_runner


def test_killed_idle_worker_does_not_stop_the_queue(runner: Runner) -> None:
    old = runner.main()
    for worker in runner.parts()[:2]:
        # One of the two waits with the queue's lock in its hand.
        worker.kill()
    runner.until(lambda: not old.is_running())
    assert "its sign of life is waiting for more than 3 seconds" in runner.log()
    runner.works()


def test_killed_monitor_does_not_stop_tasks_from_being_acknowledged(runner: Runner) -> None:
    old = runner.main()
    runner.parts()[2].kill()
    runner.until(lambda: not old.is_running())
    runner.works()


def test_killed_sentinel_leaves_no_orphans_and_is_replaced(runner: Runner) -> None:
    orphans = runner.parts()
    runner.sentinel().kill()
    runner.until(lambda: not any(orphan.is_running() for orphan in orphans))
    assert "its process ended (exit code 0)" in runner.log()
    runner.works()


def test_worker_that_hangs_is_replaced(runner: Runner) -> None:
    hanging = runner.parts()[0]
    hanging.suspend()
    runner.until(lambda: not hanging.is_running())
    runner.works()


def test_stopping_the_runner_leaves_no_process_behind(runner: Runner) -> None:
    runner.until(lambda: runner.has_beat("runner"))
    family = runner.family()
    assert runner.process and len(family) == 6
    runner.process.send_signal(signal.SIGTERM)
    assert runner.process.wait(PATIENCE) == 0
    assert not [one for one in family if one.is_running()]
    assert not runner.has_beat("runner"), "a stopped runner gives no sign of life"
    assert "Traceback" not in runner.log()
