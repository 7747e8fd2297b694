"""Numbers of things in words."""

from django import template

register = template.Library()


@register.filter
def count(number: int, word: str) -> str:
    """``{{ 1200|count:"invoice" }}`` is "1,200 invoices"; the plural takes an s."""
    return f"{number:,} {word}{'' if number == 1 else 's'}"
