"""Reading single values out of QuickBooks' documents."""

import hashlib
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any

Doc = dict[str, Any]
ZERO = Decimal(0)
TOO_LARGE = Decimal(10) ** 15


def decimal(value: Any) -> Decimal:
    """A number of the wire as Decimal: JSON numbers and numeric text alike; absent is 0.

    Raises ValueError or ArithmeticError for what is no number, or a larger one than any column holds.
    """
    if value is None or value == "":
        return ZERO
    number = value if isinstance(value, Decimal) else Decimal(str(value))
    if not -TOO_LARGE < number < TOO_LARGE:
        raise ValueError(f"{number} is too large")
    return number


def decimal_or_none(value: Any) -> Decimal | None:
    return None if value is None or value == "" else decimal(value)


@lru_cache(maxsize=4096)
def day(value: str) -> date:
    return date.fromisoformat(value[:10])


def ref(doc: Doc, name: str) -> str:
    """The id that a reference points to, or ""."""
    return _inside(doc, name, "value")


def ref_name(doc: Doc, name: str) -> str:
    return _inside(doc, name, "name")


def _inside(doc: Doc, name: str, key: str) -> str:
    reference = doc.get(name)
    return str(reference.get(key) or "") if isinstance(reference, dict) else ""


def currency(doc: Doc, home: str) -> str:
    """The document's currency; ``home`` where it names none. Raises ValueError for what is no ISO 4217 code."""
    code = (ref(doc, "CurrencyRef") or home).upper()
    if not (len(code) == 3 and code.isascii() and code.isalpha()):
        raise ValueError(f"{code} is no currency")
    return code


LINES = tuple(f"Line{number}" for number in range(1, 6))


def street(address: Doc) -> str:
    """Line1 to Line5 of an address, one below the other."""
    lines = (str(address[name]).strip() for name in LINES if address.get(name))
    return "\n".join(line for line in lines if line)


def whole_address(address: Doc | None) -> str:
    """An address as it is written on an envelope."""
    if not address:
        return ""
    town = " ".join(
        str(address[part]) for part in ("City", "CountrySubDivisionCode", "PostalCode") if address.get(part)
    )
    return "\n".join(part for part in (street(address), town, str(address.get("Country") or "")) if part)


def fingerprint(*values: Any) -> str:
    """Tells two versions of a mapped record apart. It may differ where nothing that counts does (10 and 10.0)."""
    return hashlib.blake2b(repr(values).encode(), digest_size=16).hexdigest()
