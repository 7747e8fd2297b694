"""What a webhook of QuickBooks tells, in both shapes that Intuit sends, as events for the inbox.

CloudEvents is an array of events. The older shape has one notification for each company, with its entities. Both may
speak of several companies in one body. Nothing here asks a database or a network.
"""

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.utils import timezone

from integrations.models import InboxEvent

HANDLED = {"customer", "invoice", "payment", "item", "term", "paymentmethod", "account", "taxcode"}
# The words of both shapes; the right side is ours.
OPERATIONS = {
    "create": "created",
    "update": "updated",
    "delete": "deleted",
    "merge": "merged",
    "void": "void",
    "voided": "void",
    **{word: word for word in ("created", "updated", "deleted", "merged", "emailed")},
}
NOT_HANDLED = {
    "creditmemo": "A credit memo changes nothing by itself: what it settles comes with the payment that applies it.",
    "salesreceipt": "A sales receipt is a sale paid on the spot, not an invoice.",
}
NO_RECORDS = "Tallybook keeps no records of this kind."

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")  # NUL and halves of surrogate pairs: PostgreSQL takes neither
_TYPE = re.compile(r"qbo\.([^.]+)\.([^.]+)\.v1", re.IGNORECASE)
WIDTHS = {field.name: field.max_length for field in InboxEvent._meta.concrete_fields if field.max_length}


class NotUnderstood(ValueError):
    """The body is no JSON, or nothing that Intuit sends."""


@dataclass(frozen=True)
class Told:
    """One event as its shape tells it, all texts; what is missing is ""."""

    external_id: str
    realm_id: str
    entity: str
    entity_id: str
    operation: str
    deleted_id: str
    at: str
    kind: str = ""  # the type of a CloudEvent that we cannot read

    @property
    def says_anything(self) -> bool:
        return any((self.realm_id, self.entity, self.entity_id, self.kind))


def parse(body: bytes) -> list[InboxEvent]:
    """Unsaved events in the order they stand. What is not for us is among them, ignored, and says why.

    Raises NotUnderstood for a body as a whole; odd events in it never hurt the others.
    """
    try:
        document = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise NotUnderstood("It is no JSON.") from error
    return [_event(told) for told in _told(document) if told.says_anything]


def _told(document: Any) -> Iterator[Told]:
    if isinstance(document, list):
        return map(_cloud_event, _objects(document))
    if isinstance(document, dict) and "eventNotifications" in document:
        return _legacy(document)
    if isinstance(document, dict) and "specversion" in document:
        return iter([_cloud_event(document)])
    raise NotUnderstood("It is neither CloudEvents nor eventNotifications.")


def _cloud_event(item: dict[str, Any]) -> Told:
    kind = _text(item.get("type"))
    known = _TYPE.fullmatch(kind)
    entity, operation = (known[1], known[2]) if known else ("", "")
    realm_id, entity_id = _text(item.get("intuitaccountid")), _text(item.get("intuitentityid"))
    deleted_id, at = _deleted_id(item.get("data")), _text(item.get("time"))
    pk = _text(item.get("id"))
    external_id = f"ce:{pk}" if pk else f"ce-digest:{_digest(realm_id, kind, entity_id, deleted_id, at)}"
    return Told(external_id, realm_id, entity, entity_id, operation, deleted_id, at, "" if known else kind)


def _legacy(document: dict[str, Any]) -> Iterator[Told]:
    for notification in _objects(document["eventNotifications"]):
        realm_id = _text(notification.get("realmId"))
        for change in _objects(notification.get("dataChangeEvent")):
            for item in _objects(change.get("entities")):
                yield _legacy_entity(realm_id, item)


def _legacy_entity(realm_id: str, item: dict[str, Any]) -> Told:
    entity, entity_id, operation, at = (_text(item.get(name)) for name in ("name", "id", "operation", "lastUpdated"))
    deleted_id = _deleted_id(item)
    # This shape has no id of its own; a repeat tells the same, so that these together are one.
    external_id = f"old:{_digest(realm_id, entity, entity_id, operation, at, deleted_id)}"
    return Told(external_id, realm_id, entity, entity_id, operation, deleted_id, at)


def _event(told: Told) -> InboxEvent:
    why = _why_ignored(told)
    entity, operation = told.entity.lower(), told.operation.lower()
    texts = {
        "external_id": _external_id(told.external_id),
        "realm_id": told.realm_id,
        "entity": entity or told.kind,
        "entity_id": told.entity_id,
        "operation": OPERATIONS.get(operation, operation),
        "deleted_id": told.deleted_id,
    }
    return InboxEvent(
        source=InboxEvent.Source.WEBHOOK,
        happened_at=moment(told.at),
        status=InboxEvent.Status.IGNORED if why else InboxEvent.Status.PENDING,
        last_error=why,
        ended_at=timezone.now() if why else None,
        **{name: text[: WIDTHS[name]] for name, text in texts.items()},
    )


def _why_ignored(told: Told) -> str:
    """A sentence for the log, or "" where the event is for us."""
    entity, operation = told.entity.lower(), told.operation.lower()
    if told.kind:
        return f"Tallybook does not know events of the type {told.kind[:100]}."
    if entity not in HANDLED:
        return NOT_HANDLED.get(entity, NO_RECORDS) if entity else "It does not say what kind of record changed."
    if operation not in OPERATIONS:
        return (
            f"Tallybook does not know what {operation[:100]} means." if operation else "It does not say what happened."
        )
    for name, missing in (("realm_id", "It names no company."), ("entity_id", "It names no record.")):
        if not getattr(told, name):
            return missing
    if any(len(getattr(told, name)) > WIDTHS[name] for name in ("realm_id", "entity_id", "deleted_id")):
        return "It holds an id that is longer than any of QuickBooks."
    return ""


def moment(text: str) -> datetime | None:
    """A time of either shape in UTC; digits after the sixth are cut off. None for what is no time."""
    try:
        at = datetime.fromisoformat(text)
        return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


def _external_id(text: str) -> str:
    if len(text) <= WIDTHS["external_id"]:
        return text
    return f"ce-long:{_digest(text)}"


def _digest(*texts: str) -> str:
    return hashlib.sha256(json.dumps(texts).encode()).hexdigest()


def _deleted_id(holder: Any) -> str:
    """Who was merged away. Intuit's pages spell it in two ways."""
    if not isinstance(holder, dict):
        return ""
    return _text(holder.get("deletedId")) or _text(holder.get("deletedID"))


def _text(value: Any) -> str:
    """A text or whole number of the wire without what no database stores; "" for anything else."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    return _UNSTORABLE.sub("", value).strip() if isinstance(value, str) else ""


def _objects(value: Any) -> list[dict[str, Any]]:
    """The objects in a list, or the one that stands where a list should; anything else is left out."""
    return [one for one in (value if isinstance(value, list) else [value]) if isinstance(one, dict)]
