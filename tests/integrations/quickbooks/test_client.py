"""The client against a running sandbox: what it reads, what it repeats, and how it fails."""

import logging
import time
from decimal import Decimal

import pytest
from django.core.cache import cache
from django.db import transaction
from quickbooks import QuickBooks

from integrations.errors import NeedsReconnect, Rejected, Transient
from integrations.models import QuickBooksConnection
from integrations.quickbooks import client as client_module
from integrations.quickbooks.client import client_for, quote
from sandbox import fault
from tests.factories import make_connection


def add_customers(sandbox, number: int, company: str = "us") -> list[str]:
    books = sandbox.company(company)
    return [books.create("Customer", {"DisplayName": f"Customer {n}"})["Id"] for n in range(1, number + 1)]


def tries(sandbox) -> int:
    return sum(entry.path.startswith("/v3/") for entry in sandbox.requests)


def test_making_a_client_asks_nobody_anything(quickbooks, connection):
    client = client_for(connection)
    assert isinstance(client, QuickBooks)
    assert client.calls == 0
    assert not quickbooks.requests


def test_company_and_preferences_are_read(client_of, connection):
    assert client_of.company_info()["CompanyName"] == connection.company_name
    assert client_of.preferences()["CurrencyPrefs"]["HomeCurrency"]["value"] == "USD"
    assert client_of.calls == 2


def test_pages_come_in_order_and_end_empty(quickbooks, client_of):
    ids = add_customers(quickbooks, 5)
    first = client_of.page("Customer", size=3)
    assert [one["Id"] for one in first] == ids[:3]
    assert [one["Id"] for one in client_of.page("Customer", start=4, size=3)] == ids[3:]
    assert client_of.page("Customer", start=7, size=3) == []
    assert client_of.count("Customer") == 5
    assert client_of.count("Customer", "DisplayName = 'Customer 2'") == 1
    assert client_of.server_time


def test_inactive_names_come_only_when_asked_for(quickbooks, client_of):
    (gone,) = add_customers(quickbooks, 1)
    quickbooks.company("us").update("Customer", {"Id": gone, "Active": False, "sparse": True})
    assert client_of.page("Customer") == []
    assert [one["Id"] for one in client_of.page("Customer", where="Active IN (true, false)")] == [gone]


def test_records_are_fetched_by_id_in_as_few_calls_as_pages(quickbooks, client_of):
    ids = add_customers(quickbooks, 3)
    found = client_of.by_ids("Customer", [*ids, ids[0], "999"])
    assert [one["Id"] for one in found] == ids
    assert client_of.calls == 1
    assert client_of.by_ids("Customer", []) == []
    assert client_of.calls == 1


def test_a_query_refused_for_its_many_ids_is_asked_again_in_smaller_ones(quickbooks, client_of):
    ids = add_customers(quickbooks, 130)
    quickbooks.faults.add(fault(4000))
    assert [one["Id"] for one in client_of.by_ids("Customer", ids)] == ids
    assert client_of.calls == 1 + 5  # 32 at once
    assert [one["Id"] for one in client_of.by_ids("Customer", ids)] == ids
    assert client_of.calls == 6 + 5, "the client has learned it"


def test_a_query_refused_with_few_ids_is_rejected(quickbooks, client_of):
    quickbooks.faults.add(fault(4000), times=99)
    with pytest.raises(Rejected):
        client_of.by_ids("Customer", map(str, range(1, 501)))
    assert client_of.calls == 4  # with 500, 125, 31 and 30 ids
    with pytest.raises(Rejected):
        client_of.by_ids("Customer", ["1"])


def test_one_record_is_read_and_a_missing_one_is_rejected(quickbooks, client_of):
    (ada,) = add_customers(quickbooks, 1)
    assert client_of.read("Customer", ada)["DisplayName"] == "Customer 1"
    with pytest.raises(Rejected) as caught:
        client_of.read("Customer", "999")
    assert caught.value.code == "610"
    assert caught.value.intuit_tid == quickbooks.requests[-1].intuit_tid
    assert "deleted" in str(caught.value)
    assert "Object Not Found" in caught.value.detail


@pytest.mark.parametrize("name", ["O'Brien", "Back\\slash", "It\\'s both", "Zoë & Söhne", "' OR Id > '0"])
def test_quotes_and_backslashes_in_a_name_find_that_name_alone(quickbooks, client_of, name):
    books = quickbooks.company("us")
    books.create("Customer", {"DisplayName": "Somebody else"})
    books.create("Customer", {"DisplayName": name})
    found = client_of.page("Customer", where=f"DisplayName = {quote(name)}")
    assert [one["DisplayName"] for one in found] == [name]


def test_amounts_are_decimals_and_ids_stay_text(quickbooks, client_of):
    books = quickbooks.company("us")
    customer = books.create("Customer", {"DisplayName": "Ada"})
    item = books.create("Item", {"Name": "Work", "Type": "Service", "IncomeAccountRef": {"value": "1"}, "Sku": "W-1"})
    line = {
        "DetailType": "SalesItemLineDetail",
        "Amount": 0.3,
        "SalesItemLineDetail": {"ItemRef": {"value": item["Id"]}, "Qty": 3, "UnitPrice": 0.1},
    }
    books.create("Invoice", {"CustomerRef": {"value": customer["Id"]}, "Line": [line]})
    (invoice,) = client_of.page("Invoice")
    assert Decimal(str(invoice["Line"][0]["Amount"])) == Decimal("0.3")
    assert not isinstance(invoice["Line"][0]["Amount"], float)
    assert client_of.page("Item", where="Type = 'Service'")[-1]["Sku"] == "W-1"


@pytest.mark.parametrize("trouble", [500, 502, 503, 504, 429, "cut_before", "cut_after", "garbage", "xml_429"])
def test_a_read_gets_over_two_failures(quickbooks, client_of, trouble):
    add_customers(quickbooks, 1)
    quickbooks.faults.add(trouble, times=2)
    assert len(client_of.page("Customer")) == 1
    assert tries(quickbooks) == 3


@pytest.mark.parametrize(
    ("trouble", "code"),
    [(503, ""), (429, "3001"), ("xml_429", "3001"), ("cut_before", "connection"), ("garbage", "garbage")],
)
def test_lasting_trouble_ends_as_transient_after_a_few_tries(quickbooks, client_of, trouble, code):
    quickbooks.faults.add(trouble, times=99)
    with pytest.raises(Transient) as caught:
        client_of.page("Customer")
    assert caught.value.code == code
    assert tries(quickbooks) == client_module.ATTEMPTS
    if code == "3001":
        assert caught.value.retry_after == 60


def test_a_server_that_is_not_there_is_transient(quickbooks, client_of):
    quickbooks.stop()
    with pytest.raises(Transient) as caught:
        client_of.page("Customer")
    assert caught.value.code == "connection"
    assert "127.0.0.1" not in caught.value.in_full


def test_a_refusal_is_not_repeated(quickbooks, client_of):
    quickbooks.faults.add(fault(6190))
    with pytest.raises(Rejected, match="subscription"):
        client_of.page("Customer")
    assert tries(quickbooks) == 1


def test_a_question_quickbooks_cannot_read_is_rejected_with_its_own_words(client_of):
    with pytest.raises(Rejected) as caught:
        client_of.query("SELECT * FROM Custmoer")
    assert caught.value.code == "4001"
    assert "Custmoer" in caught.value.in_full


def test_a_write_without_request_id_is_never_repeated(quickbooks, client_of):
    quickbooks.faults.add("cut_after")
    with pytest.raises(Transient):
        client_of.create_object("Customer", '{"DisplayName": "Once"}')
    assert tries(quickbooks) == 1


def test_a_write_with_request_id_is_repeated_and_happens_once(quickbooks, client_of):
    quickbooks.faults.add("cut_after")
    made = client_of.create_object("Customer", '{"DisplayName": "Once"}', request_id="abc")
    assert made["Customer"]["DisplayName"] == "Once"
    assert client_of.count("Customer") == 1


def test_a_step_ends_in_time_whatever_happens(quickbooks, client_of):
    quickbooks.faults.add("slow", times=99, seconds=3)
    client_of.start_step(0.6)
    began = time.monotonic()
    with pytest.raises(Transient):
        client_of.company_info()
    with pytest.raises(Transient):
        client_of.company_info()
    assert time.monotonic() - began < 2


def test_a_dripping_answer_is_given_up(odd_server, connection, settings):
    settings.QUICKBOOKS_API_URL = f"{odd_server}/v3"
    client = client_for(connection)
    client.start_step(1.0)
    began = time.monotonic()
    with pytest.raises(Transient):
        client.page("Customer")
    assert time.monotonic() - began < 3


def test_an_expired_token_is_renewed_once_and_the_call_goes_through(quickbooks, client_of, connection):
    quickbooks.expire_access_tokens()
    assert client_of.page("Customer") == []
    assert [entry.status for entry in quickbooks.requests] == [401, 200, 200]
    connection.refresh_from_db()
    assert connection.is_connected


def test_a_company_that_refuses_fresh_tokens_needs_a_person(quickbooks, client_of, connection):
    quickbooks.faults.add(401, times=2, match="/v3/")
    with pytest.raises(NeedsReconnect):
        client_of.page("Customer")
    connection.refresh_from_db()
    assert connection.status == QuickBooksConnection.Status.NEEDS_RECONNECT
    assert "fresh sign-in" in connection.status_reason
    with pytest.raises(NeedsReconnect, match="Reconnect"):
        client_of.page("Customer")


def test_access_taken_away_inside_quickbooks_needs_a_person(quickbooks, client_of, connection):
    quickbooks.revoke_all(connection.realm_id)
    with pytest.raises(NeedsReconnect, match="Settings > Integrations"):
        client_of.page("Customer")
    connection.refresh_from_db()
    assert connection.status == QuickBooksConnection.Status.NEEDS_RECONNECT


def test_a_company_closed_to_us_needs_a_person_without_a_refresh(quickbooks, client_of, connection):
    quickbooks.faults.add(fault(3100))
    with pytest.raises(NeedsReconnect):
        client_of.page("Customer")
    assert tries(quickbooks) == 1
    assert not any("tokens" in entry.path for entry in quickbooks.requests)


def test_a_proxy_that_forbids_does_not_end_the_connection(odd_server, connection, settings):
    settings.QUICKBOOKS_API_URL = f"{odd_server}/forbidden/v3"
    with pytest.raises(Rejected):
        client_for(connection).page("Customer")
    connection.refresh_from_db()
    assert connection.is_connected


def test_no_message_and_no_log_holds_a_token(quickbooks, client_of, connection, caplog):
    caplog.set_level(logging.DEBUG)
    quickbooks.faults.add(503, times=1)
    quickbooks.faults.add(401, times=3, match="/v3/")
    with pytest.raises(NeedsReconnect) as caught:
        client_of.page("Customer")
    told = "\n".join([caught.value.in_full, repr(caught.value), repr(client_of), caplog.text])
    for secret in (connection.access_token, connection.refresh_token, connection.access_token[:12]):
        assert secret not in told
    assert quickbooks.client_secret not in told


def test_requests_share_one_connection(quickbooks, client_of):
    for _ in range(3):
        client_of.company_info()
    (pool,) = (client_of.session.adapters["http://"].poolmanager.pools[key] for key in _pool_keys(client_of))
    assert pool.num_connections == 1


def _pool_keys(client):
    return client.session.adapters["http://"].poolmanager.pools.keys()


def test_nothing_is_sent_while_a_transaction_is_open(quickbooks, transactional_db):
    client = client_for(make_connection(quickbooks))
    with pytest.raises(RuntimeError), transaction.atomic():
        client.page("Customer")
    assert tries(quickbooks) == 0


def test_characters_no_database_stores_are_replaced(odd_server, connection, settings):
    settings.QUICKBOOKS_API_URL = f"{odd_server}/odd/v3"
    (record,) = client_for(connection).page("Customer")
    assert record == {"DisplayName": "a\ufffdb\ufffd \U0001f600", "Note": "\\u0000", "Big": 10**30}


def test_the_cache_is_not_needed_to_read(quickbooks, client_of):
    cache.clear()
    client_of.company_info()
    assert all(entry.path.startswith("/v3/") for entry in quickbooks.requests)
