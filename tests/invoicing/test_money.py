"""Money: decimals as ISO has them, half-up, and never a minor unit lost."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from invoicing import money
from invoicing.templatetags import money as filters

CURRENCIES = st.sampled_from(["USD", "GBP", "EUR", "JPY", "KRW", "KWD", "BHD", "CLF", "RSD"])
AMOUNTS = st.decimals(min_value=-(10**15), max_value=10**15, places=4)


@pytest.mark.parametrize(
    ("currency", "digits"),
    [("USD", 2), ("GBP", 2), ("JPY", 0), ("KWD", 3), ("CLF", 4), ("RSD", 2), ("IQD", 3), ("HUF", 2), ("XYZ", 2)],
)
def test_decimals_are_those_of_iso_4217(currency: str, digits: int) -> None:
    assert money.decimals(currency) == digits


@pytest.mark.parametrize(
    ("amount", "currency", "rounded"),
    [
        ("0.125", "USD", "0.13"),
        ("0.135", "USD", "0.14"),
        ("-0.125", "USD", "-0.13"),
        ("1234.5", "JPY", "1235"),
        ("1235.5", "JPY", "1236"),
        ("1.2505", "KWD", "1.251"),
        ("10", "USD", "10.00"),
    ],
)
def test_a_half_is_rounded_away_from_zero(amount: str, currency: str, rounded: str) -> None:
    assert str(money.quantize(Decimal(amount), currency)) == rounded


@pytest.mark.parametrize(
    ("amount", "currency", "units"),
    [("12000", "JPY", 12000), ("1.250", "KWD", 1250), ("12.34", "USD", 1234), ("-5", "EUR", -500), ("0", "GBP", 0)],
)
def test_minor_units_are_those_a_gateway_charges(amount: str, currency: str, units: int) -> None:
    assert money.to_minor_units(Decimal(amount), currency) == units
    assert money.from_minor_units(units, currency) == Decimal(amount)


@given(units=st.integers(min_value=-(10**18), max_value=10**18), currency=CURRENCIES)
def test_minor_units_go_there_and_back_unchanged(units: int, currency: str) -> None:
    assert money.to_minor_units(money.from_minor_units(units, currency), currency) == units


@given(amount=AMOUNTS, currency=CURRENCIES)
def test_an_amount_loses_at_most_half_a_minor_unit_and_only_once(amount: Decimal, currency: str) -> None:
    rounded = money.quantize(amount, currency)
    assert abs(rounded - amount) * 2 <= Decimal(1).scaleb(-money.decimals(currency))
    assert money.quantize(rounded, currency) == rounded
    assert money.from_minor_units(money.to_minor_units(amount, currency), currency) == rounded


@given(amount=AMOUNTS, currency=CURRENCIES)
def test_what_is_written_holds_every_digit_of_the_amount(amount: Decimal, currency: str) -> None:
    written = money.format_money(amount, currency, "en")
    digits = "".join(sign for sign in written if sign in "-.0123456789")
    assert Decimal(digits) == money.quantize(amount, currency)


@given(rows=st.lists(st.tuples(CURRENCIES, st.decimals(min_value=-(10**9), max_value=10**9, places=2))))
def test_sums_stay_apart_by_currency_and_lose_nothing(rows: list[tuple[str, Decimal]]) -> None:
    whole = [(currency, money.quantize(amount, currency)) for currency, amount in rows]
    sums = money.by_currency(whole)
    assert list(sums) == sorted({currency for currency, _ in rows})
    for currency, total in sums.items():
        units = sum(money.to_minor_units(amount, code) for code, amount in whole if code == currency)
        assert money.to_minor_units(total, currency) == units


@pytest.mark.parametrize(
    ("amount", "currency", "locale", "written"),
    [
        ("1234.5", "USD", "en", "$1,234.50"),
        ("1234.5", "GBP", "en", "£1,234.50"),
        ("1234.5", "AUD", "en", "A$1,234.50"),
        ("12000", "JPY", "en", "¥12,000"),
        ("1234.5", "JPY", "en", "¥1,235"),
        ("1.25", "KWD", "en", "KWD\xa01.250"),
        ("12.5", "RSD", "en", "RSD\xa012.50"),
        ("-5", "EUR", "en", "-€5.00"),
        ("-0.001", "USD", "en", "$0.00"),
        ("1234.5", "USD", "en-gb", "US$1,234.50"),
        ("1234.5", "EUR", "de", "1.234,50\xa0€"),
    ],
)
def test_money_is_written_as_people_of_a_place_do(amount: str, currency: str, locale: str, written: str) -> None:
    assert money.format_money(Decimal(amount), currency, locale) == written


@pytest.mark.parametrize(
    ("rate", "written"),
    [
        (Decimal("92.5633333"), "92.5633333"),
        (Decimal("0.0000001"), "0.0000001"),
        (Decimal("2.0000000"), "2"),
        (Decimal("100"), "100"),
        (Decimal("1234.50"), "1,234.5"),
        (Decimal("-0.0"), "0"),
        ("12.50", "12.5"),
        (None, ""),
        ("", ""),
        ("nonsense", ""),
        ("NaN", ""),
        ("Infinity", ""),
    ],
)
def test_rates_keep_up_to_seven_decimals_and_no_zeros_at_the_end(rate: object, written: str) -> None:
    assert filters.number(rate) == written


def test_percentages_are_numbers_with_a_sign_behind() -> None:
    assert filters.percent(Decimal("20.0000000")) == "20%"
    assert filters.percent("8.875") == "8.875%"
    assert filters.percent(None) == ""


def test_money_that_is_not_there_is_written_as_nothing() -> None:
    assert filters.money(None, "USD") == ""
    assert filters.money("118.3", "AUD") == "A$118.30"
    assert filters.money(0, "JPY") == "¥0"
