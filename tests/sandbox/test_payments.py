"""Payments: which balances move, and what else is touched."""

from __future__ import annotations

import time
from typing import Any

import pytest
from quickbooks import QuickBooks
from quickbooks.objects.payment import Payment

from sandbox import Company, Fault
from sandbox.quickbooks.clock import stamp

from .cast import customer, invoice, pay, sold
from .conftest import Wire, code_of


def balance(company: Company, document: dict[str, Any], entity: str = "Invoice") -> float:
    return float(company.read(entity, document["Id"])["Balance"])


def test_a_payment_closes_an_invoice_and_both_sides_know(us: Company) -> None:
    owner = customer(us)
    long_ago = time.time() - 5 * 86400
    made = us.create("Invoice", {"CustomerRef": {"value": owner["Id"]}, "Line": [sold("1", 1, 100)]}, at=long_ago)
    payment = pay(us, owner, 100, (made, 100))
    after = us.read("Invoice", made["Id"])
    assert (after["Balance"], after["SyncToken"]) == (0, "1")
    assert after["LinkedTxn"] == [{"TxnId": payment["Id"], "TxnType": "Payment"}]
    assert after["MetaData"]["CreateTime"] == stamp(long_ago)
    assert after["MetaData"]["LastUpdatedTime"] == payment["MetaData"]["LastUpdatedTime"]
    assert payment["DepositToAccountRef"] == {"value": "4"}


def test_the_customers_time_and_balance_move_but_not_its_token(us: Company) -> None:
    owner = us.create("Customer", {"DisplayName": "Ada"}, at=time.time() - 86400)
    made = invoice(us, owner)
    pay(us, owner, 30, (made, 20))
    after = us.read("Customer", owner["Id"])
    assert (after["Balance"], after["SyncToken"]) == (70, "0")
    assert after["MetaData"]["LastUpdatedTime"] > owner["MetaData"]["LastUpdatedTime"]


def test_one_payment_covers_several_invoices_and_keeps_the_rest(us: Company) -> None:
    owner = customer(us)
    first, second = invoice(us, owner), invoice(us, owner)
    payment = pay(us, owner, 150, (first, 100), (second, 40))
    assert (balance(us, first), balance(us, second), payment["UnappliedAmt"]) == (0, 60, 10)
    assert us.read("Customer", owner["Id"])["Balance"] == 50


def test_money_without_an_invoice_is_the_customers_credit(us: Company) -> None:
    owner = customer(us)
    payment = pay(us, owner, 25)
    assert (payment["Line"], payment["UnappliedAmt"]) == ([], 25)
    assert us.read("Customer", owner["Id"])["Balance"] == -25


def test_a_credit_memo_settles_an_invoice_through_a_payment_of_nothing(us: Company) -> None:
    owner = customer(us)
    made = invoice(us, owner)
    memo = us.create("CreditMemo", {"CustomerRef": {"value": owner["Id"]}, "Line": [sold("1", 1, 80)]})
    assert us.read("Customer", owner["Id"])["Balance"] == 20
    payment = pay(us, owner, 0, (made, 80), (memo, 80))
    assert "DepositToAccountRef" not in payment
    assert (balance(us, made), us.read("CreditMemo", memo["Id"])["RemainingCredit"]) == (20, 0)
    assert us.read("Customer", owner["Id"])["Balance"] == 20


@pytest.mark.parametrize("how", ["delete", "void"])
def test_taking_a_payment_back_opens_the_invoice_again(us: Company, qb: QuickBooks, how: str) -> None:
    owner = customer(us)
    made = invoice(us, owner)
    payment = pay(us, owner, 100, (made, 100), PrivateNote="cheque")
    getattr(Payment.get(payment["Id"], qb=qb), how)(qb=qb)
    after = us.read("Invoice", made["Id"])
    assert (after["Balance"], after["LinkedTxn"], after["SyncToken"]) == (100, [], "2")
    assert us.read("Customer", owner["Id"])["Balance"] == 100


def test_a_voided_payment_is_empty_and_says_so(us: Company) -> None:
    owner = customer(us)
    payment = pay(us, owner, 100, (invoice(us, owner), 60))
    after = us.void("Payment", payment["Id"])
    assert (after["TotalAmt"], after["UnappliedAmt"], after["Line"]) == (0, 0, [])
    assert (after["PrivateNote"], after["SyncToken"]) == ("Voided", "1")


def test_lines_of_a_payment_are_replaced_as_a_whole(us: Company) -> None:
    owner = customer(us)
    first, second = invoice(us, owner), invoice(us, owner)
    payment = pay(us, owner, 100, (first, 100))
    line = {"Amount": 100, "LinkedTxn": [{"TxnId": second["Id"], "TxnType": "Invoice"}]}
    us.update("Payment", {"Id": payment["Id"], "sparse": True, "Line": [line]})
    assert (balance(us, first), balance(us, second)) == (100, 0)
    us.update("Payment", {"Id": payment["Id"], "sparse": True, "PaymentRefNum": "77"})
    assert balance(us, second) == 0
    full = {"Id": payment["Id"], "CustomerRef": {"value": owner["Id"]}, "TotalAmt": 100}
    assert us.update("Payment", full)["UnappliedAmt"] == 100
    assert balance(us, second) == 100


def test_a_parent_pays_for_its_jobs_but_not_the_other_way_round(us: Company) -> None:
    parent = customer(us, "Builders")
    job = customer(us, "Lot 4", ParentRef={"value": parent["Id"]}, Job=True)
    theirs, ours = invoice(us, job), invoice(us, parent)
    pay(us, parent, 100, (theirs, 100))
    assert balance(us, theirs) == 0
    with pytest.raises(Fault, match="6000"):
        pay(us, job, 100, (ours, 100))


def test_what_a_payment_may_not_do(us: Company, wire: Wire) -> None:
    owner, stranger = customer(us), customer(us, "Ben")
    made = invoice(us, owner)
    link = {"Amount": 100, "LinkedTxn": [{"TxnId": made["Id"], "TxnType": "Invoice"}]}
    good: dict[str, Any] = {"CustomerRef": {"value": owner["Id"]}, "TotalAmt": 100, "Line": [link]}
    for change, code in (
        ({"TotalAmt": None}, 2020),
        ({"CustomerRef": None}, 2020),
        ({"CustomerRef": {"value": stranger["Id"]}}, 6000),
        ({"TotalAmt": 99}, 6000),
        ({"TotalAmt": 200, "Line": [{**link, "Amount": 101}]}, 6000),
        ({"TotalAmt": 200, "Line": [link, link]}, 6000),
        ({"Line": [{**link, "LinkedTxn": [{"TxnId": "99", "TxnType": "Invoice"}]}]}, 6000),
        ({"Line": [{**link, "LinkedTxn": []}]}, 2020),
        ({"PaymentMethodRef": {"value": "99"}}, 2500),
        ({"DepositToAccountRef": {"value": "99"}}, 2500),
        ({"PaymentRefNum": "x" * 22}, 2050),
    ):
        refused = wire.post("payment", {**good, **change})
        assert (change, code_of(refused)) == (change, str(code))
    assert balance(us, made) == 100
    assert us.count("SELECT COUNT(*) FROM Payment") == 0


def test_a_payment_in_another_currency_is_refused(uk: Company) -> None:
    here, abroad = customer(uk), customer(uk, "Abroad", CurrencyRef={"value": "EUR"})
    made = invoice(uk, abroad, ExchangeRate=0.5)
    with pytest.raises(Fault, match="6000"):
        pay(uk, here, 100, (made, 100))
    payment = pay(uk, abroad, 40, (made, 40), ExchangeRate=0.6)
    after = uk.read("Invoice", made["Id"])
    assert (after["Balance"], after["HomeBalance"]) == (60, 30)
    assert payment["ExchangeRate"] == 0.6


def test_payments_are_voided_by_an_update_only(us: Company, wire: Wire) -> None:
    payment = pay(us, customer(us), 10)
    body = {"Id": payment["Id"], "SyncToken": "0", "sparse": True}
    assert code_of(wire.post("payment", body, operation="void")) == "500"
    voided = wire.post("payment", body, operation="update", include="void").json()["Payment"]
    assert voided["TotalAmt"] == 0


def test_a_sales_receipt_is_paid_at_once(us: Company) -> None:
    made = us.create("SalesReceipt", {"Line": [sold("1", 1, 40)]})
    assert (made["TotalAmt"], made["Balance"]) == (40, 0)
    assert made["DepositToAccountRef"] == {"value": "4", "name": "Undeposited Funds"}
    assert "DueDate" not in made and "CustomerRef" not in made
    assert us.void("SalesReceipt", made["Id"])["PrivateNote"] == "Voided"


def test_without_its_credit_memo_an_invoice_is_owed_again_and_no_money_is_made_up(us: Company) -> None:
    ada = customer(us)
    bill = invoice(us, ada)
    item = {"DetailType": "SalesItemLineDetail", "Amount": 60, "SalesItemLineDetail": {"ItemRef": {"value": "1"}}}
    memo = us.create("CreditMemo", {"CustomerRef": {"value": ada["Id"]}, "Line": [item]})
    paid = pay(us, ada, 40, (bill, 100), (memo, 60))
    us.unlink_and_delete("CreditMemo", memo["Id"])
    after = us.read("Payment", paid["Id"])
    assert (after["TotalAmt"], after["UnappliedAmt"], [line["Amount"] for line in after["Line"]]) == (40, 0, [40])
    assert us.read("Invoice", bill["Id"])["Balance"] == 60
