"""Whatever a webhook's body holds becomes events of the inbox, or one plain error, and never anything else."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from integrations import inbox
from integrations.models import InboxEvent
from integrations.quickbooks.events import WIDTHS, NotUnderstood, moment, parse


def cloud(**changes: Any) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": "88cd52aa",
        "type": "qbo.invoice.created.v1",
        "time": "2025-09-10T21:31:25.179851517Z",
        "intuitentityid": "12",
        "intuitaccountid": "310687",
        "data": {},
        **changes,
    }


def old(realm_id: Any = "310687", **changes: Any) -> dict[str, Any]:
    entity = {"name": "Invoice", "id": "12", "operation": "Create", "lastUpdated": "2015-10-05T14:42:19-0700"}
    return {"eventNotifications": [{"realmId": realm_id, "dataChangeEvent": {"entities": [{**entity, **changes}]}}]}


def read(document: Any) -> list[InboxEvent]:
    return parse(json.dumps(document).encode())


def only(document: Any) -> InboxEvent:
    (event,) = read(document)
    return event


def told(event: InboxEvent) -> tuple[str, str, str, str, str]:
    return event.realm_id, event.entity, event.entity_id, event.operation, event.deleted_id


# -- both shapes -------------------------------------------------------------------------------------------------


def test_both_shapes_tell_the_same_in_the_same_words():
    at = datetime(2025, 9, 10, 21, 31, 25, 179851, UTC)
    events = [only([cloud()]), only(cloud()), only(old(lastUpdated="2025-09-10T21:31:25.179851Z"))]
    assert {told(event) for event in events} == {("310687", "invoice", "12", "created", "")}
    assert {(event.status, event.source, event.happened_at) for event in events} == {("pending", "webhook", at)}


@pytest.mark.parametrize(
    ("new", "older", "ours"),
    [
        ("created", "Create", "created"),
        ("updated", "Update", "updated"),
        ("deleted", "Delete", "deleted"),
        ("merged", "Merge", "merged"),
        ("void", "Void", "void"),
        ("emailed", "Emailed", "emailed"),
    ],
)
def test_every_operation_has_one_word(new, older, ours):
    assert only([cloud(type=f"qbo.invoice.{new}.v1")]).operation == ours
    assert only(old(operation=older)).operation == ours


@pytest.mark.parametrize("spelling", ["deletedId", "deletedID"])
def test_who_was_merged_away_is_told_in_either_spelling(spelling):
    assert only([cloud(type="qbo.customer.merged.v1", data={spelling: "7"})]).deleted_id == "7"
    assert only(old(name="Customer", operation="Merge", **{spelling: "7"})).deleted_id == "7"


@pytest.mark.parametrize(
    "entity", ["Customer", "Invoice", "Payment", "Item", "Term", "PaymentMethod", "Account", "TaxCode"]
)
def test_what_we_follow_waits_for_a_worker(entity):
    assert only(old(name=entity)).status == "pending"
    event = only([cloud(type=f"qbo.{entity.lower()}.updated.v1")])
    assert (event.entity, event.status, event.last_error, event.ended_at) == (entity.lower(), "pending", "", None)


def test_one_body_may_tell_of_several_companies():
    assert [event.realm_id for event in read([cloud(), cloud(id="2", intuitaccountid="99")])] == ["310687", "99"]
    both = {"eventNotifications": old("1")["eventNotifications"] + old("2")["eventNotifications"]}
    assert [event.realm_id for event in read(both)] == ["1", "2"]


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2025-09-10T21:31:25.179851517Z", datetime(2025, 9, 10, 21, 31, 25, 179851, UTC)),
        ("2025-09-10T21:31:25.179Z", datetime(2025, 9, 10, 21, 31, 25, 179000, UTC)),
        ("2015-10-05T14:42:19-0700", datetime(2015, 10, 5, 21, 42, 19, 0, UTC)),
        ("2015-10-05T14:42:19-07:00", datetime(2015, 10, 5, 21, 42, 19, 0, UTC)),
        ("2015-10-05T14:42:19", datetime(2015, 10, 5, 14, 42, 19, 0, UTC)),
        ("0001-01-01T00:00:00+14:00", None),
        ("9999-12-31T23:59:59-14:00", None),
        ("yesterday", None),
        ("", None),
    ],
)
def test_times_are_read_in_every_form_seen(text, at):
    assert moment(text) == at


# -- the same event is the same, another is another --------------------------------------------------------------


def test_a_cloud_event_is_known_by_its_id_alone():
    ids = [only([cloud()]).external_id, only([cloud(time="2026-01-01T00:00:00Z")]).external_id]
    assert ids[0] == ids[1] == "ce:88cd52aa"
    assert only([cloud(id="another")]).external_id not in ids


def test_an_older_event_is_known_by_all_that_it_tells():
    changes = ({"name": "Customer"}, {"id": "13"}, {"operation": "Void"}, {"lastUpdated": "2016"}, {"deletedId": "1"})
    ids = [only(old(**change)).external_id for change in changes] + [only(old("9")).external_id]
    assert only(old()).external_id == only(old()).external_id
    assert len({*ids, only(old()).external_id}) == 7


def test_the_ids_of_the_two_shapes_never_meet():
    older = only(old()).external_id
    assert only([cloud(id=older)]).external_id != older


def test_an_event_without_an_id_or_with_an_endless_one_is_still_known_again():
    for odd in ({"id": None}, {"id": "x" * 5000}):
        event = only([cloud(**odd)])
        assert event.external_id == only([cloud(**odd)]).external_id
        assert len(event.external_id) <= 200
        assert event.status == "pending"
    assert only([cloud(id="x" * 5000)]).external_id != only([cloud(id="x" * 5001)]).external_id


# -- what is not for us ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("odd", "why"),
    [
        (
            {"type": "qbo.creditmemo.created.v1"},
            "A credit memo changes nothing by itself: what it settles comes with the payment that applies it.",
        ),
        ({"type": "qbo.salesreceipt.updated.v1"}, "A sales receipt is a sale paid on the spot, not an invoice."),
        ({"type": "qbo.vendor.created.v1"}, "Tallybook keeps no records of this kind."),
        ({"type": "qbo.invoice.created.v2"}, "Tallybook does not know events of the type qbo.invoice.created.v2."),
        ({"type": "qbo.invoice.painted.v1"}, "Tallybook does not know what painted means."),
        ({"type": None}, "It does not say what kind of record changed."),
        ({"intuitaccountid": ""}, "It names no company."),
        ({"intuitentityid": {"value": "1"}}, "It names no record."),
        ({"intuitentityid": "1" * 41}, "It holds an id that is longer than any of QuickBooks."),
    ],
)
def test_what_is_not_for_us_is_kept_and_says_why(odd, why):
    event = only([cloud(**odd)])
    assert (event.status, event.last_error) == ("ignored", why)
    assert event.ended_at and event.ended_at <= timezone.now()


def test_odd_events_do_not_hurt_the_others():
    events = read([None, 3, "x", [], {}, {"specversion": "1.0"}, cloud(data=[1], intuitentityid=12, time=5)])
    assert [told(event) for event in events] == [("310687", "invoice", "12", "created", "")]
    odd = {"eventNotifications": [None, {"realmId": "1"}, {"realmId": "1", "dataChangeEvent": {"entities": [0]}}]}
    assert read(odd) == []


@pytest.mark.parametrize(
    "body", [b"", b"{", b"\xff\xfe\xff", b"null", b"3", b'"x"', b"{}", b'{"a": 1}', b"[" * 100_000, b"9" * 5000]
)
def test_what_is_no_webhook_is_one_plain_error(body):
    with pytest.raises(NotUnderstood):
        parse(body)


ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=20,
)
TEXTS = (
    ANY_JSON | st.text(st.characters(codec=None), max_size=300) | st.sampled_from(["\x00", "\ud800", "1", "x" * 999])
)
CLOUD = st.builds(
    cloud,
    id=TEXTS,
    type=TEXTS | st.sampled_from(["qbo.customer.merged.v1", "qbo.\x00.\ud800.v1", f"qbo.{'e' * 99}.{'o' * 99}.v1"]),
    time=TEXTS | st.datetimes().map(str),
    intuitentityid=TEXTS,
    intuitaccountid=TEXTS,
    data=ANY_JSON | st.builds(lambda one: {"deletedID": one}, TEXTS),
)
OLDER = st.builds(old, TEXTS, name=TEXTS, id=TEXTS, operation=TEXTS, lastUpdated=TEXTS, deletedId=TEXTS)
SHAPED = st.builds(lambda one: {"eventNotifications": one}, ANY_JSON) | st.lists(ANY_JSON | CLOUD, max_size=4) | OLDER


class AnyBody(TestCase):
    @given(st.binary(max_size=200) | (ANY_JSON | SHAPED).map(lambda one: json.dumps(one).encode()))
    @settings(max_examples=300, deadline=None)
    def test_any_body_is_events_or_not_understood(self, body):
        try:
            events = parse(body)
        except NotUnderstood:
            return
        for event in events:
            assert all(len(getattr(event, name)) <= width for name, width in WIDTHS.items())
            assert bool(event.last_error) == (event.status == "ignored")

    @given(SHAPED)
    @settings(max_examples=60, deadline=None)
    def test_every_event_can_be_stored(self, document):
        events = read(document)
        inbox.accept(events)
        kept = InboxEvent.objects.filter(external_id__in=[event.external_id for event in events])
        assert len(kept) == len({event.external_id for event in events})
