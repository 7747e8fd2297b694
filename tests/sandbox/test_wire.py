"""The wire itself: envelopes, idempotency, batches, change data capture, limits and trouble."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests
from quickbooks import QuickBooks
from quickbooks.batch import batch_create
from quickbooks.cdc import change_data_capture
from quickbooks.exceptions import AuthorizationException, QuickbooksException, ValidationException
from quickbooks.objects.customer import Customer
from quickbooks.objects.invoice import Invoice

from sandbox import Company, Sandbox, fault
from sandbox.quickbooks.clock import parse_moment, stamp

from .cast import customer, invoice, pay
from .conftest import Wire, code_of

# -- envelopes ---------------------------------------------------------------------------------------------------


def test_every_answer_has_a_transaction_id_and_a_time(us: Company, wire: Wire) -> None:
    made = customer(us)
    answer = wire.get(f"customer/{made['Id']}", minorversion="75")
    assert answer.headers["intuit_tid"] and answer.headers["Content-Type"].startswith("application/json")
    assert answer.json()["Customer"] == made
    assert abs(parse_moment(answer.json()["time"]) - time.time()) < 5
    assert answer.json()["time"][-6:] in ("-08:00", "-07:00")
    assert wire.get("customer/99").headers["intuit_tid"] != answer.headers["intuit_tid"]


@pytest.mark.parametrize(
    ("path", "code"),
    [("customer/1.5", "2030"), ("customer/99", "610"), ("customer/1/5", "500"), ("teapot/1", "500"), ("", "500")],
)
def test_addresses_that_lead_nowhere(wire: Wire, path: str, code: str) -> None:
    refused = wire.get(path)
    assert (refused.status_code, code_of(refused)) == (400, code)


def test_company_info_and_preferences_are_read_by_realm(us: Company, wire: Wire) -> None:
    info = wire.get(f"companyinfo/{us.realm_id}").json()["CompanyInfo"]
    assert (info["Id"], info["CompanyName"], info["Country"]) == ("1", "Cedar & Sons Plumbing", "US")
    settings = wire.get("preferences").json()["Preferences"]
    assert settings["CurrencyPrefs"] == {"MultiCurrencyEnabled": False, "HomeCurrency": {"value": "USD"}}


def test_preferences_can_be_changed_over_the_wire(us: Company, wire: Wire) -> None:
    before = wire.get("preferences").json()["Preferences"]
    forms = {**before["SalesFormsPrefs"], "CustomTxnNumbers": True}
    body = {"Id": "1", "SyncToken": before["SyncToken"], "sparse": True, "SalesFormsPrefs": forms}
    assert wire.post("preferences", body).json()["Preferences"]["SyncToken"] == "1"
    assert "DocNumber" not in invoice(us, customer(us))


def test_bodies_that_are_no_json_are_refused(wire: Wire) -> None:
    headers = {"Content-Type": "application/json"}
    for body, code in ((b"{", "2010"), (b"[]", "2010"), (b'{"a": "\xff"}', "500")):
        refused = wire.session.post(f"{wire.base}/customer", data=body, headers=headers, timeout=10)
        assert code_of(refused) == code


def test_only_loopback_names_and_own_pages_are_served(sandbox: Sandbox) -> None:
    assert requests.get(sandbox.url, headers={"Host": "books.example.com"}, timeout=10).status_code == 403
    assert requests.get(sandbox.url, headers={"Host": f"localhost:{sandbox.server.port}"}, timeout=10).ok
    stranger = {"Origin": "https://books.example.com"}
    assert requests.post(f"{sandbox.url}/do/calm-down", headers=stranger, timeout=10).status_code == 403


# -- the same request twice --------------------------------------------------------------------------------------


def test_the_same_requestid_books_only_once(us: Company, wire: Wire) -> None:
    body = {"CustomerRef": {"value": customer(us)["Id"]}, "TotalAmt": 10}
    answers = [wire.post("payment", body, requestid="one").json() for _ in range(2)]
    assert answers[0] == answers[1]
    assert us.count("SELECT COUNT(*) FROM Payment") == 1
    assert wire.post("payment", body, requestid="").json() != wire.post("payment", body, requestid="").json()


def test_a_refused_request_may_be_tried_again_under_its_requestid(us: Company, wire: Wire) -> None:
    body = {"DisplayName": "Ada"}
    taken = customer(us, "Ada")
    assert code_of(wire.post("customer", body, requestid="two")) == "6240"
    us.update("Customer", {"Id": taken["Id"], "sparse": True, "DisplayName": "Eve"})
    assert wire.post("customer", body, requestid="two").status_code == 200


def test_many_at_once_with_one_requestid_book_once(sandbox: Sandbox, us: Company) -> None:
    body = {"CustomerRef": {"value": customer(us)["Id"]}, "TotalAmt": 10}
    with ThreadPoolExecutor(8) as pool:
        wires = [Wire(sandbox, us) for _ in range(8)]
        answers = list(pool.map(lambda wire: wire.post("payment", body, requestid="three").text, wires))
    assert len(set(answers)) == 1
    assert us.count("SELECT COUNT(*) FROM Payment") == 1


# -- batches -----------------------------------------------------------------------------------------------------


def test_items_of_a_batch_succeed_and_fail_on_their_own(us: Company, wire: Wire) -> None:
    owner = customer(us)
    payment = pay(us, owner, 10)
    made = invoice(us, owner)
    token = {"Id": made["Id"], "SyncToken": "0", "sparse": True}
    items: list[dict[str, Any]] = [
        {"bId": "1", "operation": "create", "Customer": {"DisplayName": "Ben"}},
        {"bId": "2", "operation": "create", "Customer": {"DisplayName": "Ada Byron"}},
        {"bId": "3", "operation": "update", "Invoice": {**token, "PrivateNote": "x"}},
        {"bId": "4", "operation": "update", "Invoice": {**token, "PrivateNote": "y"}},
        {"bId": "5", "operation": "update", "optionsData": "void", "Payment": {"Id": payment["Id"], "SyncToken": "0"}},
        {"bId": "6", "operation": "delete", "Invoice": {"Id": "99", "SyncToken": "0"}},
        {"bId": "7", "Query": "SELECT * FROM Customer WHERE DisplayName = 'Ben'"},
    ]
    answers = wire.post("batch", {"BatchItemRequest": items}).json()["BatchItemResponse"]
    codes = [answer.get("Fault", {}).get("Error", [{}])[0].get("code") for answer in answers]
    assert [answer["bId"] for answer in answers] == list("1234567")
    assert codes == [None, "6240", None, "5010", None, "610", None]
    assert answers[4]["Payment"]["PrivateNote"] == "Voided"
    assert answers[6]["QueryResponse"]["Customer"][0]["Id"] == answers[0]["Customer"]["Id"]


def test_the_library_creates_in_batches(us: Company, qb: QuickBooks) -> None:
    people = []
    for number in range(35):
        person = Customer()
        person.DisplayName = f"Number {number % 34}"
        people.append(person)
    result = batch_create(people, qb=qb)
    assert (len(result.successes), len(result.faults)) == (34, 1)
    assert result.faults[0].Error[0].code == "6240"


def test_a_batch_has_one_to_thirty_items(wire: Wire) -> None:
    item = {"operation": "create", "Customer": {"DisplayName": "x"}}
    assert wire.post("batch", {"BatchItemRequest": []}).status_code == 400
    assert wire.post("batch", {"BatchItemRequest": [item] * 31}).status_code == 400


# -- change data capture -----------------------------------------------------------------------------------------


def test_changes_since_a_moment_include_what_is_gone(us: Company, qb: QuickBooks) -> None:
    old = time.time() - 10 * 86400
    us.create("Customer", {"DisplayName": "Old"}, at=old)
    owner = us.create("Customer", {"DisplayName": "Ada"}, at=old)
    made, gone = invoice(us, owner), invoice(us, owner)
    us.delete("Invoice", gone["Id"])
    found = change_data_capture([Customer, Invoice], stamp(time.time() - 3600), qb=qb)
    assert [one.DisplayName for one in found.Customer._object_list] == ["Ada"]
    assert sorted((one.Id, getattr(one, "status", "")) for one in found.Invoice._object_list) == [
        (made["Id"], ""),
        (gone["Id"], "Deleted"),
    ]


def test_an_entity_without_changes_gives_an_empty_block(us: Company, wire: Wire) -> None:
    customer(us)
    blocks = wire.get("cdc", entities="Payment,Customer", changedSince=stamp(time.time() - 60)).json()
    payment, people = blocks["CDCResponse"][0]["QueryResponse"]
    assert payment == {}
    assert (len(people["Customer"]), people["startPosition"], people["maxResults"]) == (1, 1, 1)


def test_a_thousand_changes_are_all_that_fit(us: Company, wire: Wire) -> None:
    us.bulk_load("Customer", ({"DisplayName": f"Number {number}"} for number in range(1005)))
    invoice(us, us.read("Customer", "1"))
    found = wire.get("cdc", entities="Customer,Invoice", changedSince=stamp(time.time() - 60)).json()
    people, bills = found["CDCResponse"][0]["QueryResponse"]
    assert (len(people["Customer"]), people["totalCount"], bills) == (1000, 1005, {})


@pytest.mark.parametrize(
    ("entities", "since"),
    [
        ("TaxCode", None),
        ("Teapot", None),
        ("", None),
        ("Customer", "2020-01-01"),
        ("Customer", "soon"),
        ("Customer", ""),
    ],
)
def test_what_change_data_capture_refuses(wire: Wire, entities: str, since: str | None) -> None:
    since = stamp(time.time() - 60) if since is None else since
    assert wire.get("cdc", entities=entities, changedSince=since).status_code == 400


# -- limits ------------------------------------------------------------------------------------------------------


def test_more_than_ten_requests_a_second_are_throttled() -> None:
    with Sandbox(rate_per_second=10, rate_per_minute=500) as sandbox:
        wire = Wire(sandbox, sandbox.company("us"))
        statuses = [wire.get("preferences").status_code for _ in range(11)]
        assert statuses == [200] * 10 + [429]
        refused = wire.get("preferences")
        assert code_of(refused) == "3001" and refused.json()["Fault"]["type"] == "SERVICE"
        assert Wire(sandbox, sandbox.company("uk")).get("preferences").status_code == 200


def test_a_minute_has_room_for_so_many_requests_and_batches() -> None:
    with Sandbox(rate_per_minute=3, batches_per_minute=1) as sandbox:
        wire = Wire(sandbox, sandbox.company("us"))
        body = {"BatchItemRequest": [{"bId": "1", "Query": "select * from customer"}]}
        assert [wire.post("batch", body).status_code for _ in range(2)] == [200, 429]
        assert [wire.get("preferences").status_code for _ in range(3)] == [200, 200, 429]


# -- trouble -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "error", "code"),
    [
        (429, ValidationException, 3001),
        (401, AuthorizationException, 401),
        (403, ValidationException, 3100),
        (500, QuickbooksException, 10000),
        (502, QuickbooksException, 10000),
        (503, QuickbooksException, 10000),
        ("xml_429", QuickbooksException, 10000),
        ("garbage", QuickbooksException, 10000),
        (fault(6190), QuickbooksException, 6190),
        (5010, QuickbooksException, 5010),
    ],
)
def test_trouble_reaches_the_library_once(
    sandbox: Sandbox, qb: QuickBooks, kind: int | str, error: type[QuickbooksException], code: int
) -> None:
    sandbox.faults.add(kind=kind, match="/query")
    with pytest.raises(error) as refused:
        Customer.all(qb=qb)
    assert refused.value.error_code == code
    assert Customer.all(qb=qb) == []


@pytest.mark.parametrize(("kind", "made"), [("cut_before", 0), ("cut_after", 1)])
def test_a_cut_connection_leaves_the_caller_in_doubt(
    sandbox: Sandbox, us: Company, wire: Wire, kind: str, made: int
) -> None:
    sandbox.faults.add(kind=kind, match="POST /v3")
    with pytest.raises(requests.ConnectionError):
        wire.post("customer", {"DisplayName": "Ada"}, requestid="four")
    assert us.count("SELECT COUNT(*) FROM Customer") == made
    assert wire.post("customer", {"DisplayName": "Ada"}, requestid="four").status_code == 200
    assert us.count("SELECT COUNT(*) FROM Customer") == 1
    assert [entry.status for entry in sandbox.requests] == [0, 200]


def test_a_slow_answer_comes_late(sandbox: Sandbox, wire: Wire) -> None:
    sandbox.faults.add(kind="slow", seconds=0.3)
    started = time.monotonic()
    assert wire.get("preferences").status_code == 200
    assert time.monotonic() - started >= 0.3


def test_trouble_strikes_only_what_it_is_meant_for(sandbox: Sandbox, wire: Wire) -> None:
    sandbox.faults.add(kind=503, times=2, match="FROM Invoice")
    assert wire.query("SELECT * FROM Customer").status_code == 200
    assert [wire.query("SELECT * FROM Invoice").status_code for _ in range(3)] == [503, 503, 200]
    sandbox.faults.add(kind=503, times=9)
    sandbox.faults.clear()
    assert wire.get("preferences").status_code == 200


def test_unknown_trouble_is_refused(sandbox: Sandbox) -> None:
    with pytest.raises(ValueError, match="earthquake"):
        sandbox.faults.add(kind="earthquake")


def test_the_log_tells_what_was_asked(sandbox: Sandbox, us: Company, wire: Wire) -> None:
    answer = wire.query("SELECT * FROM Customer")
    wire.get("customer/9", minorversion="75")
    first, second = sandbox.requests
    assert (first.method, first.body, first.status, first.realm) == ("POST", "SELECT * FROM Customer", 200, us.realm_id)
    assert first.intuit_tid == answer.headers["intuit_tid"]
    assert (second.path, second.query) == (f"/v3/company/{us.realm_id}/customer/9", {"minorversion": "75"})
    sandbox.clear_log()
    assert not sandbox.requests
