"""The ways of paying that staff may note by hand: a setting names who knows them."""

from collections.abc import Callable

from django.conf import settings
from django.utils.module_loading import import_string

# Where nobody knows better.
USUAL = ("Card", "Bank")


def get_methods() -> list[str]:
    """Names in the order they are offered; never empty."""
    if not settings.PAYMENT_METHODS:
        return list(USUAL)
    methods: Callable[[], list[str]] = import_string(settings.PAYMENT_METHODS)
    return methods() or list(USUAL)
