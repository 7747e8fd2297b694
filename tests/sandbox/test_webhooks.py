"""Webhooks: what is told after which change, in which shape, and what may go wrong on the way."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import time
import uuid
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sandbox import Company, Fault, Notice, Sandbox
from sandbox.signing import signature

from .cast import customer, invoice, pay
from .conftest import Wire
from .receiver import TOKEN, Receiver


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as running:
        yield running
        running.shutdown()


@pytest.fixture
def sandbox(receiver: Receiver) -> Iterator[Sandbox]:
    with Sandbox(webhook_url=receiver.url, verifier_token=TOKEN) as running:
        running.webhooks.pauses = (0.02,)
        yield running


def told(sandbox: Sandbox, receiver: Receiver) -> list[tuple[str, str]]:
    """What has been told since the last time this was asked."""
    assert sandbox.webhooks.wait_idle(5)
    found = receiver.told
    receiver.posts.clear()
    return found


# -- what is told ------------------------------------------------------------------------------------------------


def test_the_signature_is_that_of_the_raw_body() -> None:
    body = "[{“ä”}]".encode()
    assert base64.b64decode(signature(body, "key")) == hmac.digest(b"key", body, hashlib.sha256)


def test_a_sale_is_told_step_by_step(sandbox: Sandbox, receiver: Receiver, us: Company) -> None:
    owner = customer(us)
    bill = invoice(us, owner)
    assert told(sandbox, receiver) == [("customer.created", owner["Id"]), ("invoice.created", bill["Id"])]
    payment = pay(us, owner, 100, (bill, 100))
    assert told(sandbox, receiver) == [("payment.created", payment["Id"]), ("invoice.updated", bill["Id"])]
    us.void("Payment", payment["Id"])
    assert told(sandbox, receiver) == [("payment.void", payment["Id"]), ("invoice.updated", bill["Id"])]
    us.delete("Payment", payment["Id"])
    us.send("Invoice", bill["Id"], "ada@example.com")
    us.void("Invoice", bill["Id"])
    us.delete("Invoice", bill["Id"])
    assert told(sandbox, receiver) == [
        ("payment.deleted", payment["Id"]),
        ("invoice.emailed", bill["Id"]),
        ("invoice.void", bill["Id"]),
        ("invoice.deleted", bill["Id"]),
    ]


def test_voiding_a_paid_invoice_tells_of_the_payment_that_lost_it(
    sandbox: Sandbox, receiver: Receiver, us: Company
) -> None:
    owner = customer(us)
    bill = invoice(us, owner)
    payment = pay(us, owner, 100, (bill, 100))
    told(sandbox, receiver)
    us.unlink_and_delete("Invoice", bill["Id"])
    assert told(sandbox, receiver) == [("payment.updated", payment["Id"]), ("invoice.deleted", bill["Id"])]
    assert us.read("Payment", payment["Id"])["UnappliedAmt"] == 100


def test_a_merge_tells_of_the_survivor_and_who_was_lost(sandbox: Sandbox, receiver: Receiver, us: Company) -> None:
    kept, lost = customer(us, "Ada"), customer(us, "Ada B.")
    bill = invoice(us, lost)
    told(sandbox, receiver)
    us.merge_customers(lost["Id"], kept["Id"])
    assert sandbox.webhooks.wait_idle(5)
    assert {event["intuitentityid"]: event["data"] for event in receiver.events} == {
        bill["Id"]: {},
        kept["Id"]: {"deletedId": lost["Id"]},
    }
    assert sorted(told(sandbox, receiver)) == [("customer.merged", kept["Id"]), ("invoice.updated", bill["Id"])]


def test_a_new_name_is_told_of_the_customer_alone(sandbox: Sandbox, receiver: Receiver, us: Company) -> None:
    owner = customer(us)
    invoice(us, owner)
    customer(us, "Site", ParentRef={"value": owner["Id"]})
    told(sandbox, receiver)
    us.update("Customer", {"Id": owner["Id"], "DisplayName": "Ada King", "sparse": True})
    assert told(sandbox, receiver) == [("customer.updated", owner["Id"])]


def test_seeds_and_refused_changes_are_told_to_nobody(sandbox: Sandbox, receiver: Receiver, us: Company) -> None:
    us.create("Customer", {"DisplayName": "Old"}, at=time.time() - 86400)
    us.bulk_load("Customer", [{"DisplayName": "Older", "at": time.time() - 9e5}, {"DisplayName": "Loaded"}])
    with pytest.raises(Fault):
        pay(us, us.read("Customer", "1"), 10, ({"Id": "77"}, 10))
    assert told(sandbox, receiver) == []


def test_only_what_succeeded_in_a_batch_is_told(sandbox: Sandbox, receiver: Receiver, wire: Wire) -> None:
    items = [
        {"bId": "1", "operation": "create", "Customer": {"DisplayName": "Ada"}},
        {"bId": "2", "operation": "create", "Customer": {"DisplayName": "Ada"}},
        {"bId": "3", "operation": "create", "Vendor": {"DisplayName": "Mill"}},
    ]
    answer = wire.post("batch", {"BatchItemRequest": items}, requestid="b1").json()
    wire.post("batch", {"BatchItemRequest": items}, requestid="b1")
    made = answer["BatchItemResponse"]
    assert "Fault" in made[1]
    assert told(sandbox, receiver) == [
        ("customer.created", made[0]["Customer"]["Id"]),
        ("vendor.created", made[2]["Vendor"]["Id"]),
    ]


def test_an_email_sent_over_the_wire_is_told(sandbox: Sandbox, receiver: Receiver, us: Company, wire: Wire) -> None:
    bill = invoice(us, customer(us))
    told(sandbox, receiver)
    assert wire.post(f"invoice/{bill['Id']}/send", {}, sendTo="ada@example.com").status_code == 200
    assert told(sandbox, receiver) == [("invoice.emailed", bill["Id"])]


# -- shapes ------------------------------------------------------------------------------------------------------


def test_a_cloud_event_has_intuits_shape_and_headers(sandbox: Sandbox, receiver: Receiver, us: Company) -> None:
    sandbox.webhooks.content_type = "application/cloudevents+json"
    made = customer(us)
    assert sandbox.webhooks.wait_idle(5)
    [event], [(headers, _)] = receiver.events, receiver.posts
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z", event.pop("time"))
    assert uuid.UUID(event.pop("id")).version == 4
    assert event.pop("source").startswith("intuit.")
    assert event == {
        "specversion": "1.0",
        "type": "qbo.customer.created.v1",
        "datacontenttype": "application/json",
        "intuitentityid": made["Id"],
        "intuitaccountid": us.realm_id,
        "data": {},
    }
    assert headers["content-type"] == "application/cloudevents+json"
    assert headers["user-agent"].startswith("intuit_notification_server")


def test_the_older_shape_has_one_company_in_each_post(
    sandbox: Sandbox, receiver: Receiver, us: Company, uk: Company
) -> None:
    sandbox.webhooks.envelope, sandbox.webhooks.batch = "legacy", 100
    kept, lost = customer(us, "Ada"), customer(us, "Ada B.")
    customer(uk)
    us.merge_customers(lost["Id"], kept["Id"])
    assert sandbox.webhooks.wait_idle(5)
    bodies = [json.loads(body)["eventNotifications"] for _, body in receiver.posts]
    assert all(len(body) == 1 for body in bodies)
    ours = [one for [body] in bodies if body["realmId"] == us.realm_id for one in body["dataChangeEvent"]["entities"]]
    assert [(one["name"], one["operation"], one["id"], one.get("deletedId")) for one in ours] == [
        ("Customer", "Create", kept["Id"], None),
        ("Customer", "Create", lost["Id"], None),
        ("Customer", "Merge", kept["Id"], lost["Id"]),
    ]
    assert {word for one in ours for word in one} == {"name", "id", "operation", "lastUpdated", "deletedId"}


def test_a_hundred_events_of_several_companies_share_a_post(
    sandbox: Sandbox, receiver: Receiver, us: Company, uk: Company
) -> None:
    sandbox.webhooks.batch = 100
    for number in range(60):
        customer(us, f"Number {number}")
        customer(uk, f"Number {number}")
    assert sandbox.webhooks.wait_idle(5)
    assert len(receiver.events) == 120
    sizes = [len(json.loads(body)) for _, body in receiver.posts]
    assert max(sizes) <= 100 and max(sizes) > 5
    assert any(len({event["intuitaccountid"] for event in json.loads(body)}) == 2 for _, body in receiver.posts)


def test_a_sample_is_signed_and_not_sent(sandbox: Sandbox, receiver: Receiver, us: Company) -> None:
    body, headers = sandbox.webhooks.sample([Notice(us.realm_id, "Invoice", "7", "void")])
    assert headers["intuit-signature"] == signature(body, TOKEN)
    assert json.loads(body)[0]["type"] == "qbo.invoice.void.v1"
    assert sandbox.webhooks.is_idle and receiver.posts == []


# -- trouble -----------------------------------------------------------------------------------------------------


def test_what_is_not_answered_with_200_comes_again_with_the_same_id(
    sandbox: Sandbox, receiver: Receiver, us: Company
) -> None:
    receiver.statuses = [500, 202, 302]
    customer(us, "Ada")
    customer(us, "Ben")
    assert sandbox.webhooks.wait_idle(5)
    assert [event["intuitentityid"] for event in receiver.events] == ["1", "1", "1", "1", "2"]
    assert len({event["id"] for event in receiver.events}) == 2
    assert [(one.status, one.attempt) for one in sandbox.webhooks.deliveries] == [
        (500, 1),
        (202, 2),
        (302, 3),
        (200, 4),
        (200, 1),
    ]


def test_an_answer_that_comes_too_late_is_none(sandbox: Sandbox, receiver: Receiver, us: Company) -> None:
    sandbox.webhooks.patience, receiver.late = 0.1, 0.4
    customer(us)
    while not sandbox.webhooks.deliveries:
        time.sleep(0.01)
    receiver.late = 0.0
    assert sandbox.webhooks.wait_idle(5)
    assert sandbox.webhooks.deliveries[0].status == 0
    assert len({event["id"] for event in receiver.events}) == 1


def test_waiting_for_another_attempt_is_not_idle_until_it_is_hurried(
    sandbox: Sandbox, receiver: Receiver, us: Company
) -> None:
    sandbox.webhooks.pauses = (60,)
    receiver.statuses = [503]
    customer(us)
    assert not sandbox.webhooks.wait_idle(0.3)
    sandbox.webhooks.flush()
    assert told(sandbox, receiver) == [("customer.created", "1")] * 2


def test_events_are_lost_and_doubled_alike_in_every_run(us: Company, receiver: Receiver) -> None:
    runs = []
    for _ in range(2):
        with Sandbox(webhook_url=receiver.url, verifier_token=TOKEN) as sandbox:
            hooks = sandbox.webhooks
            hooks.random.seed(7)
            hooks.drop = hooks.double = 0.4
            for number in range(20):
                customer(sandbox.company("us"), f"Number {number}")
            runs.append(told(sandbox, receiver))
            assert len(hooks.dropped) + len(set(runs[-1])) == 20
    assert runs[0] == runs[1]
    assert len(runs[0]) > len(set(runs[0]))


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    seed=st.integers(0, 2**32),
    double=st.floats(0, 1),
    delay=st.floats(0, 0.02),
    shuffle=st.booleans(),
    batch=st.integers(1, 4),
    failures=st.lists(st.sampled_from([400, 429, 500, 503]), max_size=4),
)
def test_whatever_goes_wrong_every_event_arrives_and_keeps_its_id(
    sandbox: Sandbox,
    receiver: Receiver,
    seed: int,
    double: float,
    delay: float,
    shuffle: bool,
    batch: int,
    failures: list[int],
) -> None:
    hooks = sandbox.webhooks
    hooks.random.seed(seed)
    hooks.double, hooks.delay, hooks.shuffle, hooks.batch, hooks.holding = double, delay, shuffle, batch, 0.01
    receiver.posts.clear()
    receiver.statuses = list(failures)
    made = {customer(sandbox.company("us"), f"{uuid.uuid4()}")["Id"] for _ in range(7)}
    assert hooks.wait_idle(5)
    ids = {(event["intuitentityid"], event["id"]) for event in receiver.events}
    assert {pk for pk, _ in ids} == made and len(ids) == 7
    assert all(len(json.loads(body)) <= batch for _, body in receiver.posts)


def test_a_double_has_the_same_id_and_a_post_of_its_own(sandbox: Sandbox, receiver: Receiver, us: Company) -> None:
    sandbox.webhooks.double, sandbox.webhooks.batch = 1.0, 100
    customer(us)
    assert sandbox.webhooks.wait_idle(5)
    assert len(receiver.posts) == 2
    assert receiver.events[0] == receiver.events[1]


def test_events_may_come_late_and_out_of_order(sandbox: Sandbox, receiver: Receiver, us: Company) -> None:
    hooks = sandbox.webhooks
    hooks.random.seed(1)
    hooks.shuffle, hooks.holding = True, 0.1
    for number in range(12):
        customer(us, f"Number {number}")
    ids = [int(pk) for _, pk in told(sandbox, receiver)]
    assert sorted(ids) == list(range(1, 13)) != ids
    hooks.shuffle, hooks.delay = False, 60.0
    customer(us, "Late")
    assert not hooks.wait_idle(0.1)
    hooks.flush()
    assert told(sandbox, receiver) == [("customer.created", "13")]


def test_switched_off_nothing_is_told(sandbox: Sandbox, receiver: Receiver, us: Company) -> None:
    sandbox.webhooks.enabled = False
    customer(us, "Ada")
    sandbox.webhooks.enabled = True
    customer(us, "Ben")
    assert told(sandbox, receiver) == [("customer.created", "2")]
    assert sandbox.webhooks.send_again()
    assert told(sandbox, receiver) == [("customer.created", "2")]


def test_a_company_is_told_of_while_an_app_is_connected(sandbox: Sandbox, receiver: Receiver, us: Company) -> None:
    sandbox.only_connected = True
    customer(us, "Ada")
    sandbox.issue_tokens(us.realm_id)
    customer(us, "Ben")
    sandbox.revoke_all(us.realm_id)
    customer(us, "Cyd")
    assert told(sandbox, receiver) == [("customer.created", "2")]


@pytest.mark.parametrize(
    "url", ["https://127.0.0.1/", "http://example.com/", "http://127.0.0.1.example.com/", "http://10.0.0.1/", "/hook"]
)
def test_only_this_machine_is_told(sandbox: Sandbox, url: str) -> None:
    with pytest.raises(ValueError, match="this machine"):
        sandbox.webhooks.url = url
    with pytest.raises(ValueError, match="this machine"):
        Sandbox(webhook_url=url)
