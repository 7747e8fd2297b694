"""A page of customers becomes contacts."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from crm.audit import set_fields
from crm.bulk import Changes, create_contacts, update_contacts
from crm.models import Contact
from integrations.models import QuickBooksLink
from integrations.quickbooks.countries import two_letters
from integrations.quickbooks.importing import Context, Outcome, Tally
from integrations.quickbooks.known import known_for
from integrations.quickbooks.links import link_for, move_on, remember, worth_a_look
from integrations.quickbooks.mapping import CustomerRecord, customer_from_qbo
from integrations.quickbooks.mapping.values import Doc
from integrations.quickbooks.matching import Action, Choice, Decision, Known, plan
from integrations.quickbooks.reunite import reunite

State = QuickBooksLink.State


def take_over(docs: Sequence[Doc], context: Context) -> Tally:
    """Match, write and link one page of customer documents; in a preview only say what would become of them."""
    country = two_letters(context.connection.country)
    tally = Tally("customer")
    docs = docs if context.is_preview else worth_a_look(docs, context, tally)
    records = list(tally.read(docs, lambda doc: customer_from_qbo(doc, country)).values())
    known = known_for(records, context)
    before = dict(known.links)
    decisions = plan(records, known)
    if context.is_preview:
        return _foresee(decisions, before, tally)
    page = _Page(context, {str(doc.get("Id")): doc for doc in docs}, known, before, tally)
    return page.write(decisions)


def _foresee(decisions: Sequence[Decision], before: dict[str, Any], tally: Tally) -> Tally:
    """The tally without writing; new ones are kept with their keys, so that later pages see them as taken."""
    for decision in decisions:
        record = decision.record
        keys: dict[str, Any] = {"email": record.fields.email, "phone": record.fields.phone} if record.active else {}
        if decision.action is Action.CREATE:
            tally.note(Outcome.CREATED, record, before={"parent": record.parent_id}, **keys)
        elif decision.action is Action.DROP:
            tally.note(Outcome.DROPPED, record, reason=decision.reason)
        elif _stays(decision, before):
            tally.count(Outcome.UNCHANGED)
        elif decision.contact is not None and decision.contact > 0:
            match = {"parent": record.parent_id, "contact": decision.contact}
            tally.note(Outcome.UPDATED, record, before=match, **({} if decision.action is Action.JOIN else keys))
        else:
            tally.note(Outcome.UPDATED, record)
    return tally


def _stays(decision: Decision, before: dict[str, Any]) -> bool:
    link = before.get(decision.record.external_id)
    joined_before = decision.action is Action.JOIN and link is not None and link.contact == decision.contact
    return decision.action is Action.UNCHANGED or joined_before


def _is_left_out(contact: Contact, key: str, new: dict[str, str]) -> bool:
    """Whether the contact shows QuickBooks' email or number without being recognised by it."""
    typed = f"{key}_typed"
    return not getattr(contact, key) and getattr(contact, typed) == new[typed]


@dataclass
class _Page:
    """Writes the decisions about one page, in bulk."""

    context: Context
    docs: dict[str, Doc]
    known: Known
    before: dict[str, Any]
    tally: Tally

    def write(self, decisions: Sequence[Decision]) -> Tally:
        self.new: dict[int, Contact] = {}
        updates = [d for d in decisions if d.action in {Action.MATCH, Action.UPDATE}]
        # First those that may free an email or number, then new ones, then parents whose child came before them.
        self._update([d for d in updates if d.contact is not None and d.contact > 0])
        self._create([d for d in decisions if d.action is Action.CREATE])
        self._update([d for d in updates if d.contact in self.new])
        for decision in decisions:
            if _stays(decision, self.before):
                self.tally.count(Outcome.UNCHANGED)
            elif decision.action is Action.JOIN:
                self.tally.note(Outcome.UPDATED, decision.record, reason=self._joined(decision))
            elif decision.action is Action.DROP:
                self.tally.note(Outcome.DROPPED, decision.record, reason=decision.reason)
        self.kept = self._taken_over([d.record for d in decisions if d.action is Action.DROP])
        remember([self._link(d) for d in decisions if d.action is not Action.UNCHANGED])
        still = [self.docs[d.record.external_id] for d in decisions if d.action is Action.UNCHANGED]
        move_on(self.context.connection, "customer", still)
        self._reunite(decisions)
        return self.tally

    def _joined(self, decision: Decision) -> str:
        link = self.before.get(decision.record.external_id)
        if link is not None and link.choice == Choice.MERGE:
            return "It stands for the contact that staff merged it into."
        return "It stands for the same contact as its parent."

    def _create(self, decisions: Sequence[Decision]) -> None:
        for decision in decisions:
            record = decision.record
            self.new[decision.contact or 0] = Contact(
                owner=Contact.Owner.BOOKS,
                archived_at=None if record.active else self.context.now,
                parent_id=self._parent(record),
                **record.fields.values(),
            )
            self.tally.note(Outcome.CREATED, record)
        create_contacts(
            list(self.new.values()),
            actor=self.context.actor,
            origin=self.context.origin,
            text="Came in from QuickBooks",
        )
        self._join_families(decisions)

    def _join_families(self, decisions: Sequence[Decision]) -> None:
        """Parents and children made by the same page know each other only now."""
        children = []
        for decision in decisions:
            parent = self.known.links.get(decision.record.parent_id)
            if parent and parent.contact in self.new and decision.contact is not None:
                child = self.new[decision.contact]
                if parent.contact != decision.contact:
                    child.parent = self.new[parent.contact]
                    children.append(child)
        Contact.objects.bulk_update(children, ["parent"], batch_size=500)

    def _parent(self, record: CustomerRecord) -> int | None:
        parent = self.known.links.get(record.parent_id) if record.parent_id else None
        return parent.contact if parent and parent.contact and parent.contact > 0 else None

    def _update(self, decisions: Sequence[Decision]) -> None:
        # Locked: what staff change at this very moment would be overwritten with what we read.
        contacts = Contact.objects.select_for_update().in_bulk([d.contact for d in decisions if (d.contact or 0) > 0])
        contacts |= self.new
        earlier = self._earlier([d.record for d in decisions if d.action is Action.UPDATE])
        changed: dict[int, tuple[Contact, Changes]] = {}
        for decision in decisions:
            contact = contacts[decision.contact or 0]
            changes = set_fields(contact, self._values(decision, contact, earlier.get(decision.record.external_id)))
            if not changes:
                self.tally.count(Outcome.UNCHANGED)
                continue
            _, so_far = changed.get(contact.pk, (contact, {}))
            changed[contact.pk] = (contact, {**so_far, **changes})
            self.tally.note(Outcome.UPDATED, decision.record, before=self._before(decision, changes), changes=changes)
        update_contacts(
            list(changed.values()),
            actor=self.context.actor,
            origin=self.context.origin,
            text="Updated from QuickBooks",
        )

    def _before(self, decision: Decision, changes: Changes) -> dict[str, Any]:
        """What undo needs: the earlier values, and whether the contact was linked by this very import."""
        return {"fields": changes, "matched": decision.action is Action.MATCH}

    def _earlier(self, records: Sequence[CustomerRecord]) -> dict[str, CustomerRecord]:
        """The versions that were taken over before; none for a record whose import was undone."""
        country = two_letters(self.context.connection.country)
        documents = self._taken_over(records)
        return {external_id: customer_from_qbo(document, country) for external_id, document in documents.items()}

    def _taken_over(self, records: Sequence[CustomerRecord]) -> dict[str, Doc]:
        links = QuickBooksLink.objects.filter(
            connection=self.context.connection,
            entity="customer",
            external_id__in=[record.external_id for record in records],
            contact__isnull=False,
        ).exclude(state=State.UNDONE)
        return {external_id: doc for external_id, doc in links.values_list("external_id", "document") if doc}

    def _values(self, decision: Decision, contact: Contact, earlier: CustomerRecord | None) -> dict[str, Any]:
        """What the contact takes over.

        The first time all that QuickBooks knows; later only what changed there since, so that a correction made
        here stays until QuickBooks changes the same field.
        """
        record = decision.record
        new = record.fields.values()
        if earlier is None:
            values: dict[str, Any] = {name: value for name, value in new.items() if value}
            values["owner"] = Contact.Owner.BOOKS
        else:
            old = earlier.fields.values()
            values = {name: value for name, value in new.items() if value != old[name]}
        for key in ("email", "phone"):
            if key in values or f"{key}_typed" in values:
                values[key], values[f"{key}_typed"] = new[key], new[f"{key}_typed"]
            elif (
                record.active and not getattr(contact, key) and getattr(contact, f"{key}_typed") == new[f"{key}_typed"]
            ):
                values[key] = new[key]  # if it belonged to another contact before, it is free now
            if earlier is None and not new[key] and getattr(contact, key):
                values.pop(f"{key}_typed", None)  # "n/a" in QuickBooks is no better than an address of ours
                values.pop(key, None)
        if earlier is not None and earlier.parent_id != record.parent_id:
            values["parent_id"] = self._parent(record)
        if record.active != (earlier is None or earlier.active):
            values["archived_at"] = None if record.active else contact.archived_at or self.context.now
        return values

    def _link(self, decision: Decision) -> QuickBooksLink:
        record, contact = decision.record, decision.contact
        if decision.action is Action.DROP:
            link = self.before.get(record.external_id)
            # A linked one stays linked to its contact as it was; the clash is tried again by every import.
            contact, state, mark = (link.contact if link else None), State.CONFLICT, ""
        else:
            state, mark = State.LINKED, record.fingerprint
        # The clash kept this version out: what changed in it counts against the one that came in.
        document = self.kept.get(record.external_id) or self.docs[record.external_id]
        row = link_for(self.context.connection, "customer", record, document, self.context.now)
        row.state, row.fingerprint, row.reason = state, mark, decision.reason
        clash = decision.clashes_with
        row.clashes_with_id = self.new[clash].pk if clash in self.new else clash
        row.contact_id = self.new[contact].pk if contact in self.new else contact
        return row

    def _reunite(self, decisions: Sequence[Decision]) -> None:
        """Invoices and payments that waited for their customer's clash to be resolved get their contact."""
        owners = {}
        for decision in decisions:
            link = self.before.get(decision.record.external_id)
            if link is not None and link.contact is None and decision.contact is not None:
                made = self.new.get(decision.contact)
                owners[decision.record.external_id] = made.pk if made else decision.contact
        reunite(self.context, owners)
