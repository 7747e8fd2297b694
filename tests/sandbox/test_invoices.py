"""Invoices: what QuickBooks works out, what it refuses, and what voiding and deleting leave behind."""

from __future__ import annotations

from typing import Any

import pytest
from quickbooks import QuickBooks
from quickbooks.objects.customer import Customer
from quickbooks.objects.detailline import SalesItemLine, SalesItemLineDetail
from quickbooks.objects.invoice import Invoice

from sandbox import Company, Fault
from sandbox.quickbooks.seed.teller import amount_off, bundle, lump, percent_off, remark, shipping

from .cast import customer, invoice, pay, sold, tax
from .conftest import Wire, code_of

TAXED = sold("3", 1, 100, "TAX")
PLAIN = sold("1", 1, 50)
NET, GROSS = {"GlobalTaxCalculation": "TaxExcluded"}, {"GlobalTaxCalculation": "TaxInclusive"}


@pytest.mark.parametrize(
    ("lines", "fields", "subtotal", "total_tax", "total"),
    [
        ([PLAIN], {}, 50, 0, 50),
        ([TAXED, PLAIN], tax("1"), 150, 8, 158),
        ([TAXED, PLAIN], {}, 150, 0, 150),
        ([TAXED], tax("2"), 100, 9.1, 109.1),
        ([TAXED, PLAIN, percent_off(10)], tax("1"), 150, 8, 143),
        ([TAXED, PLAIN, percent_off(10)], {**tax("1"), "ApplyTaxAfterDiscount": True}, 150, 7.2, 142.2),
        ([TAXED, amount_off(30)], {**tax("1"), "ApplyTaxAfterDiscount": True}, 100, 5.6, 75.6),
        ([TAXED, shipping(12)], tax("1"), 100, 8, 120),
        ([sold("5", 3, 3.2575), remark("by the foot")], {}, 9.77, 0, 9.77),
        ([lump("1", 12.5)], {}, 12.5, 0, 12.5),
        ([bundle("7", 2)], tax("1"), 569, 30.32, 599.32),
        ([{**PLAIN, "Amount": "50.00"}], {"TotalAmt": 9999, "Balance": 1}, 50, 0, 50),
    ],
)
def test_sums_of_an_american_invoice(
    us: Company, lines: list[Any], fields: dict[str, Any], subtotal: float, total_tax: float, total: float
) -> None:
    made = invoice(us, customer(us), *lines, **fields)
    added = [line["Amount"] for line in made["Line"] if line["DetailType"] == "SubTotalLineDetail"]
    assert (added, made["TxnTaxDetail"]["TotalTax"], made["TotalAmt"]) == ([subtotal], total_tax, total)
    assert made["Balance"] == made["TotalAmt"]
    assert "GlobalTaxCalculation" not in made and "ExchangeRate" not in made


@pytest.mark.parametrize(
    ("lines", "mode", "net", "taxes", "total"),
    [
        ([sold("1", 1, 100, "1")], NET, 100, {"1": 20.0}, 120),
        ([sold("1", 1, 120, "1")], GROSS, 100, {"1": 20.0}, 120),
        ([sold("1", 2, 650.65, "1")], GROSS, 1084.42, {"1": 216.88}, 1301.3),
        ([sold("1", 1, 100, "1"), sold("4", 1, 100, "2"), sold("3", 1, 10, "3")], NET, 210,
         {"1": 20.0, "2": 5.0, "3": 0}, 235),
        ([sold("1", 1, 100, "1"), percent_off(20)], NET, 100, {"1": 16.0}, 96),
        ([sold("1", 1, 100, "5")], NET, 100, {"5": 20.0, "6": -20.0}, 100),
        ([sold("1", 1, 9.99, "1"), sold("1", 1, 9.99, "1"), sold("1", 1, 9.99, "1")], GROSS, 24.99, {"1": 4.98}, 29.97),
        ([sold("1", 1, 100, "1")], {"GlobalTaxCalculation": "NotApplicable"}, 100, {}, 100),
        ([sold("1", 1, 100, "1"), shipping(10, "1")], NET, 100, {"1": 22.0}, 132),
    ],
)  # fmt: skip
def test_sums_of_a_british_invoice(
    uk: Company, lines: list[Any], mode: dict[str, str], net: float, taxes: dict[str, float], total: float
) -> None:
    made = invoice(uk, customer(uk), *lines, **mode)
    found = {
        line["TaxLineDetail"]["TaxRateRef"]["value"]: line["Amount"] for line in made["TxnTaxDetail"].get("TaxLine", [])
    }
    subtotal = next(line["Amount"] for line in made["Line"] if line["DetailType"] == "SubTotalLineDetail")
    assert (subtotal, found, made["TotalAmt"]) == (net, taxes, total)


def test_gross_prices_come_back_net_with_the_gross_beside_them(uk: Company) -> None:
    made = invoice(uk, customer(uk), sold("1", 2, 60, "1"), **GROSS)
    line = made["Line"][0]
    assert line["Amount"] == 100
    assert line["SalesItemLineDetail"] | {"UnitPrice": 50, "TaxInclusiveAmt": 120} == line["SalesItemLineDetail"]
    again = uk.update("Invoice", {**made, "TxnTaxDetail": None})  # sent back as read: net Amount, gross beside it
    assert again["TotalAmt"] == 120 and again["Line"] == made["Line"]


def test_a_discount_on_gross_prices_keeps_the_label_price(uk: Company) -> None:
    """12.00 at 20 % off is 9.60 to pay; tax is what is left over the net, even where its percentage says less."""
    with uk.store.changing():
        rate = uk.store.find("TaxRate", "1") or {}
        uk.put_again("TaxRate", {**rate, "RateValue": 13}, rate)
    made = invoice(uk, customer(uk), sold("1", 1, 9, "1"), sold("1", 1, 3, "1"), percent_off(20), **GROSS)
    assert [line["Amount"] for line in made["Line"]] == [7.96, 2.65, 10.61, 2.12]
    assert made["TxnTaxDetail"]["TotalTax"] == 1.11
    assert made["TxnTaxDetail"]["TaxLine"][0]["TaxLineDetail"]["NetAmountTaxable"] == 8.49
    assert made["TotalAmt"] == 9.6


@pytest.mark.parametrize(
    ("currency", "sent", "total"), [("JPY", 1234.4, 1234), ("KWD", 125.1254, 125.125), ("EUR", 10.005, 10.01)]
)
def test_amounts_have_the_decimals_of_their_currency(uk: Company, currency: str, sent: float, total: float) -> None:
    owner = customer(uk, "Abroad", CurrencyRef={"value": currency})
    made = invoice(uk, owner, lump("1", sent, "3"), ExchangeRate=2)
    assert (made["TotalAmt"], made["HomeTotalAmt"]) == (total, round(total * 2, 2))
    assert made["HomeBalance"] == made["HomeTotalAmt"] and made["ExchangeRate"] == 2


def test_a_rate_is_filled_in_when_none_is_given(uk: Company) -> None:
    owner = customer(uk, "Abroad", CurrencyRef={"value": "EUR"})
    made = invoice(uk, owner)
    assert 0.5 < made["ExchangeRate"] < 1.5
    assert made["HomeTotalAmt"] == round(100 * made["ExchangeRate"], 2)


def test_an_override_of_the_tax_is_taken_as_sent(us: Company) -> None:
    first = invoice(us, customer(us), TAXED, **tax("1"))
    lines = first["TxnTaxDetail"]["TaxLine"]
    detail = {"TxnTaxCodeRef": {"value": "1"}, "TaxLine": [{**lines[0], "Amount": 8.01}]}
    changed = us.update("Invoice", {"Id": first["Id"], "sparse": True, "TxnTaxDetail": detail})
    assert changed["TotalAmt"] == 108.01


@pytest.mark.parametrize(
    ("state", "code", "total_tax"), [("AZ", "2", 9.1), ("ca", "1", 8), ("OR", "3", 0), (None, "1", 8)]
)
def test_automated_sales_tax_goes_by_the_address(us: Company, state: str | None, code: str, total_tax: float) -> None:
    us.set_preference("TaxPrefs", "PartnerTaxEnabled", True)
    address = {"ShipAddr": {"Line1": "1 Elm St", "CountrySubDivisionCode": state}} if state else {}
    detail = {"TxnTaxCodeRef": {"value": "1"}, "TotalTax": 99, "TaxLine": [{"Amount": 99}]}
    made = invoice(us, customer(us), TAXED, TxnTaxDetail=detail, **address)
    assert made["TxnTaxDetail"]["TxnTaxCodeRef"] == {"value": code}
    assert (made["TxnTaxDetail"]["TotalTax"], made["TotalAmt"]) == (total_tax, 100 + total_tax)


def test_a_line_without_an_item_is_only_words(us: Company) -> None:
    wordy = {"Amount": 70, "DetailType": "SalesItemLineDetail", "Description": "see below", "SalesItemLineDetail": {}}
    made = invoice(us, customer(us), wordy, PLAIN)
    assert made["TotalAmt"] == 50
    assert made["Line"][0]["DetailType"] == "DescriptionOnly" and "Amount" not in made["Line"][0]


REFUSED = [
    ({"Line": []}, 2020),
    ({"CustomerRef": None}, 2020),
    ({"CustomerRef": {"value": "99"}}, 2500),
    ({"Line": [{"Amount": 1}]}, 2020),
    ({"Line": [{**PLAIN, "Amount": 49.99}]}, 6070),
    ({"Line": [{**PLAIN, "Amount": "fifty"}]}, 2080),
    ({"Line": [sold("77", 1, 50)]}, 2500),
    ({"Line": [sold("1", 1, 50, "S")]}, 2500),
    ({"Line": [PLAIN, amount_off(51)]}, 6000),
    ({"Line": [PLAIN, amount_off(1), percent_off(1)]}, 6000),
    ({"BadJson": 1}, 2010),
    ({"Line": [{**PLAIN, "Colour": "red"}]}, 2010),
    ({"DocNumber": "1" * 22}, 2050),
    ({"PrivateNote": "x" * 4001}, 2050),
    ({"CustomerMemo": {"value": "x" * 1001}}, 2050),
    ({"EmailStatus": "NeedToSend"}, 6000),
    ({"BillEmail": {"Address": "nobody"}}, 2210),
    ({"TxnDate": "12/31/2025"}, 2010),
    ({"CurrencyRef": {"value": "EUR"}}, 6000),
    ({"SalesTermRef": {"value": "44"}}, 2500),
]


@pytest.mark.parametrize(("change", "code"), REFUSED)
def test_what_an_invoice_may_not_say(us: Company, wire: Wire, change: dict[str, Any], code: int) -> None:
    owner = customer(us)
    refused = wire.post("invoice", {"CustomerRef": {"value": owner["Id"]}, "Line": [PLAIN], **change})
    assert (refused.status_code, code_of(refused)) == (400, str(code))
    assert us.count("SELECT COUNT(*) FROM Invoice") == 0


def test_a_british_line_needs_a_tax_code_and_a_form_its_currency(uk: Company) -> None:
    owner = customer(uk)
    line = {"Amount": 5, "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": {"ItemRef": {"value": "1"}}}
    with pytest.raises(Fault, match="6000"):
        invoice(uk, owner, line)
    with pytest.raises(Fault, match="CurrencyRef"):
        invoice(uk, owner, CurrencyRef=None)


def test_an_inactive_customer_cannot_be_billed(us: Company) -> None:
    owner = customer(us)
    us.update("Customer", {"Id": owner["Id"], "sparse": True, "Active": False})
    with pytest.raises(Fault, match="610"):
        invoice(us, owner)


def test_quickbooks_numbers_american_forms_and_leaves_british_ones_without(us: Company, uk: Company) -> None:
    owner = customer(us)
    assert [invoice(us, owner)["DocNumber"] for _ in range(2)] == ["1001", "1002"]
    assert invoice(us, owner, DocNumber="X-1")["DocNumber"] == "X-1"
    assert invoice(us, owner)["DocNumber"] == "1003"
    assert "DocNumber" not in invoice(uk, customer(uk))


def test_a_number_used_twice_is_refused_unless_allowed(us: Company, wire: Wire) -> None:
    owner = customer(us)
    first = invoice(us, owner, DocNumber="A7")
    body = {"CustomerRef": {"value": owner["Id"]}, "Line": [PLAIN], "DocNumber": "A7"}
    refused = wire.post("invoice", body)
    assert code_of(refused) == "6140"
    assert f"TxnId={first['Id']}" in refused.json()["Fault"]["Error"][0]["Detail"]
    assert wire.post("invoice", body, include="allowduplicatedocnum").json()["Invoice"]["DocNumber"] == "A7"


def test_closed_books_take_no_changes(us: Company) -> None:
    owner = customer(us)
    old = invoice(us, owner, TxnDate="2025-03-01")
    us.close_books("2025-12-31")
    for change in (
        lambda: invoice(us, owner, TxnDate="2025-12-31"),
        lambda: us.void("Invoice", old["Id"]),
        lambda: us.delete("Invoice", old["Id"]),
        lambda: us.update("Invoice", {"Id": old["Id"], "sparse": True, "TxnDate": "2026-02-01"}),
    ):
        with pytest.raises(Fault, match="6210"):
            change()
    assert invoice(us, owner, TxnDate="2026-01-01")["TotalAmt"] == 100
    us.close_books(None)
    assert us.void("Invoice", old["Id"])["TotalAmt"] == 0


def test_terms_and_addresses_come_from_the_customer(us: Company) -> None:
    owner = customer(us, SalesTermRef={"value": "2"}, BillAddr={"Line1": "1 Elm St", "City": "Dover"})
    made = invoice(us, owner, TxnDate="2026-02-01")
    assert made["DueDate"] == "2026-02-16"
    assert made["BillAddr"]["City"] == made["ShipAddr"]["City"] == "Dover"
    assert made["CustomerRef"] == {"value": owner["Id"], "name": "Ada Byron"}


def test_a_full_update_forgets_what_it_does_not_say_and_a_sparse_one_keeps_it(us: Company, wire: Wire) -> None:
    made = invoice(us, customer(us), PLAIN, TAXED, PrivateNote="keep me", CustomerMemo={"value": "thanks"})
    token = {"Id": made["Id"], "SyncToken": made["SyncToken"]}
    sparse = wire.post("invoice", {**token, "sparse": True, "PrivateNote": "new"}).json()["Invoice"]
    assert (sparse["PrivateNote"], sparse["CustomerMemo"], sparse["SyncToken"]) == ("new", {"value": "thanks"}, "1")
    assert sparse["Line"] == made["Line"]
    full = {**token, "SyncToken": "1", "CustomerRef": made["CustomerRef"], "Line": [made["Line"][1]]}
    after = wire.post("invoice", full).json()["Invoice"]
    assert "PrivateNote" not in after and "CustomerMemo" not in after
    assert [line.get("Id") for line in after["Line"]] == ["2", None]
    assert after["DocNumber"] == made["DocNumber"]


def test_a_line_sent_without_its_id_is_a_new_line(us: Company) -> None:
    made = invoice(us, customer(us), PLAIN)
    changed = us.update("Invoice", {"Id": made["Id"], "sparse": True, "Line": [PLAIN]})
    assert changed["Line"][0]["Id"] == "2"


def test_a_stale_sync_token_is_refused(us: Company, wire: Wire) -> None:
    made = invoice(us, customer(us))
    body = {"Id": made["Id"], "SyncToken": "0", "sparse": True, "PrivateNote": "mine"}
    assert wire.post("invoice", body).status_code == 200
    assert code_of(wire.post("invoice", body)) == "5010"
    del body["SyncToken"]
    assert code_of(wire.post("invoice", body)) == "2020"


def test_voiding_leaves_zeros_and_a_note(us: Company, qb: QuickBooks) -> None:
    owner = customer(us)
    made = invoice(us, owner, TAXED, percent_off(10), PrivateNote="from Ada", **tax("1"))
    Invoice.get(made["Id"], qb=qb).void(qb=qb)
    after = us.read("Invoice", made["Id"])
    assert (after["TotalAmt"], after["Balance"], after["TxnTaxDetail"]) == (0, 0, {"TotalTax": 0})
    assert {line["Amount"] for line in after["Line"]} == {0}
    assert after["PrivateNote"] == "Voided - from Ada"
    assert (after["SyncToken"], after["DocNumber"]) == ("1", made["DocNumber"])
    assert us.read("Customer", owner["Id"])["Balance"] == 0


def test_voiding_a_paid_invoice_makes_its_payment_a_credit(us: Company) -> None:
    owner = customer(us)
    made = invoice(us, owner)
    payment = pay(us, owner, 60, (made, 60))
    after = us.void("Invoice", made["Id"])
    assert (after["LinkedTxn"], after["Balance"]) == ([], 0)
    assert us.read("Payment", payment["Id"])["UnappliedAmt"] == 60
    assert us.read("Customer", owner["Id"])["Balance"] == -60


def test_a_deleted_invoice_is_gone_for_readers(us: Company, qb: QuickBooks, wire: Wire) -> None:
    owner = customer(us)
    made = invoice(us, owner)
    gone = Invoice.get(made["Id"], qb=qb).delete(qb=qb)
    assert gone["Invoice"] == {"domain": "QBO", "status": "Deleted", "Id": made["Id"]}
    assert code_of(wire.get(f"invoice/{made['Id']}")) == "610"
    assert us.query("SELECT * FROM Invoice") == []
    assert us.read("Customer", owner["Id"])["Balance"] == 0
    assert int(invoice(us, owner)["Id"]) > int(made["Id"])


def test_an_invoice_with_a_payment_cannot_be_deleted(us: Company) -> None:
    owner = customer(us)
    made = invoice(us, owner)
    pay(us, owner, 10, (made, 10))
    with pytest.raises(Fault, match="unlink"):
        us.delete("Invoice", made["Id"])


def test_an_invoice_cannot_shrink_below_what_was_paid(us: Company) -> None:
    owner = customer(us)
    made = invoice(us, owner)
    pay(us, owner, 80, (made, 80))
    changed = us.update("Invoice", {"Id": made["Id"], "sparse": True, "Line": [sold("1", 1, 90)]})
    assert (changed["TotalAmt"], changed["Balance"]) == (90, 10)
    with pytest.raises(Fault, match="6000"):
        us.update("Invoice", {"Id": made["Id"], "sparse": True, "Line": [sold("1", 1, 70)]})


def test_sending_notes_when_it_went_out(us: Company, wire: Wire) -> None:
    made = invoice(us, customer(us))
    assert code_of(wire.session.post(f"{wire.base}/invoice/{made['Id']}/send", timeout=10)) == "6000"
    sent = wire.session.post(f"{wire.base}/invoice/{made['Id']}/send?sendTo=ada@example.com", timeout=10).json()
    assert sent["Invoice"]["EmailStatus"] == "EmailSent"
    assert sent["Invoice"]["BillEmail"] == {"Address": "ada@example.com"}


def test_the_library_can_save_a_whole_invoice(us: Company, qb: QuickBooks) -> None:
    """python-quickbooks sends every attribute, zeros and empty texts included."""
    owner = Customer.get(customer(us)["Id"], qb=qb)
    made = Invoice()
    made.CustomerRef = owner.to_ref()
    line = SalesItemLine()
    line.Amount = 100
    line.SalesItemLineDetail = SalesItemLineDetail()
    line.SalesItemLineDetail.ItemRef = {"value": "1", "name": "Call-out"}
    made.Line.append(line)
    made.save(qb=qb)
    again = Invoice.get(made.Id, qb=qb)
    assert (again.TotalAmt, again.Balance) == (100, 100)
    again.PrivateNote = "seen"
    assert again.save(qb=qb).SyncToken == "1"
