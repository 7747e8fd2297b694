"""Email addresses: what contacts are recognised by. Pure."""

import re

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

LONGEST = 254  # RFC 5321, and the width of Contact.email
_BETWEEN = re.compile(r"[,;\s]+")


def first_address(typed: str) -> str:
    """The first valid address of a field that may hold several, trimmed and case-folded; "" if there is none."""
    for word in _BETWEEN.split(typed):
        address = word.strip("<>\"'()").casefold()
        if len(address) <= LONGEST and _is_valid(address):
            return address
    return ""


def _is_valid(address: str) -> bool:
    try:
        validate_email(address)
    except ValidationError:
        return False
    return True
