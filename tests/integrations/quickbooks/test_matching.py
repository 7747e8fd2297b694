"""Matching never doubles, never guesses: shown for any order of any customers."""

from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from integrations.quickbooks.mapping import CustomerRecord, customer_from_qbo
from integrations.quickbooks.matching import Action, Known, plan

EMAILS = st.sampled_from(["", "", "a@x.com", "b@x.com", "c@x.com", "A@X.com, d@x.com"])
PHONES = st.sampled_from(["", "", "4155550101", "(415) 555-0102", "+1 415 555 0103"])


@dataclass
class World:
    """Contacts as they would be stored, and the plan's effect on them."""

    emails: dict[int, str] = field(default_factory=dict)
    phones: dict[int, str] = field(default_factory=dict)


@st.composite
def customers(draw) -> list[CustomerRecord]:
    records = []
    for number in range(draw(st.integers(0, 12))):
        parent = draw(st.sampled_from([""] + [str(n) for n in range(number)])) if number else ""
        doc = {
            "Id": str(number),
            "DisplayName": f"Customer {number}",
            "Active": draw(st.integers(0, 5)) > 0,
            "PrimaryEmailAddr": {"Address": draw(EMAILS)},
            "Mobile": {"FreeFormNumber": draw(PHONES)},
            "ParentRef": {"value": parent},
        }
        records.append(customer_from_qbo(doc, "US"))
    return records


@st.composite
def contacts(draw) -> Known:
    known = Known()
    for pk in range(1, draw(st.integers(1, 4))):
        known.names[pk] = f"Contact {pk}"
        email, phone = draw(st.sampled_from(["", "a@x.com", "b@x.com"])), draw(st.sampled_from(["", "+14155550101"]))
        if email and email not in known.by_email:
            known.by_email[email] = pk
        if phone and phone not in known.by_phone:
            known.by_phone[phone] = pk
    return known


def apply(decisions, world: World) -> None:
    for decision in decisions:
        if decision.action in {Action.CREATE, Action.MATCH} and decision.record.active:
            fields = decision.record.fields
            if fields.email:
                world.emails[decision.contact] = fields.email
            if fields.phone:
                world.phones[decision.contact] = fields.phone


@given(customers(), contacts())
def test_no_email_and_no_number_ever_stands_at_two_live_contacts(records, known):
    world = World(
        {pk: email for email, pk in known.by_email.items()}, {pk: phone for phone, pk in known.by_phone.items()}
    )
    apply(plan(records, known), world)
    assert len(set(world.emails.values())) == len(world.emails)
    assert len(set(world.phones.values())) == len(world.phones)


@given(customers(), contacts())
def test_every_record_gets_one_decision_and_every_drop_a_reason(records, known):
    decisions = plan(records, known)
    assert [decision.record for decision in decisions] == records
    for decision in decisions:
        assert (decision.action is Action.DROP) == bool(decision.reason)
        assert (decision.contact is None) == (decision.action is Action.DROP)


@given(customers(), contacts())
def test_the_same_page_again_changes_nothing_but_tries_the_dropped_once_more(records, known):
    first = plan(records, known)
    for decision, again in zip(first, plan(records, known), strict=True):
        expected = Action.DROP if decision.action is Action.DROP else Action.UNCHANGED
        assert again.action is expected
        assert again.contact == decision.contact


@given(customers(), contacts())
def test_a_contact_of_ours_is_taken_by_one_family_at_most(records, known):
    takers: dict[int, list[CustomerRecord]] = {}
    for decision in plan(records, known):
        if decision.contact is not None and decision.contact > 0:
            takers.setdefault(decision.contact, []).append(decision.record)
    for family in takers.values():
        ids = {record.external_id for record in family}
        assert all(
            record.parent_id in ids
            or any(other.parent_id == record.external_id for other in family)
            or len(family) == 1
            for record in family
        )
