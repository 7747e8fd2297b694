"""Change data capture: what changed since a moment, deletions included, 30 days back and 1000 objects at most."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

from .clock import parse_moment, stamp
from .errors import Fault, missing
from .schema import ENTITIES, Entity

if TYPE_CHECKING:
    from .company import Company

DAYS_BACK = 30
MOST = 1000


def changes(company: Company, parameters: dict[str, str]) -> str:
    """The ``CDCResponse`` array: one block for each entity asked for, ``{}`` where nothing changed."""
    entities = _entities(parameters.get("entities", ""))
    since = _since(parameters.get("changedSince", ""))
    room = MOST
    blocks = []
    with company.store.lock:
        for entity in entities:
            rows = _changed(company, entity, since)
            blocks.append(_block(entity, rows, room))
            room -= min(len(rows), room)
    return f'[{{"QueryResponse":[{",".join(blocks)}]}}]'


def _entities(names: str) -> list[Entity]:
    if not names.strip():
        raise missing("entities")
    found = []
    for name in names.split(","):
        entity = ENTITIES.get(name.strip().lower())
        if entity is None or not entity.in_cdc:
            raise Fault(4001, f"The entity {name.strip()} is not supported by change data capture")
        found.append(entity)
    return found


def _since(text: str) -> float:
    if not text:
        raise missing("changedSince")
    try:
        since = parse_moment(text)
    except ValueError:
        raise Fault(4001, f"Invalid date format for changedSince: {text}", "changedSince") from None
    if since < time.time() - DAYS_BACK * 86400:
        raise Fault(4001, f"changedSince should be within the last {DAYS_BACK} days", "changedSince")
    return since


def _changed(company: Company, entity: Entity, since: float) -> list[str]:
    records = company.store.tables[entity.name].values()
    rows = [(record.updated, record.json) for record in records if record.updated >= since]
    rows += [(at, _stub(pk, at)) for pk, at in company.store.graves[entity.name].items() if at >= since]
    rows.sort(key=lambda row: row[0])
    return [row for _, row in rows]


def _stub(pk: str, at: float) -> str:
    return json.dumps({"domain": "QBO", "status": "Deleted", "Id": pk, "MetaData": {"LastUpdatedTime": stamp(at)}})


def _block(entity: Entity, rows: list[str], room: int) -> str:
    shown = rows[:room]
    if not shown:
        return "{}"
    block = f'"{entity.name}":[{",".join(shown)}],"startPosition":1,"maxResults":{len(shown)}'
    return f'{{{block},"totalCount":{len(rows)}}}' if len(rows) > len(shown) else f"{{{block}}}"
