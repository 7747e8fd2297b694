"""One company's documents: tables by entity, Ids, gravestones, and a journal so that a refused change leaves no trace.

Documents are never changed in place: who changes one puts a new one. So their JSON can be kept.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import RLock
from typing import Any, NamedTuple, Protocol

from .clock import parse_moment, stamp
from .notices import Notice, notices
from .query import Query, matcher, sort_key
from .schema import ENTITIES

Document = dict[str, Any]


class Record:
    """A document, its JSON once somebody asked for it, and when it last changed."""

    __slots__ = ("_json", "document", "updated")

    def __init__(self, document: Document, updated: float) -> None:
        self.document = document
        self.updated = updated
        self._json: str | None = None

    @property
    def json(self) -> str:
        """The document as it goes over the wire."""
        if self._json is None:
            self._json = json.dumps(self.document, ensure_ascii=False, separators=(",", ":"))
        return self._json


class Entry(NamedTuple):
    """One step of a change: what stood there before. ``told`` is false for what is dated into the past."""

    entity: str
    pk: str
    before: Record | None
    told: bool


class Mark(NamedTuple):
    """The word for what happened to a document when "updated" does not say it; "" tells nobody."""

    entity: str
    pk: str
    operation: str
    deleted_id: str = ""


class Keeper(Protocol):
    """Where changes are written through to; see ``sandbox.state``."""

    def save(self, realm_id: str, changes: list[tuple[str, str, Record | None]], extras: Document) -> None:
        """Write records (None: deleted) and the company's counters in one go."""


class Store:
    """Tables of one company."""

    def __init__(self, realm_id: str, keeper: Keeper | None = None) -> None:
        self.realm_id = realm_id
        self.keeper = keeper
        self.lock = RLock()
        self.tables: dict[str, dict[str, Record]] = {entity.name: {} for entity in ENTITIES.values()}
        self.graves: dict[str, dict[str, float]] = {entity.name: {} for entity in ENTITIES.values()}
        self.counters: dict[str, int] = {}
        self.answers: dict[str, str] = {}  # requestid -> the first answer
        self.on_rollback: Callable[[], None] = lambda: None
        self.on_change: Callable[[list[Notice]], None] = lambda _: None
        self._journal: list[Entry] | None = None
        self._marks: list[Mark] = []
        self._quiet = False
        self._new_answers: dict[str, str] = {}
        self._selections: dict[str, dict[tuple[Any, ...], list[Record]]] = {}
        self._moment: float | None = None

    # -- changing --

    @property
    def now(self) -> float:
        """The moment of the change under way; seeds set it to the past."""
        return time.time() if self._moment is None else self._moment

    @contextmanager
    def changing(self, at: float | None = None) -> Iterator[None]:
        """All puts and removals inside hold together or not at all."""
        with self.lock:
            if self._journal is not None:
                yield
                return
            self._journal, counters, self._moment = [], dict(self.counters), at
            try:
                yield
                self._write_through(self._journal)
            except BaseException:
                self._roll_back(self._journal)
                self.counters = counters
                for request_id in self._new_answers:
                    self.answers.pop(request_id, None)
                raise
            else:
                self.on_change(notices(self, self._journal, self._marks))
            finally:
                self._journal, self._moment, self._new_answers, self._marks = None, None, {}, []

    @contextmanager
    def part(self) -> Iterator[None]:
        """Inside a change: what fails in here is taken back alone."""
        journal = self._journal if self._journal is not None else []
        mark, marks, counters = len(journal), len(self._marks), dict(self.counters)
        try:
            yield
        except BaseException:
            self._roll_back(journal[mark:])
            del journal[mark:], self._marks[marks:]
            self.counters = counters
            raise

    @contextmanager
    def dated(self, at: float | None) -> Iterator[None]:
        """Let what happens inside a longer change bear another date."""
        before, self._moment = self._moment, at if at is not None else self._moment
        try:
            yield
        finally:
            self._moment = before

    @contextmanager
    def quietly(self) -> Iterator[None]:
        """Let what happens inside a change be told to nobody, as with a bulk load."""
        before, self._quiet = self._quiet, True
        try:
            yield
        finally:
            self._quiet = before

    def mark(self, entity: str, pk: str, operation: str, deleted_id: str = "") -> None:
        """Say what the change under way is to this document."""
        self._marks.append(Mark(entity, pk, operation, deleted_id))

    def _write_through(self, journal: list[Entry]) -> None:
        if self.keeper is None or not (journal or self._new_answers):
            return
        touched = dict.fromkeys((entry.entity, entry.pk) for entry in journal)
        changes = [(entity, pk, self.tables[entity].get(pk)) for entity, pk in touched]
        extras = {"counters": self.counters, "answers": self._new_answers, "graves": self.graves}
        self.keeper.save(self.realm_id, changes, extras)

    def _roll_back(self, journal: list[Entry]) -> None:
        for entity, pk, before, _ in reversed(journal):
            self._selections.pop(entity, None)
            self.graves[entity].pop(pk, None)
            if before is None:
                self.tables[entity].pop(pk, None)
            else:
                self.tables[entity][pk] = before
        if journal:
            self.on_rollback()

    def _note(self, entity: str, pk: str) -> None:
        if self._journal is None:
            raise RuntimeError("a change outside Store.changing()")
        told = self._moment is None and not self._quiet
        self._journal.append(Entry(entity, pk, self.tables[entity].get(pk), told))
        self._selections.pop(entity, None)

    def next_id(self, entity: str) -> str:
        """The next Id; names share one sequence, transactions another."""
        family = ENTITIES[entity.lower()].family
        self.counters[family] = self.counters.get(family, 0) + 1
        return str(self.counters[family])

    def put(self, entity: str, document: Document) -> Record:
        """Put a document in its place."""
        pk = document["Id"]
        self._note(entity, pk)
        record = Record(document, parse_moment(document["MetaData"]["LastUpdatedTime"]))
        self.tables[entity][pk] = record
        return record

    def load(self, entity: str, text: str) -> None:
        """Take a document from a file, in the order of Ids."""
        document: Document = json.loads(text)
        record = Record(document, parse_moment(document["MetaData"]["LastUpdatedTime"]))
        self.tables[entity][document["Id"]] = record

    def remove(self, entity: str, pk: str) -> None:
        """Take a document away; change data capture will tell of it."""
        self._note(entity, pk)
        del self.tables[entity][pk]
        self.graves[entity][pk] = float(int(self.now))

    def remember_answer(self, request_id: str, answer: str) -> None:
        """Keep the first answer to a requestid."""
        self.answers[request_id] = self._new_answers[request_id] = answer

    def meta(self, before: Document | None = None) -> Document:
        """MetaData of a document that changes now."""
        moment = stamp(self.now)
        return {"CreateTime": before["MetaData"]["CreateTime"] if before else moment, "LastUpdatedTime": moment}

    # -- reading --

    def find(self, entity: str, pk: object) -> Document | None:
        """The document, which the caller must not change."""
        record = self.tables[entity].get(str(pk))
        return record.document if record else None

    def selection(self, query: Query) -> list[Record]:
        """All records a query means, in order. Kept until the table changes, so later pages cost nothing."""
        table = query.entity.name
        kept = self._selections.setdefault(table, {})
        found = kept.get(query.shape)
        if found is None:
            found = self._select(query)
            if len(kept) > 20:
                kept.clear()
            kept[query.shape] = found
        return found

    def _select(self, query: Query) -> list[Record]:
        records = self._candidates(query)
        for condition in query.conditions:
            fits = matcher(condition)
            records = [record for record in records if fits(record.document)]
        if query.entity.is_name_list and not any(one.path == "Active" for one in query.conditions):
            records = [record for record in records if record.document.get("Active", True)]
        for path, kind, descending in reversed(query.order or self._usual_order(query)):
            if (path, descending) != ("Id", False) or kind != "id" or len(query.order) > 1:
                key = sort_key(path, kind)
                records.sort(key=lambda record: key(record.document), reverse=descending)
        return records

    def _candidates(self, query: Query) -> list[Record]:
        """The table in Id order, or just the rows that were asked for by Id."""
        table = self.tables[query.entity.name]
        for condition in query.conditions:
            if condition.path == "Id":
                wanted = dict.fromkeys(condition.values)
                found = [table[pk] for pk in wanted if pk in table]
                return sorted(found, key=lambda record: sort_key("Id", "id")(record.document))
        return list(table.values())

    @staticmethod
    def _usual_order(query: Query) -> tuple[tuple[str, str, bool], ...]:
        """Customers come by full name, as recorded; the rest oldest first."""
        if query.entity.name == "Customer":
            return (("FullyQualifiedName", "text", False),)
        return ()
