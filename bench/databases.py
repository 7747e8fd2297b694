"""A fresh, migrated database for each measurement: a SQLite file, or one on the server that DATABASE_URL names."""

import os
import secrets
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Protocol

import psycopg
from psycopg import sql

from bench.books import ROOT

# No .env is read: the project's settings with their defaults, and secrets that protect nothing.
ENVIRONMENT = {
    "TALLYBOOK_ENV_FILE": "",
    "SECRET_KEY": "only-for-benchmarks-" + "x" * 50,
    "FIELD_ENCRYPTION_KEYS": "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=",
    "LOG_LEVEL": "WARNING",
}


class Databases(Protocol):
    name: str

    def fresh(self) -> AbstractContextManager[str]:
        """The DATABASE_URL of an empty, migrated database, which is gone afterwards."""


def migrate(url: str) -> None:
    for command in ("migrate", "createcachetable"):
        environment = {**os.environ, **ENVIRONMENT, "DATABASE_URL": url}
        subprocess.run([sys.executable, "manage.py", command, "--verbosity=0"], cwd=ROOT, env=environment, check=True)


class Files:
    """SQLite: the migrated file is copied."""

    name = "SQLite"

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.model = folder / "model.sqlite3"
        migrate(f"sqlite:///{self.model}")

    @contextmanager
    def fresh(self) -> Iterator[str]:
        path = self.folder / f"{secrets.token_hex(4)}.sqlite3"
        shutil.copy(self.model, path)
        try:
            yield f"sqlite:///{path}"
        finally:
            for file in self.folder.glob(f"{path.name}*"):
                file.unlink()


class Server:
    """PostgreSQL: the migrated database is the template of the others."""

    name = "PostgreSQL"

    def __init__(self, url: str) -> None:
        self.base, self.model = url.rsplit("/", 1)[0], f"bench_{secrets.token_hex(4)}"
        self._say("CREATE DATABASE {}", self.model)
        migrate(f"{self.base}/{self.model}")

    @contextmanager
    def fresh(self) -> Iterator[str]:
        name = f"bench_{secrets.token_hex(4)}"
        self._say("CREATE DATABASE {} TEMPLATE {}", name, self.model)
        try:
            yield f"{self.base}/{name}"
        finally:
            self.drop(name)

    def drop(self, name: str) -> None:
        self._say("DROP DATABASE {} WITH (FORCE)", name)

    def _say(self, statement: str, *names: str) -> None:
        with psycopg.connect(f"{self.base}/postgres", autocommit=True) as server:
            server.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))


@contextmanager
def databases(url: str) -> Iterator[Databases]:
    """Where fresh databases come from; ``url`` is DATABASE_URL, SQLite in a temporary folder if it names no server."""
    if url.startswith("postgres"):
        server = Server(url)
        try:
            yield server
        finally:
            server.drop(server.model)
    else:
        with TemporaryDirectory(prefix="tallybook-bench-") as folder:
            yield Files(Path(folder))
