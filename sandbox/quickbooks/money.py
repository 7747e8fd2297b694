"""Amounts: exact inside, JSON numbers outside, rounded half up to what the currency knows."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from functools import lru_cache
from typing import Any

from .errors import Fault

ZERO = Decimal(0)
NO_DECIMALS = frozenset({"JPY", "KRW", "VND", "CLP", "ISK", "XOF", "XAF", "UGX", "PYG"})
THREE_DECIMALS = frozenset({"KWD", "BHD", "OMR", "JOD", "TND", "LYD", "IQD"})
NAMES = {
    "USD": "United States Dollar",
    "GBP": "British Pound Sterling",
    "EUR": "Euro",
    "JPY": "Japanese Yen",
    "KWD": "Kuwaiti Dinar",
    "CAD": "Canadian Dollar",
    "AUD": "Australian Dollar",
    "CHF": "Swiss Franc",
}
RATES_TO_USD = {
    "USD": "1", "GBP": "1.27", "EUR": "1.08", "JPY": "0.0067", "KWD": "3.25",
    "CAD": "0.73", "AUD": "0.66", "CHF": "1.13",
}  # fmt: skip


@lru_cache(maxsize=256)
def smallest(currency: str) -> Decimal:
    """The smallest amount: 1 for yen, 0.001 for dinars, 0.01 otherwise."""
    if currency in NO_DECIMALS:
        return Decimal(1)
    return Decimal("0.001") if currency in THREE_DECIMALS else Decimal("0.01")


def rounded(value: Decimal, currency: str) -> Decimal:
    """Half up, to the currency's decimals."""
    return value.quantize(smallest(currency), ROUND_HALF_UP)


def decimal(value: Any, element: str = "Amount") -> Decimal:
    """A number as sent: JSON number or string of digits. Anything else is an illegal number format."""
    if isinstance(value, bool):
        raise _bad(value, element)
    try:
        found = Decimal(str(value))
    except InvalidOperation:
        raise _bad(value, element) from None
    if not found.is_finite() or abs(found) >= Decimal("1e15"):
        raise _bad(value, element)
    return found


def _bad(value: Any, element: str) -> Fault:
    return Fault(2080, f"Invalid number format : illegal number format: {value}", element)


def amount(value: Decimal) -> int | float:
    """An amount for JSON: 0 stays a bare zero, the rest has a point, as in recorded answers."""
    return float(value) if value else 0


def plain(value: Decimal) -> int | float:
    """A price or quantity for JSON: whole numbers without a point."""
    return int(value) if value == value.to_integral_value() else float(value)


def currency_ref(currency: str) -> dict[str, str]:
    """``{"value": "GBP", "name": "British Pound Sterling"}``."""
    return {"value": currency, "name": NAMES.get(currency, currency)}


def rate_between(foreign: str, home: str) -> Decimal:
    """Home units per foreign unit; stands for the daily rate QuickBooks would fill in."""
    try:
        cross = Decimal(RATES_TO_USD[foreign]) / Decimal(RATES_TO_USD[home])
    except KeyError:
        raise no_rate(foreign) from None
    return cross.quantize(Decimal("0.000001"), ROUND_HALF_UP).normalize()


def no_rate(currency: str) -> Fault:
    """The company does not keep this currency."""
    return Fault(2500, f"Invalid Reference Id : Currency element id {currency} not found", "CurrencyRef")
