"""The running product: a web server and workers as in production, killed at random and started again."""

import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections import Counter
from dataclasses import dataclass, field
from random import Random
from types import TracebackType
from typing import Self

import psutil

from campaign.place import ROOT

GUNICORN = ("--worker-class", "gthread", "--workers", "2", "--threads", "4", "--log-level", "critical")
PATIENCE = 60.0


@dataclass
class Member:
    name: str
    command: list[str]
    process: "subprocess.Popen[bytes] | None" = None

    def launch(self) -> None:
        self.process = subprocess.Popen(
            self.command,
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def family(self) -> list[psutil.Process]:
        """The main process and everything below it: sentinels, workers, monitors, pushers. Of a dead one nothing: its
        number may be somebody else's by now.
        """
        if self.process is None or self.process.poll() is not None:
            return []
        try:
            main = psutil.Process(self.process.pid)
            return [main, *main.children(recursive=True)]
        except psutil.NoSuchProcess:
            return []


@dataclass
class Crew:
    """Use it as a context. ``killed`` counts by what it was: the main process of whom, or something below it."""

    port: int
    killed: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        web = [sys.executable, "-m", "gunicorn", "crm.wsgi", "--bind", f"127.0.0.1:{self.port}", *GUNICORN]
        work = [sys.executable, "manage.py", "work", "--skip-checks"]
        self.members = [Member("web", web), Member("worker 1", work), Member("worker 2", work)]

    def __enter__(self) -> Self:
        for member in self.members:
            member.launch()
        patience = time.monotonic() + PATIENCE
        while not self._answers():
            if time.monotonic() > patience:
                self.kill_all()
                sys.exit("The web server did not start.")
            time.sleep(0.1)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.kill_all()

    def _answers(self) -> bool:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{self.port}/webhooks/quickbooks/", timeout=5)
        except urllib.error.HTTPError:
            return True  # it wants a POST
        except OSError:
            return False
        return True

    def kill_someone(self, luck: Random) -> None:
        """kill -9, whatever it is doing."""
        member = luck.choice(self.members)
        family = member.family()
        if family:
            victim = luck.choice(family)
            self.killed[member.name if victim is family[0] else f"below {member.name}"] += 1
            _kill(victim)

    def revive(self) -> None:
        """What a service manager does."""
        for member in self.members:
            if member.process is None or member.process.poll() is not None:
                member.launch()

    def kill_all(self) -> None:
        """Everybody of this installation: whose parent was killed is below nobody, and must end all the same."""
        while victims := _living():  # one of them may have started another in the meantime
            for victim in victims:
                _kill(victim)
        for member in self.members:
            if member.process:
                member.process.wait()


def _living() -> list[psutil.Process]:
    folder = os.environ["DATA_DIR"]
    return [one for one in psutil.process_iter() if one.pid != os.getpid() and _folder_of(one) == folder]


def _folder_of(process: psutil.Process) -> str:
    try:
        return process.environ().get("DATA_DIR", "")
    except psutil.Error:
        return ""


def _kill(victim: psutil.Process) -> None:
    try:
        victim.kill()  # psutil looks whether the number is still the same process's
    except psutil.NoSuchProcess:
        pass
