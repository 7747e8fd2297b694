"""Amounts as Stripe counts them. Its minor units are ISO's, but for a few currencies. Pure.

Reference: https://docs.stripe.com/currencies#zero-decimal
"""

from decimal import Decimal

from invoicing.money import decimals, from_minor_units, quantize, to_minor_units

# Zero-decimal by ISO or by use, yet sent with two decimals that are 00.
TWO_DECIMALS = frozenset({"ISK", "UGX"})
# Two decimals by ISO, none at Stripe.
NO_DECIMALS = frozenset({"MGA"})


def can_take(amount: Decimal, currency: str) -> bool:
    """Whether Stripe has a number for this amount: of three decimals the last must be 0, and Ariary are whole."""
    if currency in NO_DECIMALS:
        return amount == amount.to_integral_value()
    return decimals(currency) != 3 or amount == quantize(amount, "USD")


def to_stripe(amount: Decimal, currency: str) -> int:
    if currency in TWO_DECIMALS:
        return int(quantize(amount, currency)) * 100
    if currency in NO_DECIMALS:
        return int(amount)
    return to_minor_units(amount, currency)


def from_stripe(units: int, currency: str) -> Decimal:
    if currency in TWO_DECIMALS:
        return Decimal(units) / 100
    if currency in NO_DECIMALS:
        return Decimal(units)
    return from_minor_units(units, currency)
