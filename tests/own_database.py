"""A migrated database that other processes may use too, of the same kind as the tests' own; gone at the end."""

import os
import secrets
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psycopg
from django.db import connection
from psycopg import sql

ROOT = Path(__file__).resolve().parent.parent


@contextmanager
def own_database(folder: Path, *, empty: bool = False) -> Iterator[str]:
    """Gives a DATABASE_URL: a file in ``folder``, or a new database of the server that the tests run on.

    Its tables are copied from the tests' own database, so the caller needs access to that one.
    """
    if connection.vendor == "sqlite":
        path = folder / "own.sqlite3"
        if not empty:
            with closing(sqlite3.connect(connection.settings_dict["NAME"])) as source:
                with closing(sqlite3.connect(path)) as copy:
                    source.backup(copy)
        yield f"sqlite:///{path}"
        return
    server, name = os.environ["DATABASE_URL"].rsplit("/", 1)[0], f"own_{secrets.token_hex(6)}"
    with psycopg.connect(f"{server}/postgres", autocommit=True) as postgres:
        postgres.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        try:
            if not empty:
                source = f"{server}/{connection.settings_dict['NAME']}"
                dump = subprocess.run(["pg_dump", "--no-owner", source], capture_output=True, check=True)
                subprocess.run(["psql", "-qX", f"{server}/{name}"], input=dump.stdout, capture_output=True, check=True)
            yield f"{server}/{name}"
        finally:
            postgres.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def execute(url: str, query: str, *values: Any) -> list[tuple[Any, ...]]:
    """Run one statement (``%s`` for values) past Django; gives its rows."""
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"), timeout=20)) as sqlite, sqlite:
            return sqlite.execute(query.replace("%s", "?"), values).fetchall()
    with psycopg.connect(url) as postgres:
        cursor = postgres.execute(query.encode(), values)
        return cursor.fetchall() if cursor.description else []


def manage(folder: Path, *arguments: str, said: str = "", **variables: str) -> "subprocess.CompletedProcess[str]":
    """Run ``manage.py`` as a process of its own, its files in ``folder``; fails the test when it fails."""
    done = try_manage(folder, *arguments, said=said, **variables)
    assert done.returncode == 0, done.stdout + done.stderr
    return done


def try_manage(folder: Path, *arguments: str, said: str = "", **variables: str) -> "subprocess.CompletedProcess[str]":
    """The same, whatever comes of it; ``said`` is what a person types."""
    environment = {**os.environ, "DATA_DIR": str(folder), **variables}
    command = [sys.executable, "manage.py", *arguments, "--skip-checks"]
    return subprocess.run(
        command, cwd=ROOT, env=environment, input=said, capture_output=True, text=True, check=False, timeout=120
    )
