"""Sums that must hold for every document, whatever was sold."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sandbox import Company, Sandbox
from sandbox.quickbooks.money import decimal, rounded
from sandbox.quickbooks.seed.teller import lump, percent_off
from sandbox.quickbooks.tax import Rate, Share, added, included, net_of, spread

CENTS = st.decimals(min_value="0.01", max_value="99999.99", places=2)
QUICK = settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@given(gross=CENTS, percent=st.sampled_from(["0", "5", "12.5", "13", "20", "27"]))
def test_a_gross_price_is_its_net_plus_tax_within_a_cent(gross: Decimal, percent: str) -> None:
    net = net_of(gross, [Rate("1", Decimal(percent))], "GBP")
    assert abs(net * (1 + Decimal(percent) / 100) - gross) <= Decimal("0.01")


@given(discount=CENTS, parts=st.lists(CENTS, min_size=1, max_size=6))
def test_a_discount_is_spread_without_loss(discount: Decimal, parts: list[Decimal]) -> None:
    shares = spread(discount, {str(index): part for index, part in enumerate(parts)}, "GBP")
    assert sum(shares.values()) == discount


@given(parts=st.lists(st.tuples(st.sampled_from("abc"), CENTS), min_size=1, max_size=8))
def test_added_tax_is_one_line_for_each_rate_rounded_once(parts: list[tuple[str, Decimal]]) -> None:
    rates = {"a": [Rate("1", Decimal(20))], "b": [Rate("2", Decimal(5))], "c": [Rate("1", Decimal(20))]}
    lines = added([Share(code, net, net) for code, net in parts], Decimal(0), rates, "GBP")
    assert len({line.rate.id for line in lines}) == len(lines)
    for line in lines:
        sold = sum((net for code, net in parts if rates[code][0].id == line.rate.id), Decimal(0))
        assert (line.taxable, line.tax) == (sold, rounded(sold * line.rate.percent / 100, "GBP"))


@given(parts=st.lists(st.tuples(st.sampled_from("ab"), CENTS), min_size=1, max_size=8))
def test_included_tax_and_net_are_the_price_on_the_label(parts: list[tuple[str, Decimal]]) -> None:
    rates = {"a": [Rate("1", Decimal(20))], "b": [Rate("2", Decimal(5)), Rate("3", Decimal("9.975"))]}
    shares = [Share(code, net_of(gross, rates[code], "GBP"), gross) for code, gross in parts]
    lines = included(shares, Decimal(0), Decimal(0), rates, "GBP")
    tax = sum((line.tax for line in lines), Decimal(0))
    assert sum(share.net for share in shares) + tax == sum(gross for _, gross in parts)


@pytest.fixture(scope="module")
def books() -> Company:
    sandbox = Sandbox()
    sandbox.stop()
    company = sandbox.company("uk")
    company.create("Customer", {"DisplayName": "Ada"})
    return company


@QUICK
@given(
    prices=st.lists(st.tuples(CENTS, st.sampled_from("12345")), min_size=1, max_size=6),
    percent=st.sampled_from([0, 5, 12.5, 20, 100]),
    mode=st.sampled_from(["TaxExcluded", "TaxInclusive", "NotApplicable"]),
)
def test_every_invoice_adds_up(books: Company, prices: list[Any], percent: float, mode: str) -> None:
    lines = [lump("1", float(price), code) for price, code in prices]
    made = books.create(
        "Invoice",
        {
            "CustomerRef": {"value": "1"},
            "CurrencyRef": {"value": "GBP"},
            "GlobalTaxCalculation": mode,
            "Line": [*lines, *([percent_off(percent)] if percent else [])],
        },
    )
    by_kind = {line["DetailType"]: decimal(line["Amount"]) for line in made["Line"] if "Id" not in line}
    sold = sum((decimal(line["Amount"]) for line in made["Line"] if "Id" in line), Decimal(0))
    tax = decimal(made["TxnTaxDetail"]["TotalTax"])
    less = by_kind.get("DiscountLineDetail", Decimal(0))
    assert by_kind["SubTotalLineDetail"] == sold
    assert decimal(made["TotalAmt"]) == sold - less + tax
    assert tax == sum((decimal(line["Amount"]) for line in made["TxnTaxDetail"].get("TaxLine", [])), Decimal(0))
    if mode == "TaxInclusive" and not percent:
        assert decimal(made["TotalAmt"]) == sum(price for price, _ in prices)
