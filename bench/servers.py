"""The web server of an installation, as docs/deploy starts it, over one of the doors that are compared."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from bench.books import ROOT
from bench.databases import ENVIRONMENT
from scripts.postgres import free_port

GUNICORN = ("--worker-class", "gthread", "--workers", "2", "--threads", "4")  # as in docs/deploy


@contextmanager
def gunicorn(door: str, ask: Callable[[int], object], **environment: str) -> Iterator[int]:
    """Its port, once ``ask(port)`` is answered; until then it raises OSError."""
    port = free_port()
    command = [sys.executable, "-m", "gunicorn", door, "--bind", f"127.0.0.1:{port}", *GUNICORN]
    whole = {
        **os.environ,
        **ENVIRONMENT,
        "DJANGO_SETTINGS_MODULE": "crm.settings",
        "PYTHONWARNINGS": "ignore",  # of a folder of static files that nobody has gathered
        **environment,
    }
    with subprocess.Popen([*command, "--log-level", "warning"], cwd=ROOT, env=whole) as process:
        try:
            _wait(ask, port, process)
            yield port
        finally:
            process.terminate()


def _wait(ask: Callable[[int], object], port: int, process: "subprocess.Popen[bytes]") -> None:
    patience = time.monotonic() + 60
    while True:
        try:
            ask(port)
            return
        except OSError:
            if process.poll() is not None or time.monotonic() > patience:
                sys.exit("The web server did not start; its own words stand above.")
            time.sleep(0.1)
