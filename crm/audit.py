"""The audit trail: how every floor writes an Activity.

Call it inside the transaction of the change itself, so that fact and trail land together. Changes are
``{field: [before, after]}`` in values that JSON knows (decimals and dates as text).
"""

from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Model
from django.http import HttpRequest
from django.utils import timezone

from crm.models import Activity, Contact, User

TEXT_LENGTH = 300


def actor_of(request: HttpRequest) -> User:
    """The member of staff behind a request that ``allowed`` let through."""
    if not isinstance(request.user, User):
        raise PermissionError("Nobody is logged in.")
    return request.user


def entry(
    subject_type: str,
    subject: Model | int | None,
    *,
    verb: str,
    actor: User | None,
    origin: str,
    contact: Contact | None = None,
    contact_id: int | None = None,
    changes: Mapping[str, list[Any]] | None = None,
    text: str = "",
) -> Activity:
    """One Activity, not saved yet: for ``record_many``.

    ``subject`` is the record, or its id when it is gone. ``contact`` or ``contact_id`` is whose timeline shows it
    (a contact's own without saying). ``verb`` is such as "invoice.sent"; ``origin`` who told us, such as "staff".
    """
    if contact is None and isinstance(subject, Contact):
        contact = subject
    return Activity(
        subject_type=subject_type,
        subject_id=subject.pk if isinstance(subject, Model) else subject,
        verb=verb,
        actor=actor,
        origin=origin,
        contact_id=contact.pk if contact is not None else contact_id,
        changes=dict(changes or {}),
        text=text if len(text) <= TEXT_LENGTH else f"{text[: TEXT_LENGTH - 1]}…",
        at=timezone.now(),
    )


def record(subject_type: str, subject: Model | int | None, **facts: Any) -> Activity:
    """Write one Activity; the arguments are those of ``entry``."""
    activity = entry(subject_type, subject, **facts)
    activity.save()
    return activity


def record_many(entries: Iterable[Activity]) -> None:
    """Write many at once, as bulk imports do."""
    Activity.objects.bulk_create(entries, batch_size=500)


def set_fields(row: Any, values: Mapping[str, Any]) -> dict[str, list[Any]]:
    """Set attributes of a row that differ from ``values``, and say from what to what."""
    changes = {}
    for field, value in values.items():
        before = getattr(row, field)
        if before != value:
            changes[field] = [plain(before), plain(value)]
            setattr(row, field, value)
    return changes


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, list[Any]]:
    """What differs, as ``{field: [before, after]}``; fields that ``after`` leaves out were not touched."""
    return {
        field: [plain(before.get(field)), plain(value)]
        for field, value in after.items()
        if plain(before.get(field)) != plain(value)
    }


def plain(value: Any) -> Any:
    """A value as JSON keeps it: decimals and dates as text, rows of fields as dictionaries."""
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if is_dataclass(value):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    return value.pk if isinstance(value, Model) else value
