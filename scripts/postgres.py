"""Run a command against a PostgreSQL server that lives only as long as the command: ``postgres.py make test``.

DATABASE_URL names it. The server keeps its files in a temporary folder, listens on a free loopback port and never
waits for the disk. PostgreSQL refuses to run as root, so root runs it as the system user ``postgres``.
"""

import glob
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

DATABASE = "tallybook"


def main() -> None:
    if len(sys.argv) < 2:
        sys.exit("Usage: postgres.py COMMAND [ARGUMENT ...]")
    signal.signal(signal.SIGTERM, leave)
    with server() as url:
        result = subprocess.run(sys.argv[1:], env={**os.environ, "DATABASE_URL": url}, check=False)
    sys.exit(result.returncode)


def leave(number: int, frame: FrameType | None) -> None:
    """SIGTERM ends like an exception, so that the server is stopped on the way out."""
    sys.exit(128 + number)


@contextmanager
def server() -> Iterator[str]:
    """A fresh server with one empty database; gives its address."""
    programs = find_programs()
    folder = Path(tempfile.mkdtemp(prefix="tallybook-postgres-"))
    as_user: dict[str, Any] = {}
    if os.geteuid() == 0:
        as_user = {"user": "postgres", "group": "postgres", "extra_groups": []}
        shutil.chown(folder, "postgres", "postgres")
    port = free_port()
    control = [str(programs / "pg_ctl"), "-D", str(folder / "data"), "-w"]
    try:
        quietly([str(programs / "initdb"), "-D", str(folder / "data"), "-U", "postgres", "--auth=trust", "--no-sync",
                 "--encoding=UTF8", "--locale=C.UTF-8"], folder, as_user)  # fmt: skip
        settings = f"-p {port} -h 127.0.0.1 -k {folder} -F -c synchronous_commit=off -c full_page_writes=off"
        quietly([*control, "-l", str(folder / "log"), "-o", settings, "start"], folder, as_user)
        quietly([str(programs / "createdb"), "-h", "127.0.0.1", "-p", str(port), "-U", "postgres", DATABASE],
                folder, as_user)  # fmt: skip
        yield f"postgres://postgres@127.0.0.1:{port}/{DATABASE}"
    finally:
        subprocess.run([*control, "-m", "immediate", "stop"], cwd=folder, capture_output=True, check=False, **as_user)
        shutil.rmtree(folder, ignore_errors=True)


def find_programs() -> Path:
    """The folder with initdb: Debian keeps it off the PATH, the newest version last."""
    on_path = shutil.which("initdb")
    if on_path:
        return Path(on_path).resolve().parent
    found = glob.glob("/usr/lib/postgresql/*/bin/initdb")
    if not found:
        sys.exit("PostgreSQL is not installed. On Debian and Ubuntu: apt-get install postgresql")
    return Path(max(found, key=lambda path: float(path.split("/")[4]))).parent


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def quietly(command: list[str], folder: Path, as_user: dict[str, Any]) -> None:
    """Run ``command`` without a word; if it fails, end with its words and the server's own log."""
    # The output goes to a file: a pipe would stay open in the server, and we would wait for its end.
    with (folder / "said").open("w+b") as said:
        done = subprocess.run(command, cwd=folder, stdout=said, stderr=said, check=False, **as_user)
        if done.returncode == 0:
            return
        said.seek(0)
        log = folder / "log"
        words = said.read() + (log.read_bytes() if log.exists() else b"")
    sys.exit(f"PostgreSQL did not start ({Path(command[0]).name}):\n{words.decode(errors='replace')}")


if __name__ == "__main__":
    main()
