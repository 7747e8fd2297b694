"""The control page: a newcomer plays the bookkeeper without a line of code."""

from __future__ import annotations

import pytest
import requests

from sandbox import Company, Sandbox

from .cast import customer, invoice
from .conftest import Wire


def do(sandbox: Sandbox, action: str, **form: str) -> str:
    """Post one of the page's forms and read the page it leads to."""
    answer = requests.post(f"{sandbox.url}/do/{action}", data={"company": "us", **form}, timeout=10)
    assert answer.status_code == 200
    return answer.text


def test_a_whole_sale_can_be_played(sandbox: Sandbox, us: Company) -> None:
    do(sandbox, "new-customer", name="Ada", phone="650-555-0100", email="ada@example.com")
    do(sandbox, "new-invoice", customer="1", item="3", quantity="2", price="10", tax="TAX", due="2030-01-31")
    made = us.read("Invoice", "1")
    assert (made["TotalAmt"], made["DueDate"]) == (21.6, "2030-01-31")
    do(sandbox, "receive-payment", invoice="1", amount="20", reference="cheque 7")
    assert us.read("Invoice", "1")["Balance"] == 1.6
    do(sandbox, "edit-customer", id="1", name="Ada Byron", phone="", email="", active="on")
    assert "PrimaryPhone" not in us.read("Customer", "1")
    do(sandbox, "edit-invoice", id="1", due="2030-02-28", note="moved")
    assert us.read("Invoice", "1")["PrivateNote"] == "moved"
    do(sandbox, "void", entity="Payment", id="2")
    do(sandbox, "delete", entity="Invoice", id="1")
    assert us.count("SELECT COUNT(*) FROM Invoice") == 0


def test_a_british_sale_has_vat_and_a_currency(sandbox: Sandbox, uk: Company) -> None:
    do(sandbox, "new-customer", company="uk", name="Émile", currency="EUR", phone="", email="")
    fields = {"customer": "1", "item": "1", "quantity": "1", "price": "120", "tax": "1", "due": "", "number": "7"}
    do(sandbox, "new-invoice", company="uk", mode="TaxInclusive", **fields)
    made = uk.read("Invoice", "1")
    assert (made["TotalAmt"], made["TxnTaxDetail"]["TotalTax"], made["DocNumber"]) == (120, 20, "7")
    assert made["CurrencyRef"]["value"] == "EUR"


def test_a_refusal_is_shown_in_quickbooks_own_words(sandbox: Sandbox, us: Company) -> None:
    customer(us)
    assert "Duplicate Name Exists" in do(sandbox, "new-customer", name="Ada Byron", phone="", email="")
    assert "That cannot be" in do(sandbox, "break", kind="earthquake")
    do(sandbox, "close-books", day="2099-12-31")
    assert "6210" in do(sandbox, "new-invoice", customer="1", item="1", quantity="1", price="1", tax="NON", due="")


def test_doubles_are_merged_by_hand(sandbox: Sandbox, us: Company) -> None:
    kept, lost = customer(us, "Ada"), customer(us, "Ada B.")
    invoice(us, lost)
    do(sandbox, "merge-customers", id=lost["Id"], survivor=kept["Id"])
    assert us.read("Customer", kept["Id"])["Balance"] == 100


def test_trouble_is_ordered_shown_and_called_off(sandbox: Sandbox, wire: Wire) -> None:
    page = do(sandbox, "break", kind="fault", code="6190", times="2", match="Invoice", seconds="")
    assert "fault(6190)" in page
    assert wire.query("SELECT * FROM Invoice").status_code == 400
    do(sandbox, "slow-down", seconds="0.2")
    assert sandbox.faults.latency == 0.2
    do(sandbox, "calm-down")
    assert (sandbox.faults.latency, sandbox.faults.waiting) == (0, [])
    do(sandbox, "expire-tokens")
    assert wire.get("preferences").status_code == 401
    do(sandbox, "disconnect")
    assert sandbox.tokens.grants == []


def test_trouble_never_strikes_the_page_itself(sandbox: Sandbox) -> None:
    sandbox.faults.add(kind=503)
    assert requests.get(sandbox.url, timeout=10).status_code == 200


@pytest.mark.parametrize("path", ["/", "/edit?entity=Customer&id=1", "/trouble", "/log"])
def test_what_others_wrote_is_never_markup(sandbox: Sandbox, us: Company, wire: Wire, path: str) -> None:
    owner = customer(us, "<script>alert(1)</script>", PrimaryPhone={"FreeFormNumber": '"><script>alert(2)'})
    invoice(us, owner, DocNumber="<script>3")
    wire.query("SELECT * FROM Customer WHERE DisplayName = '<script>4'")
    sandbox.faults.add(kind=503, match="<script>5")
    joint = "&" if "?" in path else "?"
    page = requests.get(f"{sandbox.url}{path}{joint}done=<script>6&company=us", timeout=10).text
    assert "<script" not in page and "&lt;script&gt;6" in page


def test_the_page_works_on_a_phone_and_without_script(sandbox: Sandbox) -> None:
    page = requests.get(sandbox.url, timeout=10).text
    assert 'name="viewport"' in page and "<script" not in page and 'lang="en"' in page


def test_the_log_shows_what_was_asked(sandbox: Sandbox, wire: Wire) -> None:
    wire.query("SELECT * FROM Customer")
    assert "SELECT * FROM Customer" in requests.get(f"{sandbox.url}/log", timeout=10).text
    do(sandbox, "clear-log")
    assert "SELECT * FROM Customer" not in requests.get(f"{sandbox.url}/log", timeout=10).text


def test_pages_that_do_not_exist_say_so(sandbox: Sandbox) -> None:
    assert requests.get(f"{sandbox.url}/nothing", timeout=10).status_code == 404
    assert requests.post(f"{sandbox.url}/do/nothing", timeout=10).status_code == 404
    assert "deleted" in requests.get(f"{sandbox.url}/edit?entity=Customer&id=9", timeout=10).text
