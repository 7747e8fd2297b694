"""Checks of form for every entity: unknown properties, lengths, references, and what an update leaves behind."""

from __future__ import annotations

from typing import Any

from .errors import Fault
from .schema import Entity

Document = dict[str, Any]
EMPTY: tuple[Any, ...] = (None, "", {})


def check_properties(entity: Entity, body: Document) -> None:
    """2010 for a property the entity does not have."""
    for name in body:
        if name not in entity.known:
            some = ", ".join(f'"{known}"' for known in sorted(entity.known)[:20])
            raise Fault(
                2010,
                f'Property Name:Unrecognized field "{name}" (class com.intuit.schema.finance.v3.{entity.name}), '
                f"not marked as ignorable ({len(entity.known)} known properties: {some} [truncated]])\n"
                " specified is unsupported or invalid",
            )


def check_lengths(entity: Entity, document: Document) -> None:
    """2050 for a text longer than its field."""
    for path, most in entity.lengths.items():
        name, _, inner = path.partition(".")
        found = document.get(name)
        if inner and isinstance(found, dict):
            found = found.get(inner)
        if isinstance(found, str) and len(found) > most:
            raise Fault(2050, f"Length of the field exceeds {most} chars", name)


def without_empties(body: Document) -> Document:
    """Empty texts and nulls mean "nothing here"; answers leave such properties out."""
    return {name: value for name, value in body.items() if value not in EMPTY}


def merged(entity: Entity, body: Document, before: Document | None) -> Document:
    """What the document says once the body has been taken in.

    A full update sets omitted writable fields to nothing, a sparse one leaves them. What only QuickBooks may
    write is taken from the books, silently, whatever was sent.
    """
    sent = {name: value for name, value in body.items() if name not in entity.readonly}
    if before is None:
        return without_empties(sent)
    if body.get("sparse") is True or body.get("sparse") == "true":
        return without_empties({**before, **sent})
    kept = {name: value for name, value in before.items() if name in entity.readonly}
    return {**without_empties(sent), **kept}


def ref_value(document: Document, name: str) -> str | None:
    """The Id inside a reference, or None when there is no reference."""
    ref = document.get(name)
    if isinstance(ref, dict) and ref.get("value") not in (None, ""):
        return str(ref["value"])
    return None


def flag(document: Document, name: str, otherwise: bool) -> bool:
    """A boolean as sent, JSON or text."""
    value = document.get(name, otherwise)
    return value if isinstance(value, bool) else str(value).lower() == "true"
