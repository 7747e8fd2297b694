"""The help's titles beside what they explain."""

from typing import Any

from django import template

from crm.help_pages import all_pages

register = template.Library()


@register.inclusion_tag("help/_titles.html")
def help_titles(current: str = "") -> dict[str, Any]:
    """A card with every page of the help; ``current`` is the slug of the one that is open."""
    return {"pages": all_pages(), "current": current}
