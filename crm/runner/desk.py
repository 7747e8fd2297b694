"""What the workers of one machine are doing right now: small files in a folder that the runner gives its clusters.

A queue whose workers are all busy is slow and not stuck; the database cannot tell the two apart.
"""

import os
from pathlib import Path
from typing import Any

from django_q.signals import post_execute_in_worker, pre_execute

VARIABLE = "TALLYBOOK_RUNNER_DESK"
BEAT = "crm.heartbeats.beat"


def connect() -> None:
    """In a worker under the runner: note what it begins and ends. Elsewhere nothing."""
    if os.environ.get(VARIABLE):
        pre_execute.connect(_begins, dispatch_uid="crm.runner.begins")
        post_execute_in_worker.connect(_ends, dispatch_uid="crm.runner.ends")


def _begins(**kwargs: Any) -> None:
    (Path(os.environ[VARIABLE]) / f"busy-{os.getpid()}").touch()


def _ends(task: dict[str, Any], **kwargs: Any) -> None:
    desk = Path(os.environ[VARIABLE])
    (desk / f"busy-{os.getpid()}").unlink(missing_ok=True)
    if task["func"] == BEAT:
        (desk / f"ran-{task['id']}").touch()


def is_busy(desk: Path, workers: set[int]) -> bool:
    """Whether one of these processes is at a task."""
    return any((desk / f"busy-{pid}").exists() for pid in workers)


def has_run(desk: Path, task_id: str) -> bool:
    """Whether a worker of this machine has run that beat, acknowledged or not."""
    return (desk / f"ran-{task_id}").exists()


def forget(desk: Path, task_id: str) -> None:
    (desk / f"ran-{task_id}").unlink(missing_ok=True)
