"""The audit trail: how every floor writes an Activity.

Call it inside the transaction of the change itself, so that fact and trail land together. Changes are
``{field: [before, after]}`` in values that JSON knows (decimals and dates as text).
"""

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Model
from django.utils import timezone

from crm.models import Activity, Contact, User

TEXT_LENGTH = 300


def entry(
    subject_type: str,
    subject: Model | int | None,
    *,
    verb: str,
    actor: User | None,
    origin: str,
    contact: Contact | None = None,
    changes: Mapping[str, list[Any]] | None = None,
    text: str = "",
) -> Activity:
    """One Activity, not saved yet: for ``record_many``.

    ``subject`` is the record, or its id when it is gone. ``contact`` is whose timeline shows it (a contact's own
    without saying). ``verb`` is such as "invoice.sent", ``origin`` who told us ("staff", "import", ...).
    """
    if contact is None and isinstance(subject, Contact):
        contact = subject
    return Activity(
        subject_type=subject_type,
        subject_id=subject.pk if isinstance(subject, Model) else subject,
        verb=verb,
        actor=actor,
        origin=origin,
        contact=contact,
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


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, list[Any]]:
    """What differs, as ``{field: [before, after]}``; fields that ``after`` leaves out were not touched."""
    return {
        field: [plain(before.get(field)), plain(value)]
        for field, value in after.items()
        if plain(before.get(field)) != plain(value)
    }


def plain(value: Any) -> Any:
    """A value as JSON keeps it."""
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    if isinstance(value, date):
        return value.isoformat()
    return value.pk if isinstance(value, Model) else value
