"""What the books tell the world after a change: one notice for each document that has changed."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .store import Entry, Mark, Record, Store

OPERATIONS = ("created", "updated", "deleted", "merged", "void", "emailed")
UNTOLD = frozenset({"TaxCode", "TaxRate", "CompanyInfo"})  # Intuit's table of entities with webhooks has none of these


@dataclass(frozen=True)
class Notice:
    """Something happened to a document; who wants to know more reads it. ``pk`` of a merge is the survivor."""

    realm_id: str
    entity: str
    pk: str
    operation: str
    deleted_id: str = ""  # the loser of a merge
    at: int = field(default_factory=time.time_ns)  # nanoseconds since 1970
    id: str = field(default_factory=lambda: str(uuid.uuid4()))

    def __post_init__(self) -> None:
        if self.operation not in OPERATIONS:
            raise ValueError(f"There is no operation {self.operation!r}.")


def notices(store: Store, journal: list[Entry], marks: list[Mark]) -> list[Notice]:
    """The notices of a change that is done. What seeds dated into the past is told to nobody."""
    return list(_noticed(store, journal, {(mark.entity, mark.pk): mark for mark in marks}))


def _noticed(store: Store, journal: list[Entry], marks: dict[tuple[str, str], Mark]) -> Iterator[Notice]:
    first: dict[tuple[str, str], Entry] = {}
    for entry in journal:
        if entry.told:
            first.setdefault((entry.entity, entry.pk), entry)
    for (entity, pk), entry in first.items():
        mark = marks.get((entity, pk))
        operation = _operation(entry.before, store.tables[entity].get(pk))
        if mark and (operation == "updated" or not mark.operation):
            operation = mark.operation
        if operation and entity not in UNTOLD:
            deleted_id = mark.deleted_id if mark and operation == "merged" else ""
            yield Notice(store.realm_id, entity, pk, operation, deleted_id)


def _operation(before: Record | None, after: Record | None) -> str:
    """Only a SyncToken that moved is an update; a customer's balance that follows its invoices is none."""
    if before is None:
        return "created" if after else ""
    if after is None:
        return "deleted"
    return "updated" if before.document.get("SyncToken") != after.document.get("SyncToken") else ""
