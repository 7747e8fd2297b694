"""The left-hand navigation."""

from typing import Any

from django.http import HttpRequest


def navigation(request: HttpRequest) -> dict[str, Any]:
    """Context processor: the business on every page."""
    return {"business": getattr(request, "business", None)}
