"""What changed since a moment: change data capture, and queries by time and by many Ids."""

from __future__ import annotations

import time
from typing import Any

import pytest
from quickbooks import QuickBooks
from quickbooks.objects.customer import Customer

from sandbox import Company
from sandbox.quickbooks.clock import stamp
from sandbox.quickbooks.errors import Fault

from .cast import customer, invoice, pay
from .conftest import Wire

OLD = 10 * 86400


def changes(wire: Wire, entities: str, seconds: float = 3600) -> list[dict[str, Any]]:
    """One block for each entity."""
    answer = wire.get("cdc", entities=entities, changedSince=stamp(time.time() - seconds)).json()
    return list(answer["CDCResponse"][0]["QueryResponse"])


def test_who_was_merged_away_is_a_stub_and_who_is_inactive_an_object(us: Company, wire: Wire) -> None:
    kept, lost = (us.create("Customer", {"DisplayName": name}, at=time.time() - OLD) for name in ("Ada", "Ada B."))
    idle = us.create("Customer", {"DisplayName": "Ben"}, at=time.time() - OLD)
    us.merge_customers(lost["Id"], kept["Id"])
    us.update("Customer", {"Id": idle["Id"], "sparse": True, "Active": False})
    [block] = changes(wire, "Customer")
    found = {one["Id"]: one for one in block["Customer"]}
    assert found[lost["Id"]].keys() == {"domain", "status", "Id", "MetaData"}
    assert found[lost["Id"]]["status"] == "Deleted"
    assert found[kept["Id"]]["SyncToken"] == "1"
    assert found[idle["Id"]]["Active"] is False and "status" not in found[idle["Id"]]


def test_nobody_is_merged_into_a_job_of_its_own(us: Company) -> None:
    ada = customer(us)
    lot = customer(us, "Lot 9", Job=True, ParentRef={"value": ada["Id"]})
    room = customer(us, "Kitchen", Job=True, ParentRef={"value": lot["Id"]})
    for job in (ada, lot, room):
        with pytest.raises(Fault):
            us.merge_customers(ada["Id"], job["Id"])
    us.merge_customers(room["Id"], ada["Id"])
    assert set(us.store.tables["Customer"]) == {ada["Id"], lot["Id"]}


def test_the_survivor_of_a_merge_changes_even_without_transactions(us: Company) -> None:
    kept, lost = customer(us, "Ada"), customer(us, "Ada B.")
    given = us.merge_customers(lost["Id"], kept["Id"])
    assert (given["Id"], given["SyncToken"]) == (kept["Id"], "1")


def test_blocks_come_in_the_order_asked_for_and_empty_where_nothing_changed(us: Company, wire: Wire) -> None:
    owner = us.create("Customer", {"DisplayName": "Ada"}, at=time.time() - OLD)
    bill = invoice(us, owner)
    pay(us, owner, 40, (bill, 40))
    receipts, bills, money, people = changes(wire, "SalesReceipt,Invoice,Payment,Customer")
    assert receipts == {}
    assert (bills["startPosition"], bills["maxResults"]) == (1, 1)
    assert bills["Invoice"][0]["Balance"] == 60
    assert len(money["Payment"]) == 1
    assert people["Customer"][0]["SyncToken"] == "0"  # its balance moved, its token did not


def test_thirty_days_back_is_the_most(us: Company, wire: Wire) -> None:
    assert changes(wire, "Customer", 29.9 * 86400) == [{}]
    since = stamp(time.time() - 30.1 * 86400)
    assert wire.get("cdc", entities="Customer", changedSince=since).status_code == 400


def test_changes_are_read_by_time_in_pages(us: Company, wire: Wire) -> None:
    base = time.time() - OLD
    numbered = ({"DisplayName": f"Number {number:02}", "at": base - number} for number in range(30))
    us.bulk_load("Customer", numbered)
    where = f"WHERE MetaData.LastUpdatedTime >= '{stamp(base - 24)}' ORDERBY MetaData.LastUpdatedTime"
    seen: list[str] = []
    for start in (1, 11, 21):
        page = wire.query(f"SELECT * FROM Customer {where} STARTPOSITION {start} MAXRESULTS 10").json()
        seen += [one["DisplayName"] for one in page["QueryResponse"].get("Customer", [])]
    assert seen == [f"Number {number:02}" for number in reversed(range(25))]
    by_id = f"WHERE MetaData.LastUpdatedTime >= '{stamp(base - 3)}' ORDERBY Id MAXRESULTS 2"
    assert [one["Id"] for one in us.query(f"SELECT * FROM Customer {by_id}")] == ["1", "2"]


def test_a_thousand_ids_are_asked_for_at_once(us: Company, wire: Wire, qb: QuickBooks) -> None:
    us.bulk_load("Customer", ({"DisplayName": f"Number {number}"} for number in range(1010)))
    ids = [str(number) for number in range(5, 1005)]
    listed = ", ".join(f"'{pk}'" for pk in reversed(ids))
    answer = wire.query(f"SELECT * FROM Customer WHERE Id IN ({listed}) ORDERBY Id MAXRESULTS 1000")
    assert [one["Id"] for one in answer.json()["QueryResponse"]["Customer"]] == ids
    assert wire.get("query", query=f"SELECT COUNT(*) FROM Customer WHERE Id IN ({listed})").json()["QueryResponse"] == {
        "totalCount": 1000
    }
    assert len(Customer.choose(ids[:50], field="Id", qb=qb)) == 50
