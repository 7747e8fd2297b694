"""Matching never doubles, never guesses: shown for any order of any customers."""

from dataclasses import dataclass, field, replace

from hypothesis import example, given
from hypothesis import strategies as st

from integrations.quickbooks.mapping import CustomerRecord, customer_from_qbo
from integrations.quickbooks.matching import Action, Choice, Known, KnownLink, plan

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


def one(external_id: str = "7", *, email: str = "", phone: str = "", parent: str = "", active: bool = True):
    doc = {
        "Id": external_id,
        "DisplayName": f"Customer {external_id}",
        "Active": active,
        "PrimaryEmailAddr": {"Address": email},
        "Mobile": {"FreeFormNumber": phone},
        "ParentRef": {"value": parent},
    }
    return customer_from_qbo(doc, "US")


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
def test_the_same_page_again_changes_nothing_of_what_came_in(records, known):
    first = plan(records, known)
    for decision, again in zip(first, plan(records, known), strict=True):
        if decision.action is not Action.DROP:
            assert (again.action, again.contact) == (Action.UNCHANGED, decision.contact)


@given(customers(), contacts())
def test_what_was_dropped_is_tried_once_more_and_comes_in_only_once_its_clash_is_gone(records, known):
    """One later on the page may have given a contact another number, which frees the one that stood in the way."""
    dropped = {one.record.external_id for one in plan(records, known) if one.action is Action.DROP}
    while dropped:
        still = {one.record.external_id for one in plan(records, known) if one.action is Action.DROP}
        assert still <= dropped
        if still == dropped:
            return
        dropped = still


@example(
    [one("0", email="a@x.com", phone="4155550101"), one("1", email="b@x.com", phone="4155550102")],
    Known(by_email={"a@x.com": 1, "b@x.com": 2}, by_phone={"+14155550101": 2}, names={1: "Ann", 2: "Ben"}),
)
@given(customers(), contacts())
def test_the_page_comes_to_rest(records, known):
    for _ in range(len(records) + 1):
        last = plan(records, known)
    for decision, again in zip(last, plan(records, known), strict=True):
        assert again.action is (Action.DROP if decision.action is Action.DROP else Action.UNCHANGED)
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


def world_of_ann(**choice) -> Known:
    """Ann (1), who has an email and a number, and Ben (2), who has an email; customer 7 was chosen about."""
    known = Known(names={1: "Ann", 2: "Ben"}, by_email={"a@x.com": 1, "b@x.com": 2}, by_phone={"+14155550101": 1})
    known.links["7"] = KnownLink(None, "", **choice)
    return known


def test_merged_it_is_the_contact_and_leaves_others_what_is_theirs():
    known = world_of_ann(choice=Choice.MERGE, choice_contact=1)
    record = one(email="b@x.com", phone="4155550101")
    (decision,) = plan([record], known)
    assert (decision.action, decision.contact) == (Action.MATCH, 1)
    assert (decision.record.fields.email, decision.record.fields.email_typed) == ("", "b@x.com")
    assert decision.record.fields.phone == "+14155550101"
    assert decision.clashes_with == 2


def test_merged_into_a_contact_that_another_customer_stands_for_it_joins():
    known = world_of_ann(choice=Choice.MERGE, choice_contact=1)
    known.customers[1] = {"3": ""}
    (decision,) = plan([one(phone="4155550101")], known)
    assert (decision.action, decision.contact) == (Action.JOIN, 1)
    edited = replace(known.links["7"], fingerprint="")
    known.links["7"] = edited
    (again,) = plan([one(phone="4155550199")], known)
    assert (again.action, again.contact) == (Action.JOIN, 1)


def test_of_two_merged_into_one_contact_the_first_leads():
    known = world_of_ann(choice=Choice.MERGE, choice_contact=1)
    known.links["8"] = KnownLink(None, "", choice=Choice.MERGE, choice_contact=1)
    decisions = plan([one(phone="4155550101"), one("8", phone="4155550101")], known)
    assert [decision.action for decision in decisions] == [Action.MATCH, Action.JOIN]
    for external_id in ("7", "8"):
        known.links[external_id] = replace(known.links[external_id], fingerprint="")
    edited = plan([one(phone="4155550199"), one("8", phone="4155550188")], known)
    assert [decision.action for decision in edited] == [Action.UPDATE, Action.JOIN]


def test_merged_into_a_contact_that_is_gone_it_is_in_conflict_again():
    known = world_of_ann(choice=Choice.MERGE, choice_contact=99)
    assert plan([one(email="b@x.com", phone="4155550101")], known)[0].action is Action.DROP


def test_kept_apart_it_has_a_contact_of_its_own_without_what_is_shared():
    known = world_of_ann(choice=Choice.APART)
    (decision,) = plan([one(email="c@x.com", phone="4155550101")], known)
    assert (decision.action, decision.contact, decision.clashes_with) == (Action.CREATE, -1, 1)
    fields = decision.record.fields
    assert (fields.email, fields.phone, fields.phone_typed) == ("c@x.com", "", "4155550101")
    known.by_phone.clear()
    (freed,) = plan([one(email="c@x.com", phone="4155550101")], known)
    assert (freed.action, freed.record.fields.phone) == (Action.UPDATE, "+14155550101")


def test_a_job_kept_apart_does_not_stand_for_its_parents_contact():
    known = world_of_ann(choice=Choice.APART)
    known.customers[1] = {"3": ""}
    assert plan([one(phone="4155550101", parent="3")], known)[0].action is Action.CREATE


def test_ignored_nothing_is_taken_over_even_when_the_clash_is_gone():
    known = world_of_ann(choice=Choice.IGNORE)
    ignored, free = plan([one(phone="4155550101")], known)[0], plan([one()], known)[0]
    assert ignored.reason == "Staff chose to ignore it. It shares the number 4155550101 with Ann."
    assert (free.action, free.reason) == (Action.DROP, "Staff chose to ignore it.")


@st.composite
def chosen(draw) -> tuple[list[CustomerRecord], Known]:
    """Records and contacts, some linked before, and any choice about any of them, sensible or not."""
    records, known = draw(customers()), draw(contacts())
    pks = st.sampled_from([None, *known.names, 99])
    for record in records:
        if draw(st.booleans()):
            held = draw(st.sampled_from([None, None, 50 + int(record.external_id), *known.names]))
            choice = draw(st.sampled_from(["", *Choice]))
            known.links[record.external_id] = KnownLink(held, "", choice, draw(pks))
            if held is not None:
                known.customers.setdefault(held, {})[record.external_id] = record.parent_id
                if choice == Choice.MERGE and known.links[record.external_id].choice_contact == held:
                    known.merged.add(record.external_id)
    return records, known


def holders(known: Known) -> World:
    return World(
        {pk: email for email, pk in known.by_email.items()}, {pk: phone for phone, pk in known.by_phone.items()}
    )


@given(chosen())
def test_whatever_was_chosen_no_email_and_no_number_stands_at_two_live_contacts(case):
    records, known = case
    world = holders(known)
    for _ in range(2):
        decisions = plan(records, known)
        for decision in decisions:
            if decision.action in {Action.CREATE, Action.MATCH, Action.UPDATE} and decision.record.active:
                fields = decision.record.fields
                world.emails |= {decision.contact: fields.email} if fields.email else {}
                world.phones |= {decision.contact: fields.phone} if fields.phone else {}
        assert len(set(world.emails.values())) == len(world.emails)
        assert len(set(world.phones.values())) == len(world.phones)


@given(chosen())
def test_whatever_was_chosen_each_record_gets_one_decision_and_a_choice_is_kept(case):
    records, known = case
    before = dict(known.links)
    for record, decision in zip(records, plan(records, known), strict=True):
        assert decision.record.external_id == record.external_id
        assert (decision.action is Action.DROP) == bool(decision.reason) == (decision.contact is None)
        link = before.get(record.external_id)
        if link is not None and link.choice == Choice.IGNORE:
            assert decision.action is Action.DROP
        if link is not None and link.choice == Choice.APART:
            is_new = decision.contact is not None and decision.contact < 0
            assert is_new if link.contact is None else decision.contact == link.contact
        if link is not None:
            assert known.links[record.external_id].choice == link.choice
