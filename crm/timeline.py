"""Activities in the words of the timeline."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.apps import apps
from django.core.exceptions import FieldDoesNotExist
from django.db.models import Model

from crm.models import Activity

HEADLINES = {
    "contact.created": "Contact added",
    "contact.archived": "Contact archived",
    "contact.restored": "Contact restored",
}
LONGEST_VALUE = 200


@dataclass(frozen=True)
class Change:
    """One field of a change, in words."""

    label: str
    before: str
    after: str


@dataclass(frozen=True)
class Entry:
    """One line of a timeline. ``who`` is the member of staff, or "" where ``origin`` alone says it."""

    headline: str
    who: str
    origin: str
    at: datetime
    changes: list[Change]


def entries(activities: Iterable[Activity]) -> list[Entry]:
    """Lines for the template ``_timeline.html``; read the activities with their actor."""
    return [
        Entry(
            headline=_headline(activity),
            who=str(activity.actor) if activity.actor else "",
            origin=activity.origin,
            at=activity.at,
            changes=[] if activity.verb.endswith(".created") else changes_in(activity.subject_type, activity.changes),
        )
        for activity in activities
    ]


def _headline(activity: Activity) -> str:
    if activity.text or activity.verb in HEADLINES:
        return activity.text or HEADLINES[activity.verb]
    subject, _, verb = activity.verb.partition(".")
    if verb == "changed":
        labels = [_label(activity.subject_type, field) for field in activity.changes]
        return f"{subject.capitalize()} changed: {_listed(labels)}" if labels else f"{subject.capitalize()} changed"
    return f"{subject} {verb}".replace("_", " ").strip().capitalize()


def changes_in(subject_type: str, changes: Mapping[str, Any]) -> list[Change]:
    """``{field: [before, after]}`` of a "contact", "invoice" or "payment", in words; lists as their counts."""
    return [
        Change(_label(subject_type, field).capitalize(), _words(pair[0]), _words(pair[-1]))
        for field, pair in changes.items()
        if isinstance(pair, list) and pair
    ]


def _label(subject_type: str, field: str) -> str:
    """A field's name as forms call it."""
    model = _MODELS.get(subject_type)
    try:
        found = apps.get_model(model)._meta.get_field(field) if model else None
    except FieldDoesNotExist:
        found = None
    return str(getattr(found, "verbose_name", field.replace("_", " ")))


_MODELS = {"contact": "crm.Contact", "invoice": "invoicing.Invoice", "payment": "invoicing.Payment"}


def _words(value: Any) -> str:
    if isinstance(value, list):
        return str(len(value))
    if isinstance(value, Model | dict):
        return "…"
    words = "" if value is None else str(value)
    return words if len(words) <= LONGEST_VALUE else f"{words[:LONGEST_VALUE]}…"


def _listed(labels: list[str]) -> str:
    """ "a, b and c"."""
    *first, last = labels
    return f"{', '.join(first)} and {last}" if first else last
