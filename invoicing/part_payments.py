"""Paying a part of what is owed: between what the business wants at least and all of it."""

import re
from decimal import Decimal

from invoicing.models import Invoice, PaymentSettings
from invoicing.money import decimals, format_money, quantize

# "1200", "1,200.50" and "£ 1200.5" are amounts; "12,50" might be twelve or twelve hundred, and is asked for again.
_AMOUNT = re.compile(r"(\d{1,12}|\d{1,3}(,\d{3}){1,3})(\.\d{1,4})?")


class WrongAmount(Exception):
    """This cannot be paid; the text says why, to the customer."""


def least_of(invoice: Invoice, chosen: PaymentSettings) -> Decimal | None:
    """The smallest part that may be paid; None where it is all or nothing."""
    if not chosen.allows_part:
        return None
    least = max(quantize(chosen.least_part, invoice.currency), Decimal(1).scaleb(-decimals(invoice.currency)))
    return least if least < invoice.balance else None


def amount_to_pay(invoice: Invoice, written: str) -> Decimal:
    """What a customer wrote as an amount of this invoice; nothing written is all of it. Raises WrongAmount."""
    owed = quantize(invoice.balance, invoice.currency)
    if not written.strip():
        return owed
    amount, least = _read(written), least_of(invoice, PaymentSettings.load())
    if amount == owed:
        return owed
    whole = format_money(owed, invoice.currency)
    if least is None:
        raise WrongAmount(f"This invoice can only be paid in one amount, which is {whole} now.")
    if amount is None or amount != quantize(amount, invoice.currency):
        raise WrongAmount(f"Write an amount, such as {owed}.")
    if not least <= amount <= owed:
        raise WrongAmount(f"Write an amount from {format_money(least, invoice.currency)} to {whole}.")
    return amount


def _read(written: str) -> Decimal | None:
    bare = re.sub(r"^[^\d.,\-]+|\s+", "", written)
    return Decimal(bare.replace(",", "")) if bare.isascii() and _AMOUNT.fullmatch(bare) else None
