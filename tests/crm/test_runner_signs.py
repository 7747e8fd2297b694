"""When a queue counts as stuck, and when it is only busy."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from django_q.models import OrmQ, Task

from crm import heartbeats
from crm.models import Heartbeat
from crm.runner import desk
from crm.runner.signs import Signs

pytestmark = pytest.mark.django_db
LONG_AGO = timezone.now() - timedelta(hours=1)


class Cluster:
    """What Signs asks of a cluster: its folder, and its processes."""

    def __init__(self, folder: Path) -> None:
        self.desk = folder

    def parts(self) -> set[int]:
        return {17}


@pytest.fixture
def cluster(tmp_path: Path) -> Any:
    return Cluster(tmp_path)


@pytest.fixture
def signs(cluster: Any) -> Signs:
    """A sign of life has been waiting in the default queue for half a minute."""
    signs = Signs("default")
    signs.send(cluster)
    signs.sent_at = timezone.now() - timedelta(seconds=30)
    return signs


def test_a_sign_of_life_that_does_not_come_back_is_trouble(signs: Signs, cluster: Any) -> None:
    assert "waiting for more than 20 seconds" in signs.trouble(LONG_AGO, 20, cluster)
    assert signs.trouble(LONG_AGO, 40, cluster) == ""


def test_one_that_came_back_is_none(signs: Signs, cluster: Any) -> None:
    OrmQ.objects.all().delete()
    assert not signs.is_waiting()
    assert signs.trouble(LONG_AGO, 20, cluster) == ""


def test_busy_workers_are_waited_for_as_long_as_a_task_may_take(signs: Signs, cluster: Any, tmp_path: Path) -> None:
    (tmp_path / "busy-17").touch()
    assert signs.trouble(LONG_AGO, 20, cluster) == ""
    signs.sent_at = timezone.now() - timedelta(seconds=heartbeats.limit_of("default") + 1)
    assert "waiting for more than 180 seconds" in signs.trouble(LONG_AGO, heartbeats.limit_of("default"), cluster)


def test_the_note_of_a_dead_worker_excuses_nothing(signs: Signs, cluster: Any, tmp_path: Path) -> None:
    (tmp_path / "busy-18").touch()
    assert signs.trouble(LONG_AGO, 20, cluster)


def test_what_runs_and_is_never_acknowledged_is_trouble_though_workers_are_busy(
    signs: Signs, cluster: Any, tmp_path: Path
) -> None:
    (tmp_path / "busy-17").touch()
    (tmp_path / f"ran-{signs.task_id}").touch()
    assert signs.trouble(LONG_AGO, 20, cluster) == "what it does is not acknowledged"


def test_a_long_line_that_moves_is_none(signs: Signs, cluster: Any) -> None:
    now = timezone.now()
    Task.objects.create(
        id="1", name="x", func="x", cluster="default", started=now, stopped=now, success=True, attempt_count=1
    )
    assert signs.trouble(LONG_AGO, 20, cluster) == ""


def test_a_cluster_that_has_just_started_is_given_time(signs: Signs, cluster: Any) -> None:
    assert signs.trouble(timezone.now(), 20, cluster) == ""


def test_rows_that_nobody_takes_are_trouble(cluster: Any) -> None:
    OrmQ.objects.create(key="default", payload="x", lock=timezone.now() - timedelta(seconds=181))
    assert Signs("default").trouble(LONG_AGO, 180, cluster) == "tasks are waiting that nobody takes"
    assert Signs("long").trouble(LONG_AGO, 180, cluster) == ""


def test_a_scheduler_that_sleeps_is_trouble() -> None:
    signs = Signs("default")
    Heartbeat.objects.create(name="scheduler", beat_at=timezone.now() - timedelta(seconds=271))
    assert signs.scheduler_trouble(LONG_AGO) == "nothing was scheduled for 270 seconds"
    assert signs.scheduler_trouble(timezone.now()) == ""
    heartbeats.scheduler_beat()
    assert signs.scheduler_trouble(LONG_AGO) == ""


def test_workers_note_what_they_are_at(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import os

    monkeypatch.setenv(desk.VARIABLE, str(tmp_path))
    desk._begins()
    assert desk.is_busy(tmp_path, {os.getpid()})
    desk._ends({"func": desk.BEAT, "id": "abc"})
    assert not desk.is_busy(tmp_path, {os.getpid()})
    assert desk.has_run(tmp_path, "abc")
