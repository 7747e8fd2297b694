"""Money as ISO 4217 counts it: decimals, rounding, minor units, and how it is written. Pure.

Amounts are Decimals with their currency's code beside them, from end to end; binary floats never take part.
"""

import re
from collections.abc import Iterable
from copy import copy
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache

from babel import Locale
from babel.numbers import NumberPattern, format_decimal

# Currencies that do not have two decimals, from ISO 4217 list one. Babel's own table is of what shops show, so it
# has no decimals for RSD, IQD and two dozen others whose invoices do carry them.
_DECIMALS = {
    **dict.fromkeys("BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF".split(), 0),
    **dict.fromkeys("BHD IQD JOD KWD LYD OMR TND".split(), 3),
    **dict.fromkeys("CLF UYW".split(), 4),
}
_RATE_FORMAT = "#,##0.#######"  # as many decimals as a RateField holds

# "KWD 1.250", not "KWD1.250": the rule of Unicode's currency spacing, which babel leaves out.
_LETTER_THEN_DIGIT = re.compile(r"(?<=[^\W\d_])(?=\d)")


def decimals(currency: str) -> int:
    """How many digits the minor unit of ``currency`` (ISO 4217) has: 2 for USD, 0 for JPY, 3 for KWD."""
    return _DECIMALS.get(currency, 2)


def quantize(amount: Decimal, currency: str) -> Decimal:
    """``amount`` in whole minor units; a half is rounded away from zero, as bookkeepers round."""
    return amount.quantize(Decimal(1).scaleb(-decimals(currency)), ROUND_HALF_UP)


def to_minor_units(amount: Decimal, currency: str) -> int:
    """What payment gateways want: USD 12.34 is 1234, JPY 12,000 is 12000, KWD 1.250 is 1250.

    An amount finer than the minor unit is rounded as by ``quantize``.
    """
    return int(quantize(amount, currency).scaleb(decimals(currency)))


def from_minor_units(units: int, currency: str) -> Decimal:
    """The amount that ``units`` of the minor unit make; the way back from ``to_minor_units``."""
    return Decimal(units).scaleb(-decimals(currency))


def by_currency(amounts: Iterable[tuple[str, Decimal]]) -> dict[str, Decimal]:
    """The sum of each currency, in order of the codes. Currencies are never added to one another."""
    sums: dict[str, Decimal] = {}
    for currency, amount in amounts:
        sums[currency] = sums.get(currency, Decimal(0)) + amount
    return {currency: quantize(sums[currency], currency) for currency in sorted(sums)}


# Pure, and asked for the same few amounts again and again.
@lru_cache(maxsize=4096)
def format_money(amount: Decimal, currency: str, locale: str = "en") -> str:
    """``amount`` as people of ``locale`` write it, with a sign that names its currency and its ISO decimals."""
    rounded = quantize(amount, currency) + 0  # no "-0.00"
    language = _language(locale)
    pattern = _pattern(language, decimals(currency))
    written = pattern.apply(rounded, language, currency=currency, currency_digits=False)
    return _LETTER_THEN_DIGIT.sub("\N{NO-BREAK SPACE}", written)


@lru_cache(maxsize=4096)
def format_number(number: Decimal, locale: str = "en") -> str:
    """A rate or quantity with at most seven decimals and no zeros at its end."""
    return format_decimal(number + 0, format=_RATE_FORMAT, locale=_language(locale))


@lru_cache(maxsize=64)
def _language(locale: str) -> Locale:
    """Babel's name for a locale that Django calls ``en-gb`` and others ``en_GB``."""
    return Locale.parse(locale.replace("-", "_"))


@lru_cache(maxsize=64)
def _pattern(language: Locale, digits: int) -> NumberPattern:
    """The language's way to write money, with ``digits`` decimals; babel rounds half to even, so round before."""
    pattern = copy(language.currency_formats["standard"])
    pattern.frac_prec = (digits, digits)
    return pattern
