"""How templates write money, rates and percentages."""

from decimal import Decimal, InvalidOperation
from typing import Any

from django import template
from django.utils.translation import get_language

from invoicing.money import format_money, format_number

register = template.Library()


@register.filter
def money(amount: Any, currency: str) -> str:
    """``{{ invoice.balance|money:invoice.currency }}``: with the currency's sign and decimals; nothing for None."""
    number = _decimal(amount)
    return "" if number is None else format_money(number, currency, _locale())


@register.filter
def number(rate: Any) -> str:
    """``{{ line.rate|number }}``: up to seven decimals, without zeros at the end; nothing for None."""
    found = _decimal(rate)
    return "" if found is None else format_number(found, _locale())


@register.filter
def percent(rate: Any) -> str:
    """``{{ line.tax_percent|percent }}``: 20 is written 20%; nothing for None."""
    written = number(rate)
    return f"{written}%" if written else ""


def _decimal(value: Any) -> Decimal | None:
    """A finite Decimal of a Decimal, a whole number, or text as documents kept in JSON have it."""
    if value is None or value == "":
        return None
    try:
        found = Decimal(value) if not isinstance(value, float) else Decimal(str(value))
    except (InvalidOperation, TypeError, ValueError):
        return None
    return found if found.is_finite() else None


def _locale() -> str:
    return get_language() or "en"
