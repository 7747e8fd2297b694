"""Currencies: how many decimals an amount has, how little and how much can be charged, and what Stripe keeps of it.

Minor units everywhere. Where Stripe's table has no minimum for a currency, fifty of its minor units stand in for it.
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

from .errors import Refused, unfit

ZERO = frozenset("bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf".split())
THREE = frozenset("bhd jod kwd omr tnd".split())
WHOLE = frozenset({"isk", "ugx"})  # written with two decimals, which must be 00
TWO = frozenset(
    "usd aed afn all amd ang aoa ars aud awg azn bam bbd bdt bgn bmd bnd bob brl bsd bwp byn bzd cad cdf "
    "chf cny cop crc cve czk dkk dop dzd egp etb eur fjd fkp gbp gel gip gmd gtq gyd hkd hnl htg huf idr "
    "ils inr jmd kes kgs khr kyd kzt lak lbp lkr lrd lsl mad mdl mkd mmk mnt mop mur mvr mwk mxn myr mzn "
    "nad ngn nio nok npr nzd pab pen pgk php pkr pln qar ron rsd rub sar sbd scr sek sgd shp sle sos srd "
    "std szl thb tjs top try ttd twd tzs uah uyu uzs wst xcd xcg yer zar zmw".split()
)
KNOWN = ZERO | THREE | TWO | WHOLE
LEAST = {
    "aed": 200, "bgn": 100, "czk": 1500, "dkk": 250, "gbp": 30, "hkd": 400, "huf": 17500, "mxn": 1000, "myr": 200,
    "nok": 300, "pln": 200, "ron": 200, "sek": 300, "thb": 1000,
}  # fmt: skip
MOST = 99_999_999
SIGNS = {"usd": "$", "gbp": "£", "eur": "€", "jpy": "¥", "cad": "$", "aud": "$", "nzd": "$", "hkd": "$", "inr": "₹"}


def decimals(currency: str) -> int:
    """Digits after the point."""
    return 0 if currency in ZERO else 3 if currency in THREE else 2


def figure(amount: int, currency: str) -> str:
    """``£12.00``, as Stripe's messages write it."""
    places = decimals(currency)
    number = f"{Decimal(amount).scaleb(-places):,.{places}f}"
    return f"{SIGNS[currency]}{number}" if currency in SIGNS else f"{number} {currency.upper()}"


def known(currency: str, param: str) -> str:
    """The currency in lower case, or a refusal."""
    lower = currency.lower()
    if lower not in KNOWN:
        supported = ", ".join(["usd", *sorted(KNOWN - {"usd"})])
        raise unfit(f"Invalid currency: {lower}. Stripe currently supports these currencies: {supported}", param)
    return lower


def check_unit(amount: int, currency: str, param: str) -> None:
    """Currencies whose last digits have to be zero."""
    if currency in WHOLE and amount % 100:
        raise Refused(
            f"Invalid amount. Currency {currency.upper()} has become effectively zero-decimal and charged amounts must "
            "be evenly divisible by 100. See https://stripe.com/docs/currencies#special-cases for more information.",
            param,
            "invalid_charge_amount_no_decimal_compatible",
        )
    if currency in THREE and amount % 10:
        raise Refused(  # Stripe's page gives the rule, not the words
            f"Invalid amount. Amounts in {currency.upper()} must be evenly divisible by 10. "
            "See https://stripe.com/docs/currencies#three-decimal for more information.",
            param,
            "parameter_invalid_integer",
        )


def least(currency: str) -> int:
    """The smallest charge."""
    return LEAST.get(currency, 50)


def check_total(amount: int, currency: str) -> None:
    """The total of a Checkout Session: not too small, not too large."""
    if amount < least(currency):
        wanted = figure(least(currency), currency)
        raise Refused(
            f"The Checkout Session's total amount due must add up to at least {wanted} {currency}",
            code="amount_too_small",
        )
    if amount > MOST:
        wanted = figure(MOST, currency)
        raise Refused(
            f"The Checkout Session's total amount due must be no more than {wanted} {currency}",
            code="amount_too_large",
        )


def fee(amount: int, currency: str) -> int:
    """What Stripe keeps of a charge: 1.5 % + 20 in pounds and euros, 2.9 % + 30 elsewhere."""
    share, fixed = (Decimal("0.015"), 20) if currency in ("gbp", "eur") else (Decimal("0.029"), 30)
    step = 10 if currency in THREE else 100 if currency in WHOLE else 1
    whole = Decimal(amount) * share + fixed * (10 if step == 10 else 1)
    return min(amount, int((whole / step).to_integral_value(ROUND_HALF_UP)) * step)
