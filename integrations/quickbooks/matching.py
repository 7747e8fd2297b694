"""Which contact a QuickBooks customer is. Pure: what is known goes in, decisions come out.

Rules: a stored id wins, then email, then number. An email of one contact with a number of another is a conflict,
never a guess. What clashes with an earlier record is dropped, in QuickBooks' order, and says why. A sub-customer
that only shares its parent's email or number is no clash: it stands for the same contact.

What staff chose about a clash comes before all of that but a stored id. Whoever is merged or kept apart does without
the emails and numbers that belong to other live contacts.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from enum import StrEnum

from integrations.quickbooks.mapping import CustomerRecord


class Action(StrEnum):
    CREATE = "create"  # a new contact
    MATCH = "match"  # a contact we hold, recognised by email or number: it gets the customer's details
    JOIN = "join"  # a sub-customer that stands for its parent's contact
    UPDATE = "update"  # linked before, and different now
    UNCHANGED = "unchanged"
    DROP = "drop"


class Choice(StrEnum):
    """What staff said about a clash."""

    MERGE = "merge"  # the customer stands for the contact they chose
    APART = "apart"  # a contact of its own, without what the other one is recognised by
    IGNORE = "ignore"  # nothing is taken over


@dataclass(frozen=True, slots=True)
class Decision:
    """``contact`` and ``clashes_with`` are pks, or negative numbers for contacts that this very page creates.

    ``record`` is as it may be taken over: without an email or number that has to stay with another contact.
    """

    record: CustomerRecord
    action: Action
    contact: int | None = None
    reason: str = ""
    clashes_with: int | None = None


@dataclass(frozen=True, slots=True)
class KnownLink:
    """A customer met before. ``fingerprint`` is "" where it has to be looked at again whatever it says."""

    contact: int | None
    fingerprint: str
    choice: str = ""
    choice_contact: int | None = None


@dataclass(slots=True)
class Known:
    """What is held already of everything a page could touch; ``plan`` brings it forward record by record."""

    links: dict[str, KnownLink] = field(default_factory=dict)
    by_email: dict[str, int] = field(default_factory=dict)
    by_phone: dict[str, int] = field(default_factory=dict)
    # Per contact: its name, its own keys, and the customers that stand for it with their parents.
    names: dict[int, str] = field(default_factory=dict)
    customers: dict[int, dict[str, str]] = field(default_factory=dict)
    # Customers that stand for their contact because staff merged them into it.
    merged: set[str] = field(default_factory=set)


def plan(records: Iterable[CustomerRecord], known: Known) -> list[Decision]:
    """Decide for each record in turn; what an earlier one took is taken for the later ones."""
    decisions = []
    next_new = min([*known.names, 0]) - 1
    for record in records:
        decision = _decide(record, known, next_new)
        if decision.action is Action.CREATE:
            next_new -= 1
        if decision.action in {Action.CREATE, Action.MATCH, Action.JOIN, Action.UPDATE}:
            _remember(decision, known)
        decisions.append(decision)
    return decisions


def _decide(record: CustomerRecord, known: Known, new: int) -> Decision:
    link = known.links.get(record.external_id)
    if link is not None and link.contact is not None:
        if link.fingerprint == record.fingerprint:
            return Decision(record, Action.UNCHANGED, link.contact)
    if link is not None and link.choice:
        chosen = _decide_chosen(record, link, known, new)
        if chosen is not None:
            return chosen
    if link is not None and link.contact is not None:
        return _decide_linked(record, link.contact, known)
    if not record.active:
        # It comes in as an archived contact of its own: nothing live is matched with, or archived by, it.
        return Decision(record, Action.CREATE, new)
    found = _owners(record, known)
    if not found:
        return Decision(record, Action.CREATE, new)
    contact = next(iter(found))
    if len(found) > 1:
        return _conflict(record, found, known)
    others = known.customers.get(contact, {})
    if not others:
        return Decision(record, Action.MATCH, contact)
    if record.parent_id and record.parent_id in others:
        return Decision(record, Action.JOIN, contact)
    if record.external_id in others.values():
        return Decision(record, Action.MATCH, contact)  # the parent of one that came first
    return _conflict(record, found, known)


def _decide_chosen(record: CustomerRecord, link: KnownLink, known: Known, new: int) -> Decision | None:
    """What follows from the choice of staff; None where it says nothing any more."""
    if link.choice == Choice.IGNORE:
        found = {owner: shared for owner, shared in _owners(record, known).items() if owner != link.contact}
        clash = _conflict(record, found, known) if found else Decision(record, Action.DROP)
        return replace(clash, reason=f"Staff chose to ignore it. {clash.reason}".strip()[:600])
    if link.choice == Choice.APART:
        if link.contact is not None:
            return _without_taken(Decision(record, Action.UPDATE, link.contact), known)
        return _without_taken(Decision(record, Action.CREATE, new), known)
    if link.contact is not None and link.contact == link.choice_contact:
        return _merge(record, link.contact, Action.UPDATE, known)
    if link.contact is None and record.active and link.choice_contact in known.names:
        return _merge(record, link.choice_contact, Action.MATCH, known)
    return None  # that contact is gone, or the customer got another one since


def _merge(record: CustomerRecord, contact: int, action: Action, known: Known) -> Decision:
    """One customer leads a contact's data; others that stand for it join."""
    everybody = known.customers.get(contact, {})
    rivals = {other for other, parent in everybody.items() if parent != record.external_id} - {record.external_id}
    first = min([record.external_id, *rivals], key=lambda external_id: (len(external_id), external_id))
    if rivals - known.merged or (rivals and (action is Action.MATCH or first != record.external_id)):
        return Decision(record, Action.JOIN, contact)
    return _without_taken(Decision(record, action, contact), known)


def _without_taken(decision: Decision, known: Known) -> Decision:
    """The decision without an email or number that belongs to another live contact; what was typed stays.

    Without its fingerprint too, so that the customer is looked at again until it may have them.
    """
    record = decision.record
    taken = {}
    for key, owners in (("email", known.by_email), ("phone", known.by_phone)):
        value = getattr(record.fields, key)
        owner = owners.get(value) if value else None
        if owner is not None and owner != decision.contact:
            taken[key] = owner
    if not taken:
        return decision
    fields = replace(record.fields, **dict.fromkeys(taken, ""))
    clash = next(iter(taken.values()))
    return replace(decision, record=replace(record, fields=fields, fingerprint=""), clashes_with=clash)


def _decide_linked(record: CustomerRecord, contact: int, known: Known) -> Decision:
    """A linked customer keeps its contact, unless what it says now belongs to another one."""
    if len(known.customers.get(contact, {})) > 1 and record.parent_id in known.customers[contact]:
        return Decision(record, Action.JOIN, contact)
    if record.active:
        others = {owner: shared for owner, shared in _owners(record, known).items() if owner != contact}
        if others:
            return _conflict(record, others, known)
    return Decision(record, Action.UPDATE, contact)


def _owners(record: CustomerRecord, known: Known) -> dict[int, str]:
    """The live contacts that have the record's email or number, and which of the two, email first."""
    found: dict[int, str] = {}
    for email in record.emails:
        owner = known.by_email.get(email)
        if owner is not None:
            found.setdefault(owner, f"the email {email}")
    owner = known.by_phone.get(record.fields.phone) if record.fields.phone else None
    if owner is not None:
        found.setdefault(owner, f"the number {record.fields.phone_typed}")
    return found


def _conflict(record: CustomerRecord, found: dict[int, str], known: Known) -> Decision:
    parts = [f"{shared} with {known.names.get(owner, 'another contact')}" for owner, shared in found.items()]
    reason = f"It shares {' and '.join(parts)}."
    return Decision(record, Action.DROP, reason=reason[:600], clashes_with=next(iter(found)))


def _remember(decision: Decision, known: Known) -> None:
    """Make what this decision takes and gives up visible to the records that follow."""
    record, contact = decision.record, decision.contact
    if contact is None:
        return
    before = known.links.get(record.external_id, KnownLink(None, ""))
    known.links[record.external_id] = replace(before, contact=contact, fingerprint=record.fingerprint)
    if before.choice == Choice.MERGE and contact == before.choice_contact:
        known.merged.add(record.external_id)
    known.customers.setdefault(contact, {})[record.external_id] = record.parent_id
    if decision.action is Action.JOIN:
        return
    known.names[contact] = record.name
    if not record.active:
        return
    for keys, taken in ((known.by_email, record.fields.email), (known.by_phone, record.fields.phone)):
        # What it was known by before is free again. After an update that is not known: staff may have corrected it
        # here, which stays. Who wants it is looked at again once the contact has changed.
        if taken and decision.action is Action.MATCH:
            for key in [key for key, owner in keys.items() if owner == contact]:
                del keys[key]
        if taken:
            keys[taken] = contact
