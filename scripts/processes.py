"""A few programs that run together: what dies is told and started again, and all stop together."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

STOP_SECONDS = 40  # the worker itself gives its queues 30
PR_SET_PDEATHSIG = 1
# So many deaths within so many seconds: starting it again does not help.
DEATHS, WITHIN = 4, 60.0


@dataclass
class Member:
    name: str
    command: Sequence[str]
    process: "subprocess.Popen[bytes] | None" = None
    died_at: list[float] = field(default_factory=list)


@dataclass
class Crew:
    """Use it as a context: entering starts everyone, leaving stops everyone, whatever happened."""

    members: list[Member]
    environment: Mapping[str, str]
    folder: Path

    def __enter__(self) -> Self:
        try:
            for member in self.members:
                self.launch(member)
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    def launch(self, member: Member) -> None:
        """Start one program in a session of its own, so that Ctrl-C reaches us alone and we stop it properly."""
        member.process = subprocess.Popen(
            member.command,
            cwd=self.folder,
            env=dict(self.environment),
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=end_with_parent,  # noqa: PLW1509 - there are no threads here
        )

    def wait_until(self, is_ready: Callable[[], bool], seconds: float) -> None:
        patience = time.monotonic() + seconds
        while not is_ready():
            self.revive()
            if time.monotonic() > patience:
                sys.exit(f"The web server did not answer within {seconds:.0f} seconds. All is stopped.")
            time.sleep(0.2)

    def watch(self) -> None:
        """Until somebody stops us."""
        while True:
            self.revive()
            time.sleep(0.5)

    def revive(self) -> None:
        for member in self.members:
            code = member.process.poll() if member.process else None
            if code is None:
                continue
            now = time.monotonic()
            member.died_at = [at for at in member.died_at if now - at < WITHIN] + [now]
            if len(member.died_at) >= DEATHS:
                sys.exit(f"{member.name} ended {DEATHS} times within a minute (last: {meaning(code)}). All is stopped.")
            print(f"{member.name} ended ({meaning(code)}) and is started again.", flush=True)
            self.end_group(member)
            time.sleep(0.5 * len(member.died_at))
            self.launch(member)

    def stop(self) -> None:
        """Ask everyone at once, wait, then end what is left."""
        # A second Ctrl-C must not leave half of them behind.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        running = [member for member in self.members if member.process and member.process.poll() is None]
        for member in running:
            if member.process:
                member.process.terminate()
        patience = time.monotonic() + STOP_SECONDS
        for member in running:
            if member.process:
                try:
                    member.process.wait(max(0.1, patience - time.monotonic()))
                except subprocess.TimeoutExpired:
                    print(f"{member.name} did not stop in time and is ended.", flush=True)
        for member in self.members:
            self.end_group(member)

    def end_group(self, member: Member) -> None:
        """End whatever is left of the program's own process group, orphans too."""
        if member.process is None:
            return
        try:
            os.killpg(member.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        member.process.wait()


def meaning(code: int) -> str:
    return f"exit code {code}" if code >= 0 else f"signal {signal.Signals(-code).name}"


def end_with_parent() -> None:
    """In the child: be asked to stop should the parent vanish, even by kill -9. Linux alone can do that."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
