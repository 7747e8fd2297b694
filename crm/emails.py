"""Email addresses: what contacts are recognised by. Pure."""

import re

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

LONGEST = 254  # RFC 5321, and the width of Contact.email
_BETWEEN = re.compile(r"[,;\s]+")


def addresses_in(typed: str) -> list[str]:
    """Every valid address in a field, trimmed and case-folded, in the order typed, each once.

    People write several into one field, with commas, semicolons or blanks between them.
    """
    found: list[str] = []
    for word in _BETWEEN.split(typed):
        address = word.strip("<>\"'()").removeprefix("mailto:").casefold()
        if address and len(address) <= LONGEST and address not in found and _is_valid(address):
            found.append(address)
    return found


def first_address(typed: str) -> str:
    """The first valid address of a field that may hold several; "" if there is none."""
    return next(iter(addresses_in(typed)), "")


def _is_valid(address: str) -> bool:
    try:
        validate_email(address)
    except ValidationError:
        return False
    return True
