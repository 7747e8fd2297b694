"""Sales tax and VAT, worked out as QuickBooks does: pure sums, no books.

Three ways: the US adds one code's rates to the taxable lines; elsewhere every line has its own code and
prices are net (TaxExcluded) or gross (TaxInclusive). Each rate gets one TaxLine, whatever the lines.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from .money import ZERO, amount, plain, rounded

HUNDRED = Decimal(100)


@dataclass(frozen=True)
class Rate:
    """One tax rate in percent."""

    id: str
    percent: Decimal


@dataclass(frozen=True)
class Share:
    """One line's part of the sum: net and gross are the same unless prices include tax."""

    code: str
    net: Decimal
    gross: Decimal


@dataclass(frozen=True)
class TaxLine:
    """What one rate takes."""

    rate: Rate
    taxable: Decimal
    tax: Decimal

    def document(self) -> dict[str, object]:
        """The line as it stands in TxnTaxDetail."""
        return {
            "Amount": amount(self.tax),
            "DetailType": "TaxLineDetail",
            "TaxLineDetail": {
                "TaxRateRef": {"value": self.rate.id},
                "PercentBased": True,
                "TaxPercent": plain(self.rate.percent),
                "NetAmountTaxable": amount(self.taxable),
            },
        }


def net_of(gross: Decimal, rates: Iterable[Rate], currency: str) -> Decimal:
    """The net part of a price that includes tax."""
    percent = sum((rate.percent for rate in rates), ZERO)
    return rounded(gross * HUNDRED / (HUNDRED + percent), currency)


def net_price(net: Decimal, quantity: Decimal) -> Decimal:
    """The net unit price, to the seven decimals QuickBooks keeps."""
    return (net / quantity).quantize(Decimal("0.0000001"), ROUND_HALF_UP)


def by_code(shares: Iterable[Share]) -> dict[str, tuple[Decimal, Decimal]]:
    """Net and gross of all lines that carry the same tax code."""
    sums: dict[str, tuple[Decimal, Decimal]] = {}
    for share in shares:
        net, gross = sums.get(share.code, (ZERO, ZERO))
        sums[share.code] = (net + share.net, gross + share.gross)
    return sums


def spread(discount: Decimal, parts: Mapping[str, Decimal], currency: str) -> dict[str, Decimal]:
    """Divide a discount over parts in proportion; the last part takes what rounding left over."""
    whole = sum(parts.values(), ZERO)
    if not whole or not discount:
        return dict.fromkeys(parts, ZERO)
    shares = {key: rounded(discount * part / whole, currency) for key, part in parts.items()}
    last = next(reversed(shares))
    shares[last] += discount - sum(shares.values(), ZERO)
    return shares


def added(shares: Iterable[Share], discount: Decimal, rates: Mapping[str, list[Rate]], currency: str) -> list[TaxLine]:
    """Net prices: every rate takes its percentage of all that was sold under it, rounded once."""
    sums = {code: net for code, (net, _) in by_code(shares).items()}
    less = spread(discount, sums, currency)
    taxable: dict[Rate, Decimal] = {}
    for code, net in sums.items():
        for rate in rates[code]:
            taxable[rate] = taxable.get(rate, ZERO) + net - less[code]
    return [TaxLine(rate, net, rounded(net * rate.percent / HUNDRED, currency)) for rate, net in taxable.items()]


def included(
    shares: Iterable[Share], discount: Decimal, fraction: Decimal, rates: Mapping[str, list[Rate]], currency: str
) -> list[TaxLine]:
    """Gross prices: tax is what is left between gross and net, so the total stays the price on the label.

    ``discount`` is the net amount off, ``fraction`` the same as a part of the whole. 12.00 gross less 20 % at
    13 % gives net 8.49 and tax 1.11 (not 1.10), as recorded from a real company.
    """
    sums = by_code(shares)
    less = spread(discount, {code: net for code, (net, _) in sums.items()}, currency)
    taxable: dict[Rate, Decimal] = {}
    taxes: dict[Rate, Decimal] = {}
    for code, (net, gross) in sums.items():
        kept = net - less[code]
        gross_kept = gross - rounded(gross * fraction, currency)
        for rate, tax in split(gross_kept - kept, kept, rates[code], currency):
            taxable[rate] = taxable.get(rate, ZERO) + kept
            taxes[rate] = taxes.get(rate, ZERO) + tax
    return [TaxLine(rate, taxable[rate], taxes[rate]) for rate in taxable]


def split(tax: Decimal, net: Decimal, rates: list[Rate], currency: str) -> Iterable[tuple[Rate, Decimal]]:
    """Divide one code's tax over its rates; the last rate takes the rest."""
    left = tax
    for rate in rates[:-1]:
        part = rounded(net * rate.percent / HUNDRED, currency)
        left -= part
        yield rate, part
    if rates:
        yield rates[-1], left
