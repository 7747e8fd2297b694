"""Phone numbers: which are any, and what is behind them."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from . import errors
from .errors import Refused

E164 = re.compile(r"\+[1-9]\d{6,14}", re.ASCII)
NORTH_AMERICAN = re.compile(r"\+1[2-9]\d\d[2-9]\d{6}", re.ASCII)


def is_number(text: str) -> bool:
    """Whether this is a whole number in E.164; those of North America have ten digits of a fixed form."""
    return bool(E164.fullmatch(text)) and (not text.startswith("+1") or bool(NORTH_AMERICAN.fullmatch(text)))


@dataclass(frozen=True)
class Trait:
    """What becomes of texts to a number: refused at once, or ending in ``status`` ("" for no report ever)."""

    words: str
    status: str = "delivered"
    error_code: int | None = None
    error_message: str | None = None
    refusal: Callable[[str], Refused] | None = None


def _lost(words: str, code: int, message: str, status: str = "undelivered") -> Trait:
    return Trait(words, status, code, message)


TRAITS = {
    "mobile": Trait("a mobile phone: delivered"),
    "unreachable": _lost("switched off: undelivered, 30003", 30003, "Unreachable destination handset"),
    "unknown": _lost("nobody has it any more: undelivered, 30005", 30005, "Unknown destination handset"),
    "landline": _lost("a landline: undelivered, 30006", 30006, "Landline or unreachable carrier"),
    "filtered": _lost("its carrier takes it for spam: undelivered, 30007", 30007, "Carrier violation"),
    "unregistered": _lost(
        "its carrier wants senders registered: undelivered, 30034", 30034, "Message from an Unregistered Number"
    ),
    "overflow": _lost("the queue is too long: failed, 30001", 30001, "Queue overflow", "failed"),
    "silent": Trait("its carrier never reports: sent, and no more", status=""),
    "invalid": Trait("no phone number: refused, 21211", refusal=errors.invalid_recipient),
    "unroutable": Trait("no way to it: refused, 21612", refusal=errors.unroutable),
    "forbidden": Trait("in a country that is not allowed: refused, 21408", refusal=errors.forbidden_region),
    "blocked": Trait("has opted out for good: refused, 21610", refusal=errors.opted_out),
    "not_mobile": Trait("Twilio knows it as no mobile: refused, 21614", refusal=errors.not_mobile),
}
ORDINARY = "mobile"

# The first five are Twilio's own, for test credentials; the others are ours and end in the code they lead to.
MAGIC = {
    "+15005550001": "invalid",
    "+15005550002": "unroutable",
    "+15005550003": "forbidden",
    "+15005550004": "blocked",
    "+15005550009": "not_mobile",
    "+15005553000": "silent",
    "+15005553001": "overflow",
    "+15005553003": "unreachable",
    "+15005553005": "unknown",
    "+15005553006": "landline",
    "+15005553007": "filtered",
    "+15005553034": "unregistered",
}

# Twilio's own as well, for senders.
OWN = "+15005550006"
MAGIC_SENDERS: dict[str, Callable[[str], Refused]] = {
    "+15005550001": errors.bad_sender,
    "+15005550007": errors.foreign_sender,
    "+15005550008": errors.full_queue,
}
