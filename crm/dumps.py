"""The database as one file and back, in one transaction: SQLite by its backup API, PostgreSQL by its own programs."""

import os
import shutil
import sqlite3
import subprocess
import time
from contextlib import closing
from pathlib import Path

from django.db import DatabaseError, connection
from django.db.backends.postgresql.client import DatabaseClient

LOCK_SECONDS = 30

# Tables only: the schema itself may belong to somebody else, and everything else of ours hangs on the tables.
EMPTY = """
DO $$ DECLARE name text; BEGIN
  FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = current_schema() LOOP
    EXECUTE format('DROP TABLE %I.%I CASCADE', current_schema(), name);
  END LOOP;
END $$;
"""


class DumpError(Exception):
    """What the database's own program said; the database is as it was."""


def dump(target: Path) -> None:
    """The whole database as it is at this moment, while others go on writing."""
    if connection.vendor == "sqlite":
        with closing(open_sqlite()) as source, closing(sqlite3.connect(target)) as copy:
            copy_sqlite(source, copy)
            # In one file: a copy in WAL mode would bring two more.
            copy.execute("PRAGMA journal_mode=DELETE")
    else:
        with target.open("wb") as file:
            run("pg_dump", ["--no-owner", "--no-privileges"], stdout=file.fileno())
    target.chmod(0o600)


def load(source: Path) -> None:
    """Put the dump in the place of all there is. Raises DumpError, and then nothing has changed."""
    connection.close()
    if connection.vendor == "sqlite":
        load_sqlite(source)
        return
    empty = source.with_suffix(".empty")
    empty.write_text(EMPTY)
    options = ["-q", "-X", "--single-transaction", "-v", "ON_ERROR_STOP=1", "-f", str(empty), "-f", str(source)]
    run("psql", options, stdout=subprocess.DEVNULL)


def load_sqlite(source: Path) -> None:
    # Through Django, which brings the functions that our constraints call: the check runs them.
    dumped = connection.copy()
    dumped.settings_dict["NAME"] = str(source)
    try:
        with dumped.cursor() as cursor:
            answer = cursor.execute("PRAGMA integrity_check").fetchone()[0]
            if answer != "ok":
                raise DumpError(f"The database in the backup is damaged ({answer}).")
            # Into the open file, not over it: other processes see either the old or the new content.
            with closing(open_sqlite()) as live:
                copy_sqlite(dumped.connection, live)
    except DatabaseError as error:
        raise DumpError(f"The database in the backup is damaged ({error}).") from error
    finally:
        dumped.close()


def open_sqlite() -> sqlite3.Connection:
    """The database by a connection apart: SQLite does not copy from or into one that is in a transaction."""
    return sqlite3.connect(connection.settings_dict["NAME"])


def copy_sqlite(source: sqlite3.Connection, target: sqlite3.Connection) -> None:
    """Raises DumpError when somebody keeps writing for too long: the copy itself would wait for ever."""
    patience = time.monotonic() + LOCK_SECONDS

    def look_at_the_clock(status: int, remaining: int, total: int) -> None:
        if status in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED} and time.monotonic() > patience:
            raise DumpError(f"The database is in use and was locked for {LOCK_SECONDS} seconds.")

    source.backup(target, progress=look_at_the_clock)


def run(program: str, options: list[str], stdout: int) -> None:
    """One of PostgreSQL's programs on our database. The password travels in the environment, where ps does not look."""
    if shutil.which(program) is None:
        raise DumpError(f"{program} is not installed. On Debian and Ubuntu: apt-get install postgresql-client")
    database, environment = DatabaseClient.settings_to_cmd_args_env(connection.settings_dict, [])
    done = subprocess.run(
        [program, *options, *database[1:]],
        env={**os.environ, **(environment or {})},
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        stderr=subprocess.PIPE,
        check=False,
    )
    if done.returncode != 0:
        raise DumpError(f"{program} failed: {done.stderr.decode(errors='replace').strip()}")
