"""What an endpoint takes: names and kinds of parameters, refused in Stripe's words when they do not fit."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from .errors import beyond_us, missing, unfit

Check = Callable[[Any, str], Any]  # a raw value and its name give the value, or a refusal
Fields = Mapping[str, Check]
WANTED = "!"  # "name!" in a table of fields must be there
INTEGER = re.compile(r"-?\d{1,18}$")
EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+$")
URL = re.compile(r"https?://[^\s/?#]+")


def read(fields: Fields, given: Mapping[str, Any], inside: str = "") -> dict[str, Any]:
    """The checked parameters; unknown and missing ones are refused."""
    checks = {name.rstrip(WANTED): check for name, check in fields.items()}
    for name in given:
        if name not in checks:
            where = _within(inside, name)
            raise unfit(f"Received unknown parameter: {where}", where, "parameter_unknown")
    for name in fields:
        if name.endswith(WANTED) and name.rstrip(WANTED) not in given:
            raise missing(_within(inside, name.rstrip(WANTED)))
    return {name: checks[name](value, _within(inside, name)) for name, value in given.items()}


def _within(inside: str, name: str) -> str:
    return f"{inside}[{name}]" if inside else name


# -- kinds -------------------------------------------------------------------------------------------------------


def text(most: int = 5000) -> Check:
    """Words; an empty value is refused, as it would unset what cannot be unset."""

    def check(value: Any, name: str) -> str:
        if not isinstance(value, str):
            raise unfit(f"Invalid string: {value}", name, "parameter_invalid_string")
        if not value:
            raise unfit(
                f"You passed an empty string for '{name}'. We assume empty values are an attempt to unset a parameter; "
                f"however '{name}' cannot be unset. You should remove '{name}' from your request or supply a non-empty "
                "value.",
                name,
                "parameter_invalid_empty",
            )
        if len(value) > most:
            raise unfit(f"Invalid string: {value[:8]}...{value[-8:]}; must be at most {most} characters", name)
        return value

    return check


def integer(least: int | None = None, most: int | None = None) -> Check:
    """A whole number; decimals are refused even when they are zeros."""

    def check(value: Any, name: str) -> int:
        code = "parameter_invalid_integer"
        if not isinstance(value, str) or not INTEGER.match(value):
            raise unfit(f"Invalid integer: {value}", name, code)
        number = int(value)
        if least is not None and number < least:
            words = "Invalid positive integer" if least == 1 else "Invalid non-negative integer"
            raise unfit(words if least < 2 else f"This value must be greater than or equal to {least}.", name, code)
        if most is not None and number > most:
            raise unfit(f"This value must be less than or equal to {most}.", name, code)
        return number

    return check


def boolean(value: Any, name: str) -> bool:
    """``true`` or ``false``."""
    if value not in ("true", "false"):
        raise unfit(f"Invalid boolean: {value}", name)
    return bool(value == "true")


def one_of(*words: str) -> Check:
    """One of some words."""

    def check(value: Any, name: str) -> str:
        if value not in words:
            listed = f"{', '.join(words[:-1])}, or {words[-1]}" if len(words) > 2 else " or ".join(words)
            raise unfit(f"Invalid {name}: must be {'one of ' if len(words) > 1 else ''}{listed}", name)
        return str(value)

    return check


def url(value: Any, name: str) -> str:
    """An address with its scheme."""
    address: str = text()(value, name)
    if "://" not in address:
        raise unfit("Invalid URL: An explicit scheme (such as https) must be provided.", name, "url_invalid")
    if not URL.match(address):
        raise unfit("Not a valid URL", name, "url_invalid")
    return address


def email(value: Any, name: str) -> str:
    """An email address."""
    address: str = text(800)(value, name)
    if not EMAIL.match(address):
        raise unfit(f"Invalid email address: {address}", name, "email_invalid")
    return address


def hash_of(fields: Fields) -> Check:
    """Named values inside a name."""

    def check(value: Any, name: str) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise unfit(f"Invalid object: {value}", name)
        return read(fields, value, name)

    return check


def list_of(check_one: Check) -> Check:
    """Numbered values."""

    def check(value: Any, name: str) -> list[Any]:
        if not isinstance(value, list):
            raise unfit(f"Invalid array: {value}", name)
        return [check_one(one, f"{name}[{number}]") for number, one in enumerate(value)]

    return check


def metadata(value: Any, name: str) -> dict[str, str]:
    """Up to 50 names of up to 40 characters, with values of up to 500."""
    if value == "":
        return {}
    if isinstance(value, list):  # names that are numbers
        value = {str(number): one for number, one in enumerate(value)}
    if not isinstance(value, dict) or not all(isinstance(one, str) for one in value.values()):
        raise unfit(f"Invalid object: {name} must be a hash of strings", name)
    if len(value) > 50:
        raise unfit("You can only specify up to 50 metadata keys.", name)
    for key, words in value.items():
        if len(key) > 40:
            raise unfit(f"Metadata keys can have up to 40 characters. Invalid key: {key}", f"{name}[{key}]")
        if len(words) > 500:
            raise unfit(
                "Metadata values can have up to 500 characters, but you passed in a value that is "
                f"{len(words)} characters. Invalid value: {words}",
                f"{name}[{key}]",
            )
    return dict(value)


def kept(value: Any, name: str) -> Any:
    """A value that changes nothing here and is taken as it comes."""
    if isinstance(value, dict):
        return {key: kept(one, name) for key, one in value.items()}
    return {"true": True, "false": False}.get(value, value) if isinstance(value, str) else value


def not_played(value: Any, name: str) -> Any:
    """A value that would change what happens, in a way the sandbox cannot follow; switched off it is fine."""
    if isinstance(value, dict) and value.get("enabled") == "false":
        return None
    raise beyond_us(name)


MOMENT = integer(0)
SPAN: Fields = {"gt": MOMENT, "gte": MOMENT, "lt": MOMENT, "lte": MOMENT}


def moment(value: Any, name: str) -> dict[str, int]:
    """A moment, or a span of them: ``created=1`` or ``created[gte]=1``."""
    if isinstance(value, dict):
        return read(SPAN, value, name)
    exact = MOMENT(value, name)
    return {"gte": exact, "lte": exact}


def is_within(value: int, span: Mapping[str, int]) -> bool:
    """Whether a moment is in the span."""
    return (
        value > span.get("gt", -1)
        and value >= span.get("gte", 0)
        and value < span.get("lt", 1 << 62)
        and value <= span.get("lte", 1 << 62)
    )
