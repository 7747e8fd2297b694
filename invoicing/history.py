"""What happened to one invoice, in words, newest first."""

from dataclasses import dataclass
from datetime import datetime

from crm.models import Activity
from invoicing.models import Invoice

MOST = 50
_VERBS = {
    "invoice.created": "Created",
    "invoice.imported": "Imported",
    "invoice.changed": "Changed",
    "invoice.paid": "Paid",
    "invoice.voided": "Voided",
    "invoice.deleted": "Deleted",
}
# Of these the timeline says that they changed, not what the whole text was.
_LONG = {"lines", "taxes", "customer_note", "private_note", "bill_to", "ship_to"}
_NAMES = {
    "bill_to": "billing address",
    "ship_to": "shipping address",
    "issued_on": "issued",
    "due_on": "due date",
    "lines": "products",
    "taxes": "tax",
}
_HIDDEN = {"contact_id", "search_text"}


@dataclass(frozen=True)
class Event:
    """One moment: what was done, by whom or by which part of the house, and the fields that moved."""

    what: str
    who: str
    at: datetime
    changes: list[str]


def history_of(invoice: Invoice) -> list[Event]:
    """The newest events of the invoice, in one query."""
    rows = Activity.objects.filter(subject_type="invoice", subject_id=invoice.pk)
    return [_event(row) for row in rows.select_related("actor").order_by("-at", "-id")[:MOST]]


def _event(row: Activity) -> Event:
    imported = row.verb == "invoice.created" and row.origin == "import"
    return Event(
        what="Imported" if imported else _VERBS.get(row.verb, row.text or row.verb),
        who=str(row.actor) if row.actor else "",
        at=row.at,
        changes=[_change(name, values) for name, values in row.changes.items() if name not in _HIDDEN],
    )


def _change(name: str, values: object) -> str:
    """``due date: 1 Nov → 8 Nov``; what is too long to repeat is only named."""
    label = _NAMES.get(name, name.replace("_", " "))
    if name in _LONG or not isinstance(values, list) or len(values) != 2:
        return label
    before, after = (str(value) if value not in (None, "") else "nothing" for value in values)
    return f"{label}: {before[:80]} → {after[:80]}"
