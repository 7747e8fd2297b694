"""Books, tokens and payments in one SQLite file, written through with every change, so that they outlive a kill -9."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from threading import Lock
from typing import Any

from .quickbooks.company import Company
from .quickbooks.store import Record

TABLES = """
CREATE TABLE IF NOT EXISTS document (realm TEXT, entity TEXT, id TEXT, json TEXT, PRIMARY KEY (realm, entity, id));
CREATE TABLE IF NOT EXISTS grave (realm TEXT, entity TEXT, id TEXT, at REAL, PRIMARY KEY (realm, entity, id));
CREATE TABLE IF NOT EXISTS answer (realm TEXT, requestid TEXT, json TEXT, PRIMARY KEY (realm, requestid));
CREATE TABLE IF NOT EXISTS kept (name TEXT PRIMARY KEY, json TEXT);
"""


class StateFile:
    """The file behind ``--state``."""

    def __init__(self, path: str | Path) -> None:
        self.connection = sqlite3.connect(path, check_same_thread=False)
        self.connection.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;" + TABLES)
        self.lock = Lock()

    def save(self, realm_id: str, changes: list[tuple[str, str, Record | None]], extras: dict[str, Any]) -> None:
        """One change of one company's books, all of it or nothing."""
        graves = extras["graves"]
        written = [(realm_id, entity, pk, record.json) for entity, pk, record in changes if record]
        gone = [(realm_id, entity, pk) for entity, pk, record in changes if not record]
        dug = [(*key, graves[key[1]][key[2]]) for key in gone if key[2] in graves[key[1]]]
        answers = [(realm_id, request_id, answer) for request_id, answer in extras["answers"].items()]
        with self.lock, self.connection as db:
            db.executemany("REPLACE INTO document VALUES (?, ?, ?, ?)", written)
            db.executemany("DELETE FROM document WHERE realm = ? AND entity = ? AND id = ?", gone)
            db.executemany("REPLACE INTO grave VALUES (?, ?, ?, ?)", dug)
            db.executemany("REPLACE INTO answer VALUES (?, ?, ?)", answers)
            db.execute("REPLACE INTO kept VALUES (?, ?)", (f"counters/{realm_id}", json.dumps(extras["counters"])))

    def write(self, realm: str, documents: dict[tuple[str, str], str], answers: dict[str, str]) -> None:
        """Documents and answers of a stand-in that has no books: all of them or none."""
        with self.lock, self.connection as db:
            rows = [(realm, entity, pk, text) for (entity, pk), text in documents.items()]
            db.executemany("REPLACE INTO document VALUES (?, ?, ?, ?)", rows)
            db.executemany("REPLACE INTO answer VALUES (?, ?, ?)", [(realm, *one) for one in answers.items()])

    def read(self, realm: str) -> tuple[list[tuple[str, str, str]], dict[str, str]]:
        """What ``write`` has kept: (entity, id, text) in no particular order, and the answers."""
        with self.lock:
            query = "SELECT entity, id, json FROM document WHERE realm = ?"
            documents = self.connection.execute(query, (realm,)).fetchall()
            answers = self.connection.execute("SELECT requestid, json FROM answer WHERE realm = ?", (realm,)).fetchall()
        return documents, dict(answers)

    def keep(self, name: str, value: object) -> None:
        """Keep one value under a name."""
        with self.lock, self.connection as db:
            db.execute("REPLACE INTO kept VALUES (?, ?)", (name, json.dumps(value)))

    def kept(self, name: str) -> Any:
        """What was kept under a name, None when nothing was."""
        with self.lock:
            row = self.connection.execute("SELECT json FROM kept WHERE name = ?", (name,)).fetchone()
        return json.loads(row[0]) if row else None

    def load(self, company: Company) -> bool:
        """Fill a company from the file; False when the file does not know it."""
        counters = self.kept(f"counters/{company.realm_id}")
        if counters is None:
            return False
        store = company.store
        store.counters = counters
        with self.lock:
            rows = self.connection.execute(
                "SELECT entity, json FROM document WHERE realm = ? ORDER BY entity, CAST(id AS INTEGER), rowid",
                (company.realm_id,),
            )
            for entity, text in rows:
                store.load(entity, text)
            graves = self.connection.execute("SELECT entity, id, at FROM grave WHERE realm = ?", (company.realm_id,))
            for entity, pk, at in graves:
                store.graves[entity][pk] = at
            answers = self.connection.execute("SELECT requestid, json FROM answer WHERE realm = ?", (company.realm_id,))
            store.answers.update(dict(answers.fetchall()))
        company.reindex()
        return True

    def close(self) -> None:
        """Close the file."""
        with self.lock:
            self.connection.close()
