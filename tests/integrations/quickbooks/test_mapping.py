"""QuickBooks' documents in our words, kind by kind."""

from datetime import date
from decimal import Decimal

import pytest

from integrations.quickbooks.mapping import customer_from_qbo, invoice_from_qbo, payment_from_qbo
from integrations.quickbooks.mapping.catalogue import Catalogue, Entry, entry_from_qbo

NO_NAMES = Catalogue()
INVOICE = {
    "Id": "7",
    "SyncToken": "0",
    "DocNumber": "1042",
    "TxnDate": "2026-03-01",
    "DueDate": "2026-03-31",
    "CurrencyRef": {"value": "GBP"},
    "CustomerRef": {"value": "3", "name": "Ada Byron"},
    "Line": [],
    "TotalAmt": Decimal("0"),
    "Balance": Decimal("0"),
}


def invoice(*lines: dict, names: Catalogue = NO_NAMES, **more):
    return invoice_from_qbo({**INVOICE, "Line": list(lines), **more}, names, "USD").fields


def sale(amount: str, item: str = "5", **detail) -> dict:
    detail = {"ItemRef": {"value": item, "name": "Rock Fountain"}, **detail}
    return {"Amount": Decimal(amount), "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": detail}


@pytest.mark.parametrize(
    ("doc", "expected"),
    [
        ({"DisplayName": "Ada"}, {"name": "Ada"}),
        ({"GivenName": "Ada", "FamilyName": "Byron"}, {"name": "Ada Byron", "first_name": "Ada"}),
        ({"CompanyName": "Engines"}, {"name": "Engines", "company": "Engines"}),
        ({}, {"name": "Customer 3"}),
        ({"DisplayName": "Gone (deleted)", "Active": False}, {"name": "Gone"}),
        ({"DisplayName": "Club (deleted)"}, {"name": "Club (deleted)"}),
        ({"PrimaryEmailAddr": {"Address": " A@B.COM "}}, {"email": "a@b.com", "email_typed": "A@B.COM"}),
        ({"PrimaryEmailAddr": {"Address": "b@c.de; a@b.de"}}, {"email": "b@c.de"}),
        ({"PrimaryEmailAddr": {"Address": "none yet"}}, {"email": "", "email_typed": "none yet"}),
        ({"Mobile": {"FreeFormNumber": "07700 900123"}}, {"phone": "+447700900123", "phone_typed": "07700 900123"}),
        (
            {"PrimaryPhone": {"FreeFormNumber": "020 7946 0018"}, "Mobile": {"FreeFormNumber": "07700 900123"}},
            {"phone": "+447700900123", "other_phone": "020 7946 0018"},
        ),
        ({"PrimaryPhone": {"FreeFormNumber": "ask Jo"}}, {"phone": "", "phone_typed": "ask Jo"}),
        (
            {"BillAddr": {"Line1": "1 High St", "Line2": "Flat 2", "City": "Ely", "PostalCode": "CB7"}},
            {"street": "1 High St\nFlat 2", "city": "Ely", "postal_code": "CB7"},
        ),
    ],
)
def test_a_customer_becomes_what_is_known_of_a_contact(doc, expected):
    fields = customer_from_qbo({"Id": "3", **doc}, "GB").fields
    assert {name: getattr(fields, name) for name in expected} == expected


def test_a_balance_or_a_time_that_moves_is_no_new_version_of_a_customer():
    doc = {"Id": "3", "DisplayName": "Ada", "Balance": 1, "MetaData": {"LastUpdatedTime": "2026-01-01T00:00:00-08:00"}}
    later = {**doc, "Balance": 9, "MetaData": {"LastUpdatedTime": "2026-02-01T00:00:00-08:00"}, "SyncToken": "4"}
    assert customer_from_qbo(doc, "US").fingerprint == customer_from_qbo(later, "US").fingerprint


def test_an_item_line_carries_code_quantity_rate_discount_and_tax():
    names = Catalogue(
        {("item", "5"): Entry("Rock Fountain", code="RF-1"), ("taxcode", "8"): Entry("20% S", "", Decimal(20))}
    )
    detail = {"Qty": 3, "UnitPrice": Decimal("92.5633333"), "TaxCodeRef": {"value": "8"}, "DiscountRate": 5}
    (line,) = invoice({**sale("277.69", **detail), "Description": "Big one"}, names=names).lines
    assert (line.code, line.name, line.description) == ("RF-1", "Rock Fountain", "Big one")
    assert (line.quantity, line.rate, line.amount) == (3, Decimal("92.5633333"), Decimal("277.69"))
    assert (line.discount_percent, line.tax_name, line.tax_percent) == (5, "20% S", 20)


def test_without_an_item_number_the_code_is_the_items_name():
    assert invoice(sale("1")).lines[0].code == "Rock Fountain"


def test_a_bundle_is_a_head_worth_its_inner_lines_and_the_lines_inside():
    group = {"GroupItemRef": {"value": "24", "name": "Sweets"}, "Quantity": 3, "Line": [sale("7.96"), sale("2.65")]}
    fields = invoice({"Amount": 0, "DetailType": "GroupLineDetail", "GroupLineDetail": group})
    assert [(line.kind, line.amount) for line in fields.lines] == [
        ("bundle", Decimal("10.61")),
        ("bundled", Decimal("7.96")),
        ("bundled", Decimal("2.65")),
    ]
    assert fields.subtotal == Decimal("10.61")


def test_subtotals_are_not_lines_and_discount_and_shipping_stand_apart():
    discount = {"PercentBased": True, "DiscountPercent": 10}
    fields = invoice(
        sale("100"),
        {"DetailType": "DescriptionOnly", "Description": "With thanks", "DescriptionLineDetail": {}},
        {"Amount": 100, "DetailType": "SubTotalLineDetail", "SubTotalLineDetail": {}},
        {"Amount": 10, "DetailType": "DiscountLineDetail", "DiscountLineDetail": discount},
        sale("5", item="SHIPPING_ITEM_ID"),
        TotalAmt=95,
    )
    assert [line.kind for line in fields.lines] == ["item", "text", "discount", "shipping"]
    assert (fields.subtotal, fields.discount, fields.discount_percent, fields.shipping) == (100, 10, 10, 5)


@pytest.mark.parametrize(
    ("mode", "tax", "expected"),
    [
        ("TaxExcluded", 20, "exclusive"),
        ("TaxInclusive", 20, "inclusive"),
        ("NotApplicable", 0, "none"),
        (None, 20, "exclusive"),
        (None, 0, "none"),
    ],
)
def test_the_tax_treatment_follows_quickbooks(mode, tax, expected):
    more = {"GlobalTaxCalculation": mode} if mode else {}
    assert invoice(TxnTaxDetail={"TotalTax": tax}, **more).tax_mode == expected


def test_tax_lines_keep_quickbooks_own_figures():
    names = Catalogue({("taxrate", "12"): Entry("HST", percent=Decimal(13))})
    detail = {"TaxRateRef": {"value": "12"}, "TaxPercent": 13, "NetAmountTaxable": Decimal("8.49")}
    taxes = {"TotalTax": Decimal("1.11"), "TaxLine": [{"Amount": Decimal("1.11"), "TaxLineDetail": detail}]}
    fields = invoice(TxnTaxDetail=taxes, names=names)
    assert fields.taxes == (("HST", "13", "8.49", "1.11"),)
    assert fields.tax == Decimal("1.11")


def test_a_tax_code_charges_the_sum_of_its_sales_rates():
    doc = {
        "Name": "County",
        "SalesTaxRateList": {"TaxRateDetail": [{"TaxRateRef": {"value": "1"}}, {"TaxRateRef": {"value": "2"}}]},
    }
    assert entry_from_qbo("taxcode", doc, {"1": Decimal("7.25"), "2": Decimal("1")}).percent == Decimal("8.25")
    assert entry_from_qbo("taxcode", doc, {"1": Decimal("7.25")}).percent is None


def test_an_invoice_without_due_date_number_or_currency_is_due_at_once_in_the_home_currency():
    doc = {key: value for key, value in INVOICE.items() if key not in {"DueDate", "DocNumber", "CurrencyRef"}}
    fields = invoice_from_qbo(doc, NO_NAMES, "USD").fields
    assert (fields.due_on, fields.number, fields.currency) == (date(2026, 3, 1), "", "USD")


@pytest.mark.parametrize(
    ("note", "total", "amount", "is_void"),
    [
        ("Voided", 0, "0", True),
        ("Voided - by Jo", 0, "0", True),
        ("", 0, "0", False),
        ("voidedness", 0, "0", False),
        ("Voided", 5, "5", False),
        ("Voided", 0, "5", False),
        ("We spoke about the Voided one", 0, "0", False),
    ],
)
def test_a_void_has_nothing_but_zeros_and_says_so(note, total, amount, is_void):
    assert invoice(sale(amount), PrivateNote=note, TotalAmt=total).is_void is is_void


def payment(amount, *lines: tuple[str, str, str], unapplied=0):
    docs = [{"Amount": Decimal(part), "LinkedTxn": [{"TxnId": pk, "TxnType": kind}]} for kind, pk, part in lines]
    doc = {"Id": "9", "TxnDate": "2026-04-01", "CustomerRef": {"value": "3"}, "TotalAmt": amount, "Line": docs}
    return payment_from_qbo({**doc, "UnappliedAmt": unapplied}, NO_NAMES, "USD")


@pytest.mark.parametrize(
    ("record", "credit", "shares"),
    [
        (payment(100, ("Invoice", "1", "100")), 0, [("1", 100, 0)]),
        (payment(100, ("Invoice", "1", "60"), ("Invoice", "2", "40")), 0, [("1", 60, 0), ("2", 40, 0)]),
        (payment(65, ("Invoice", "1", "55"), unapplied=10), 0, [("1", 55, 0)]),
        (payment(0, ("Invoice", "1", "40"), ("CreditMemo", "7", "40")), 40, [("1", 40, 40)]),
        (payment(60, ("Invoice", "1", "100"), ("CreditMemo", "7", "40")), 40, [("1", 100, 40)]),
        (payment(10, ("Invoice", "1", "30"), ("Invoice", "1", "20"), ("CreditMemo", "7", "40")), 40, [("1", 50, 40)]),
        (payment(50, unapplied=50), 0, []),
    ],
)
def test_a_payment_is_spread_as_its_lines_say_and_credit_is_told_from_money(record, credit, shares):
    assert record.fields.credit == credit
    assert list(record.shares) == shares
