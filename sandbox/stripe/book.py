"""All objects of one Stripe account, and what has happened: changed in whole steps, each kept before it is answered.

An object is a dictionary as the API shows it. Names with an underscore in front are Stripe's own and never shown. An
object in the book is not changed in place: ``edit`` puts a changed copy there.
"""

from __future__ import annotations

import copy
import json
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from threading import RLock
from typing import Any

from ..state import StateFile
from . import names
from .clock import Clock
from .errors import no_such

Obj = dict[str, Any]
REALM = "stripe"
VERSION = "2026-10-28.endive"


class Book:
    """The objects by kind and id, in the order they were made."""

    def __init__(self, clock: Clock, state: StateFile | None = None) -> None:
        self.clock, self.state = clock, state
        self.lock = RLock()
        self.tables: defaultdict[str, dict[str, Obj]] = defaultdict(dict)
        self.answers: dict[str, Obj] = {}  # by idempotency key
        self.is_heard = False  # whether somebody is told of events
        self.holds_fees = False  # fees stay unknown for a while, as they may in real life
        self.tell: Callable[[list[Obj]], None] = lambda events: None
        self.request: Obj = {"id": None, "idempotency_key": None}  # that is being answered
        self._before: dict[tuple[str, str], Obj | None] = {}
        self._answered: dict[str, Obj] = {}
        self._happened: list[Obj] = []
        self._depth = 0
        self._numbers = count(1)
        if state:
            self._load(state)

    def _load(self, state: StateFile) -> None:
        rows, answers = state.read(REALM)
        objects = sorted((json.loads(text) for _, _, text in rows), key=lambda obj: int(obj["_number"]))
        for obj in objects:
            self.tables[obj["object"]][obj["id"]] = obj
        self._numbers = count(objects[-1]["_number"] + 1 if objects else 1)
        self.answers = {key: json.loads(text) for key, text in answers.items()}

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
        happened = self._happened
        if self.state:
            documents = {key: json.dumps(self.tables[key[0]][key[1]]) for key in self._before}
            self.state.write(REALM, documents, {key: json.dumps(one) for key, one in self._answered.items()})
        self._before, self._answered, self._happened = {}, {}, []
        if happened:
            self.tell(happened)

    def _undo(self) -> None:
        for (kind, pk), before in self._before.items():
            if before is None:
                del self.tables[kind][pk]
            else:
                self.tables[kind][pk] = before
        for key in self._answered:
            del self.answers[key]
        self._before, self._answered, self._happened = {}, {}, []

    def put(self, obj: Obj) -> Obj:
        """A new object, or a new state of an old one. Only inside ``changing``."""
        assert self._depth, "changes are made inside changing()"
        key = (obj["object"], obj["id"])
        before = self.tables[key[0]].get(key[1])
        self._before.setdefault(key, before)
        obj["_number"] = before["_number"] if before else next(self._numbers)
        self.tables[key[0]][key[1]] = obj
        return obj

    def edit(self, obj: Obj, **changes: Any) -> Obj:
        """The object with some values changed."""
        return self.put({**self.tables[obj["object"]][obj["id"]], **changes})

    def remember(self, key: str, answer: Obj) -> None:
        """What was answered under an idempotency key."""
        with self.changing():
            self.answers[key] = self._answered[key] = answer

    def emit(self, kind: str, obj: Obj, previous: Obj | None = None) -> None:
        """Something happened to an object: a snapshot of it, and what changed had been before."""
        data: Obj = {"object": public(self.tables[obj["object"]][obj["id"]])}
        if previous:
            data["previous_attributes"] = previous
        event = {
            "id": names.new("evt"),
            "object": "event",
            "api_version": VERSION,
            "created": self.clock.now(),
            "data": data,
            "livemode": False,
            "pending_webhooks": int(self.is_heard),
            "request": dict(self.request),
            "type": kind,
        }
        self._happened.append(self.put(event))

    # -- looking --

    def find(self, kind: str, pk: str | None) -> Obj | None:
        """An object by its id."""
        return self.tables[kind].get(pk or "")

    def get(self, kind: str, pk: str, param: str = "id") -> Obj:
        """An object that must be there."""
        found = self.find(kind, pk)
        if found is None:
            raise no_such(kind, pk, param)
        return found

    def all(self, kind: str, **wanted: Any) -> list[Obj]:
        """The objects of a kind with these values, oldest first."""
        return [one for one in self.tables[kind].values() if all(one.get(name) == wanted[name] for name in wanted)]

    def anything(self, pk: str) -> Obj | None:
        """An object of any kind."""
        return next((table[pk] for table in self.tables.values() if pk in table), None)


def public(obj: Obj) -> Obj:
    """A copy of an object as it is shown."""
    return {name: copy.deepcopy(value) for name, value in obj.items() if not name.startswith("_")}


def as_list(url: str, data: list[Obj], has_more: bool = False) -> Obj:
    """A list as the API shows it."""
    return {"object": "list", "data": data, "has_more": has_more, "url": url}
