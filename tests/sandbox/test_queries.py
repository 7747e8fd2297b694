"""The query language, with all its traps."""

from __future__ import annotations

import pytest
from quickbooks import QuickBooks
from quickbooks.objects.customer import Customer
from quickbooks.objects.invoice import Invoice
from quickbooks.objects.item import Item

from sandbox import Company, Fault

from .cast import customer, invoice
from .conftest import Wire, code_of

NAMES = ("Amy's Bird Sanctuary", "Back\\slash", "Ünsal & Co", "zebra", "Lot 4")


@pytest.fixture(autouse=True)
def books(us: Company) -> None:
    for name in NAMES:
        customer(us, name, PrimaryEmailAddr={"Address": f"Info@{ord(name[0])}.example.com"})
    gone = customer(us, "Gone")
    us.update("Customer", {"Id": gone["Id"], "sparse": True, "Active": False})


def names(company: Company, where: str) -> list[str]:
    return [one["DisplayName"] for one in company.query(f"SELECT * FROM Customer {where}")]


@pytest.mark.parametrize(
    ("where", "found"),
    [
        (r"WHERE DisplayName = 'Amy\'s Bird Sanctuary'", [NAMES[0]]),
        (r"where displayname = 'AMY\'S bird sanctuary'", [NAMES[0]]),
        (r"WHERE DisplayName = 'Back\\slash'", [NAMES[1]]),
        ("WHERE DisplayName LIKE '%sal & c%'", [NAMES[2]]),
        ("WHERE DisplayName LIKE 'L%' AND Active = true", [NAMES[4]]),
        ("WHERE PrimaryEmailAddr = 'info@122.EXAMPLE.com'", ["zebra"]),
        ("WHERE Id IN ('2', '4', '99') ORDERBY Id DESC", ["zebra", NAMES[1]]),
        ("WHERE id in ('4')", ["zebra"]),
        ("WHERE Active = false", ["Gone (deleted)"]),
        ("WHERE GivenName = ' ' AND Id = '4'", ["zebra"]),
        ("WHERE Balance >= '1'", []),
        ("ORDER BY DisplayName DESC MAXRESULTS 1", ["Ünsal & Co"]),
        ("ORDERBY Id MAXRESULTS 1 STARTPOSITION 2", [NAMES[1]]),
        ("ORDERBY Id STARTPOSITION 2 MAXRESULTS 1", [NAMES[1]]),
        ("STARTPOSITION 50", []),
        ("WHERE MetaData.LastUpdatedTime >= '2020-01-01T00:00:00-08:00' AND Id = '4'", ["zebra"]),
        ("WHERE MetaData.CreateTime > '2099-01-01'", []),
    ],
)
def test_what_a_statement_finds(us: Company, where: str, found: list[str]) -> None:
    assert names(us, where) == found


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        ("SELECT * FROM Custmoer", 4001),
        ("SELECT * FROM Customer WHERE Nickname = 'x'", 4001),
        ("SELECT * FROM Invoice WHERE EmailStatus = 'EmailSent'", 4001),
        ("SELECT * FROM Customer WHERE Id > '4'", 4001),
        ("SELECT * FROM Customer STARTPOSITION 0", 4001),
        ("SELECT * FROM Customer MAXRESULTS 0", 4001),
        ("SELECT * FROM Customer MAXRESULTS 1001", 4001),
        ("SELECT * FROM Invoice WHERE TxnDate > 'yesterday'", 4001),
        ("SELECT * FROM Customer WHERE MetaData.LastUpdatedTime > '2026-01-01T00:00:00 08:00'", 4001),
        ("SELECT * FROM Customer WHERE DisplayName = 'a' OR DisplayName = 'b'", 4000),
        ("SELECT * FROM Customer WHERE DisplayName = 'it's'", 4000),
        ("SELECT * FROM Customer WHERE DisplayName = ’x’", 4000),
        ("SELECT * FROM Customer GROUP BY DisplayName", 4000),
        ("SELECT * FROM null WHERE", 4001),
        ("SELECT FROM Customer", 4000),
        ("DELETE FROM Customer", 4000),
        ("SELECT * FROM Customer WHERE DisplayName != 'x'", 4000),
        ("", 4000),
    ],
)
def test_what_a_statement_may_not_say(wire: Wire, statement: str, code: int) -> None:
    refused = wire.query(statement)
    assert (refused.status_code, code_of(refused)) == (400, str(code))


def test_a_name_list_leaves_inactive_names_out_unless_asked(us: Company) -> None:
    assert us.count("SELECT COUNT(*) FROM Customer") == len(NAMES)
    assert us.count("SELECT COUNT(*) FROM Customer WHERE Active IN (true, false)") == len(NAMES) + 1


def test_the_library_reads_counts_and_pages(qb: QuickBooks, us: Company) -> None:
    assert Customer.count(qb=qb) == len(NAMES)
    assert [one.Id for one in Customer.all(order_by="Id", start_position=2, max_results=2, qb=qb)] == ["2", "3"]
    assert Customer.filter(DisplayName="Amy's Bird Sanctuary", qb=qb)[0].Id == "1"
    assert {one.Id for one in Customer.choose(["1", "3"], qb=qb)} == {"1", "3"}
    assert Customer.where("Active = false", qb=qb)[0].DisplayName == "Gone (deleted)"
    assert len(Item.all(qb=qb)) == us.count("select count(*) from item")


def test_pages_after_the_last_are_empty_objects(wire: Wire) -> None:
    assert wire.query("SELECT * FROM Customer STARTPOSITION 100").json()["QueryResponse"] == {}
    assert wire.query("SELECT * FROM Invoice").json()["QueryResponse"] == {}


def test_a_page_holds_100_rows_unless_told_otherwise(us: Company, wire: Wire) -> None:
    us.bulk_load("Customer", ({"DisplayName": f"Number {number}"} for number in range(1100)))
    assert wire.query("SELECT * FROM Customer").json()["QueryResponse"]["maxResults"] == 100
    page = wire.query("SELECT * FROM Customer ORDERBY Id STARTPOSITION 1001 MAXRESULTS 1000").json()["QueryResponse"]
    assert page["startPosition"] == 1001
    assert page["maxResults"] == len(page["Customer"]) == 1100 + len(NAMES) - 1000


def test_get_and_post_answer_the_same(wire: Wire) -> None:
    statement = "SELECT * FROM Customer WHERE DisplayName = 'Ünsal & Co'"
    asked = wire.get("query", query=statement).json()["QueryResponse"]
    assert asked == wire.query(statement).json()["QueryResponse"]
    assert asked["Customer"][0]["Id"] == "3"


def test_years_are_read_by_date_and_voided_forms_stay_in_sight(us: Company, qb: QuickBooks) -> None:
    owner = us.read("Customer", "1")
    for day in ("2024-12-31", "2025-01-01", "2025-12-31", "2026-01-01"):
        invoice(us, owner, TxnDate=day)
    us.void("Invoice", "2")
    found = Invoice.where("TxnDate >= '2025-01-01' AND TxnDate <= '2025-12-31'", order_by="Id", qb=qb)
    assert [(one.Id, one.TotalAmt) for one in found] == [("2", 0), ("3", 100.0)]
    assert us.query("SELECT * FROM Invoice WHERE TxnDate > CURRENT_DATE") == []
    assert us.count("SELECT COUNT(*) FROM Invoice WHERE CustomerRef = '1' AND TotalAmt > '99.5'") == 3


def test_a_fault_in_process_is_the_fault_of_the_wire(us: Company) -> None:
    with pytest.raises(Fault) as refused:
        us.query("SELECT * FROM Nothing")
    assert refused.value.code == 4001
