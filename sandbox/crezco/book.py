"""What one Crezco account holds: demands, links to their pages, payments, and who is told of them.

A record is a dictionary as the API shows it. Names with an underscore in front are Crezco's own and never shown. A
record in the book is not changed in place: ``edit`` puts a changed copy there.
"""

from __future__ import annotations

import json
import secrets
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import count
from threading import RLock
from typing import Any

from ..state import StateFile
from .errors import no_such

Obj = dict[str, Any]
REALM = "crezco"
WORDS = {"demand": "pay demand", "payment": "payment", "webhook": "webhook", "link": "payment page"}


class Book:
    """Records by kind and id, in the order they were made; changed in whole steps, each kept before it is told."""

    def __init__(self, state: StateFile | None = None) -> None:
        self.state = state
        self.lock = RLock()
        self.tables: defaultdict[str, dict[str, Obj]] = defaultdict(dict)
        self.tell: Callable[[list[Obj]], None] = lambda payments: None
        self._before: dict[tuple[str, str], Obj | None] = {}
        self._happened: list[Obj] = []
        self._depth = 0
        self._numbers = count(1)
        if state:
            self._load(state)

    def _load(self, state: StateFile) -> None:
        rows, _ = state.read(REALM)
        kept = sorted(((kind, pk, json.loads(text)) for kind, pk, text in rows), key=lambda row: int(row[2]["_number"]))
        for kind, pk, obj in kept:
            self.tables[kind][pk] = obj
        self._numbers = count(kept[-1][2]["_number"] + 1 if kept else 1)

    # -- changing --

    @contextmanager
    def changing(self) -> Iterator[None]:
        """One step: all of it is kept and told, or, after an exception, nothing."""
        with self.lock:
            self._depth += 1
            try:
                yield
                if self._depth == 1:
                    self._keep()
            except BaseException:
                if self._depth == 1:
                    self._undo()
                raise
            finally:
                self._depth -= 1

    def _keep(self) -> None:
        happened, changed = self._happened, self._before
        if self.state:
            self.state.write(REALM, {key: json.dumps(self.tables[key[0]][key[1]]) for key in changed}, {})
        self._before, self._happened = {}, []
        if happened:
            self.tell(happened)

    def _undo(self) -> None:
        for (kind, pk), before in self._before.items():
            if before is None:
                del self.tables[kind][pk]
            else:
                self.tables[kind][pk] = before
        self._before, self._happened = {}, []

    def put(self, kind: str, pk: str, obj: Obj) -> Obj:
        """A new record, or a new state of an old one. Only inside ``changing``."""
        assert self._depth, "changes are made inside changing()"
        before = self.tables[kind].get(pk)
        self._before.setdefault((kind, pk), before)
        self.tables[kind][pk] = {**obj, "_kind": kind, "_id": pk}
        self.tables[kind][pk]["_number"] = before["_number"] if before else next(self._numbers)
        return self.tables[kind][pk]

    def edit(self, obj: Obj, **changes: Any) -> Obj:
        """The record with some values changed."""
        return self.put(obj["_kind"], obj["_id"], {**self.tables[obj["_kind"]][obj["_id"]], **changes})

    def emit(self, kind: str, payment: Obj) -> None:
        """Something happened to a payment."""
        self._happened.append({"kind": kind, "payment": payment, "demand": self.get("demand", payment["payDemandId"])})

    # -- looking --

    def find(self, kind: str, pk: str) -> Obj | None:
        """A record by its id."""
        return self.tables[kind].get(pk)

    def get(self, kind: str, pk: str) -> Obj:
        """A record that must be there."""
        found = self.find(kind, pk)
        if found is None:
            raise no_such(WORDS[kind], pk)
        return found

    def all(self, kind: str, **wanted: Any) -> list[Obj]:
        """The records of a kind with these values, oldest first."""
        return [one for one in self.tables[kind].values() if all(one.get(name) == wanted[name] for name in wanted)]


def public(obj: Obj) -> Obj:
    """A copy of a record as it is shown."""
    return {name: value for name, value in obj.items() if not name.startswith("_")}


def new_id() -> str:
    """An id as Crezco's are."""
    return str(uuid.uuid4())


def new_token() -> str:
    """The end of a page's address."""
    return secrets.token_urlsafe(16)


def moment() -> str:
    """Now, with the seven digits that Crezco's clock has."""
    return f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%f}0Z"
