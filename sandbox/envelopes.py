"""The two shapes of a webhook's body, CloudEvents and the older one, and the headers that go with both."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from .quickbooks.clock import stamp
from .quickbooks.notices import Notice
from .signing import signature

ENVELOPES = ("cloudevents", "legacy")
SOURCE = "intuit.c2FuZGJveCBvZiBxdWlja2Jvb2tzLCBzYW1lIGV2ZXI="  # opaque, one for each app
OLD_WORDS = {
    "created": "Create",
    "updated": "Update",
    "deleted": "Delete",
    "merged": "Merge",
    "void": "Void",
    "emailed": "Emailed",
}


def body_of(notices: Iterable[Notice], envelope: str) -> bytes:
    """The body that tells of these, in the shape called ``cloudevents`` or ``legacy``."""
    shape = cloud_events if envelope == "cloudevents" else legacy
    return json.dumps(shape(notices), separators=(",", ":")).encode()


def cloud_events(notices: Iterable[Notice]) -> list[dict[str, Any]]:
    """An array of events; companies may be mixed."""
    return [
        {
            "specversion": "1.0",
            "id": notice.id,
            "source": SOURCE,
            "type": f"qbo.{notice.entity.lower()}.{notice.operation}.v1",
            "datacontenttype": "application/json",
            "time": moment(notice.at, digits=9),
            "intuitentityid": notice.pk,
            "intuitaccountid": notice.realm_id,
            "data": {"deletedId": notice.deleted_id} if notice.deleted_id else {},
        }
        for notice in notices
    ]


def legacy(notices: Iterable[Notice]) -> dict[str, Any]:
    """One notification for each company, with its entities."""
    realms: dict[str, list[dict[str, str]]] = {}
    for notice in notices:
        entity = {
            "name": notice.entity,
            "id": notice.pk,
            "operation": OLD_WORDS[notice.operation],
            "lastUpdated": moment(notice.at, digits=3),
        }
        if notice.deleted_id:
            entity["deletedId"] = notice.deleted_id
        realms.setdefault(notice.realm_id, []).append(entity)
    return {
        "eventNotifications": [
            {"realmId": realm_id, "dataChangeEvent": {"entities": entities}} for realm_id, entities in realms.items()
        ]
    }


def moment(nanoseconds: int, digits: int) -> str:
    """``2025-09-10T21:31:25.179851517Z``, with so many digits after the point."""
    seconds, rest = divmod(nanoseconds, 10**9)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{f'{rest:09d}'[:digits]}Z"


def headers_of(body: bytes, token: str, content_type: str) -> dict[str, str]:
    """Intuit's headers, the signature among them."""
    return {
        "content-type": content_type,
        "intuit-signature": signature(body, token),
        "intuit-created-time": stamp(time.time()),
        "intuit-t-id": str(uuid.uuid4()),
        "intuit-notification-schema-version": "0.1",
        "accept": "application/json",
        "user-agent": "intuit_notification_server/0.1",
    }
