"""The demo companies hold what a demo needs, and the big one adds up."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from datetime import date

import pytest

from sandbox import Company, Sandbox, Size
from sandbox.quickbooks.company import owed
from sandbox.quickbooks.money import ZERO, decimal
from sandbox.quickbooks.schema import TRANSACTIONS


@pytest.fixture(scope="module")
def demo() -> Iterator[Sandbox]:
    sandbox = Sandbox(seed="small")
    yield sandbox
    sandbox.stop()


@pytest.fixture(params=["us", "uk"])
def company(demo: Sandbox, request: pytest.FixtureRequest) -> Company:
    return demo.company(request.param)


def digits(document: dict[str, dict[str, str]]) -> str:
    number = "".join(filter(str.isdigit, document.get("PrimaryPhone", {}).get("FreeFormNumber", "")))
    return number[-10:]


def everybody(company: Company) -> list[dict]:  # type: ignore[type-arg]
    return company.query("SELECT * FROM Customer WHERE Active IN (true, false) MAXRESULTS 1000")


def test_an_empty_sandbox_starts_at_once() -> None:
    started = time.perf_counter()
    Sandbox().stop()
    assert time.perf_counter() - started < 0.2


def test_about_forty_customers_of_every_kind(company: Company) -> None:
    people = everybody(company)
    assert 35 <= len(people) <= 45
    assert sum(one["Job"] for one in people) >= 4 and max(one.get("Level", 0) for one in people) == 2
    assert sum(not one["Active"] for one in people) == 3
    assert max(len(one["DisplayName"]) for one in people) == 500
    assert any(not one["DisplayName"].isascii() for one in people)
    assert any("PrimaryPhone" not in one and "PrimaryEmailAddr" not in one for one in people)
    emails = [one["PrimaryEmailAddr"]["Address"] for one in people if "PrimaryEmailAddr" in one]
    assert any("," in email for email in emails) and any(email != email.lower() for email in emails)


def test_one_trio_shares_a_phone_and_one_customer_stands_between_two(company: Company) -> None:
    people = everybody(company)
    phones = Counter(digits(one) for one in people if digits(one))
    assert sorted(count for count in phones.values() if count > 1) == [2, 3]
    newest = max(people, key=lambda one: int(one["Id"]) * (phones[digits(one)] == 2))
    same_phone = next(one for one in people if digits(one) == digits(newest) and one["Id"] != newest["Id"])
    email = newest["PrimaryEmailAddr"]["Address"].lower()
    same_email = next(
        one
        for one in people
        if one.get("PrimaryEmailAddr", {}).get("Address", "").lower() == email and one["Id"] != newest["Id"]
    )
    assert same_phone["Id"] != same_email["Id"]


def test_about_sixty_invoices_in_every_state(company: Company) -> None:
    today = date.today().isoformat()
    bills = company.query("SELECT * FROM Invoice MAXRESULTS 1000")
    assert 50 <= len(bills) <= 65
    states = Counter(
        "void" if bill.get("PrivateNote", "").startswith("Voided")
        else "zero" if not bill["TotalAmt"]
        else "paid" if not bill["Balance"]
        else "part" if bill["Balance"] < bill["TotalAmt"]
        else "overdue" if bill["DueDate"] < today
        else "open"
        for bill in bills
    )  # fmt: skip
    assert states.keys() == {"void", "zero", "paid", "part", "overdue", "open"}
    assert (date.today() - date.fromisoformat(min(bill["TxnDate"] for bill in bills))).days > 700
    assert max(bill["TxnDate"] for bill in bills) <= today


def test_every_kind_of_line_and_tax_occurs(demo: Sandbox) -> None:
    for which, wanted in (("us", {None}), ("uk", {"TaxExcluded", "TaxInclusive", "NotApplicable"})):
        bills = demo.company(which).query("SELECT * FROM Invoice MAXRESULTS 1000")
        assert {bill.get("GlobalTaxCalculation") for bill in bills} == wanted
        kinds = {line["DetailType"] for bill in bills for line in bill["Line"]}
        assert {"SalesItemLineDetail", "GroupLineDetail", "DiscountLineDetail", "DescriptionOnly"} < kinds
        assert any(len(bill["TxnTaxDetail"].get("TaxLine", [])) > 1 for bill in bills)
    currencies = {bill["CurrencyRef"]["value"] for bill in demo.company("uk").query("SELECT * FROM Invoice")}
    assert currencies == {"GBP", "EUR", "USD", "JPY", "KWD"}


def test_payments_of_every_kind_occur(company: Company) -> None:
    payments = company.query("SELECT * FROM Payment MAXRESULTS 1000")
    assert any(len(one["Line"]) >= 3 for one in payments)
    assert any(one["UnappliedAmt"] and not one["Line"] for one in payments)
    kinds = [{line["LinkedTxn"][0]["TxnType"] for line in one["Line"]} for one in payments]
    assert {"Invoice", "CreditMemo"} in kinds


def test_balances_agree_with_the_transactions(company: Company) -> None:
    check_balances(company)


def test_a_seed_is_the_same_every_time() -> None:
    first, second = (Sandbox(seed="small") for _ in range(2))
    for which in ("us", "uk"):
        one, other = (
            sandbox.company(which).query("SELECT * FROM Invoice MAXRESULTS 1000") for sandbox in (first, second)
        )
        assert [(bill["Id"], bill["TotalAmt"], bill["CustomerRef"]) for bill in one] == [
            (bill["Id"], bill["TotalAmt"], bill["CustomerRef"]) for bill in other
        ]
    first.stop()
    second.stop()


def test_the_big_company_adds_up() -> None:
    sandbox = Sandbox(seed=Size(customers=50, invoices=300, payments=200))
    company = sandbox.company("us")
    sandbox.stop()
    assert [company.count(f"SELECT COUNT(*) FROM {one}") for one in ("Customer", "Invoice", "Payment")] == [
        50,
        300,
        200,
    ]
    check_balances(company)
    years = {bill["TxnDate"][:4] for bill in company.query("SELECT * FROM Invoice MAXRESULTS 1000")}
    assert years == {str(date.today().year - 1)}
    bill = company.query("SELECT * FROM Invoice WHERE Balance > '0' MAXRESULTS 1")[0]
    line = {"Amount": bill["Balance"], "LinkedTxn": [{"TxnId": bill["Id"], "TxnType": "Invoice"}]}
    body = {"CustomerRef": bill["CustomerRef"], "TotalAmt": bill["Balance"], "Line": [line]}
    assert int(company.create("Payment", body)["Id"]) == 501
    check_balances(company)


def check_balances(company: Company) -> None:
    """Customers owe what their forms say; forms are open by what no payment covers."""
    owing: Counter[str] = Counter()
    covered: Counter[tuple[str, str]] = Counter()
    for entity in TRANSACTIONS:
        for record in company.store.tables[entity].values():
            form = record.document
            if "CustomerRef" in form:
                owing[form["CustomerRef"]["value"]] += owed(entity, form)  # type: ignore[assignment]
            for line in form["Line"] if entity == "Payment" else []:
                link = line["LinkedTxn"][0]
                covered[link["TxnType"], link["TxnId"]] += decimal(line["Amount"])  # type: ignore[assignment]
    for entity in ("Invoice", "CreditMemo"):
        for pk, record in company.store.tables[entity].items():
            form = record.document
            assert decimal(form["TotalAmt"]) - decimal(form["Balance"]) == covered.get((entity, pk), ZERO)
    for pk, record in company.store.tables["Customer"].items():
        assert decimal(record.document["Balance"]) == owing.get(pk, ZERO)
