"""QuickBooks' faults: which code means what, for the program and for a person.

Sorted by code alone: messages are localised, HTTP statuses are shared by unlike things, and the same code comes with
several statuses. Reference: https://developer.intuit.com/app/developer/qbo/docs/develop/troubleshooting/error-codes
"""

import json
import re
from collections.abc import Mapping
from typing import Any

from integrations.errors import IntegrationError, NeedsReconnect, Rejected, Transient

THROTTLED = "3001"
STALE, MISSING = "5010", "610"
CLOSED, DEPOSITED = frozenset({"6200", "6210"}), frozenset({"6540"})
THROTTLE_SECONDS = 60.0

_RECONNECT = "Reconnect it in Settings > Integrations."
FAULTS: dict[str, tuple[type[IntegrationError], str]] = {
    "100": (NeedsReconnect, f"QuickBooks did not accept the sign-in. {_RECONNECT}"),
    "120": (NeedsReconnect, f"The person who connected QuickBooks may no longer see this company. {_RECONNECT}"),
    "3100": (NeedsReconnect, f"QuickBooks does not let Tallybook into this company any more. {_RECONNECT}"),
    "3200": (NeedsReconnect, f"The sign-in at QuickBooks has ended. {_RECONNECT}"),
    THROTTLED: (Transient, "QuickBooks asks us to slow down. It goes on by itself in about a minute."),
    "10000": (Transient, "QuickBooks has a fault of its own just now. It is tried again by itself."),
    "500": (Rejected, "QuickBooks does not know this kind of request. Please report it with the number shown."),
    "610": (Rejected, "QuickBooks no longer has this record: it was deleted or made inactive there."),
    "2010": (Rejected, "QuickBooks does not accept one of the fields sent. Please report it with the number shown."),
    "2020": (Rejected, "QuickBooks needs a field that is empty. Fill it in and try again."),
    "2030": (Rejected, "QuickBooks does not know a record by this ID."),
    "2040": (Rejected, "QuickBooks does not accept one of the characters in the name. Change it and try again."),
    "2050": (Rejected, "One of the texts is too long for QuickBooks. Shorten it and try again."),
    "2080": (Rejected, "QuickBooks cannot read one of the numbers sent."),
    "2500": (Rejected, "A record this one points to is gone or inactive in QuickBooks. Choose another one there."),
    "4000": (Rejected, "QuickBooks could not read the question asked. Please report it with the number shown."),
    "4001": (Rejected, "QuickBooks could not answer the question asked. Please report it with the number shown."),
    "5010": (Rejected, "Somebody changed this record in QuickBooks meanwhile. Take over their version and try again."),
    "6000": (Rejected, "QuickBooks' own rules do not allow this; its words say why."),
    "6070": (Rejected, "The amount of a line is not its quantity times its rate. Correct the line and try again."),
    "6140": (Rejected, "This invoice number is already used in QuickBooks. Choose another number."),
    "6190": (Rejected, "The QuickBooks subscription of this company has ended. Renew it at QuickBooks."),
    "6200": (
        Rejected,
        "The books of this period are closed in QuickBooks. Use a later date or reopen the period there.",
    ),
    "6210": (Rejected, "The books of this period are closed with a password in QuickBooks. Use a later date."),
    "6240": (Rejected, "This name is already used in QuickBooks by a customer, supplier or employee. Change the name."),
    "6250": (Rejected, "A record this one points to is inactive in QuickBooks. Make it active there and try again."),
    "6270": (Rejected, "A record this one points to is inactive in QuickBooks. Make it active there and try again."),
    "6540": (Rejected, "This payment is deposited or reconciled in QuickBooks and cannot be changed. Undo that there."),
}
# Where the code is not in the table: what its range says.
RANGES: list[tuple[range, type[IntegrationError], str]] = [
    (range(1, 500), NeedsReconnect, f"QuickBooks did not accept the sign-in. {_RECONNECT}"),
    (range(2000, 3000), Rejected, "QuickBooks does not accept what was sent; its words say why."),
    (range(3000, 3300), NeedsReconnect, f"QuickBooks did not accept the sign-in. {_RECONNECT}"),
]
_XML = re.compile(r"<(?:\w+:)?(Message|Detail)>([^<]*)<|\bcode=\"(\w+)\"")


def error_for(status: int, body: bytes, headers: Mapping[str, str], fault: Any = None) -> IntegrationError:
    """The error that an answer means; ``fault`` is its parsed JSON where the caller has it already."""
    code, detail = _first_error(fault) if fault is not None else _read(body)
    tid = tid_of(headers)
    if status == 429:
        code = THROTTLED
    known = FAULTS.get(code) or _by_range(code) or _by_status(status)
    kind, sentence = known
    wait = _retry_after(headers) if code == THROTTLED else None
    return kind(sentence, code=code, detail=detail, intuit_tid=tid, status=status, retry_after=wait)


def is_about_token(error: IntegrationError) -> bool:
    """Whether another token may help; it does not where the company itself is closed to us."""
    return error.code in {"3200", "100"} or (error.status == 401 and error.code not in {"120", "3100"})


def tid_of(headers: Mapping[str, str]) -> str:
    """The number of a request at Intuit; documented as intuit_tid, and seen as Intuit-Tid."""
    return str(headers.get("intuit_tid") or headers.get("Intuit-Tid") or "")[:100]


def has_fault(answer: Any) -> bool:
    """Servers that write out every name say null where nothing is wrong."""
    return isinstance(answer, dict) and any(answer.get(name) is not None for name in ("Fault", "fault"))


def _read(body: bytes) -> tuple[str, str]:
    text = body[:100_000].decode("utf-8", "replace")
    try:
        return _first_error(json.loads(text))
    except ValueError:
        return _from_markup(text)


def _first_error(answer: Any) -> tuple[str, str]:
    """Code and words of the first error, in either envelope (a 401 comes with lower-case names)."""
    try:
        fault = answer.get("Fault") or answer.get("fault") or {}
        error = (fault.get("Error") or fault.get("error") or [{}])[0]
        words = [error.get(name) or error.get(name.lower()) or "" for name in ("Message", "Detail")]
        code = str(error.get("code") or "").lstrip("0")
    except (AttributeError, IndexError, KeyError, TypeError):
        return "", ""
    return code, ": ".join(dict.fromkeys(str(word) for word in words if word))


def _from_markup(text: str) -> tuple[str, str]:
    """Faults that come as XML; of an HTML page nothing is worth showing."""
    code, words = "", []
    for match in _XML.finditer(text):
        code = code or (match[3] or "").lstrip("0")
        words += [match[2]] if match[2] else []
    return code, ": ".join(dict.fromkeys(words))


def _by_range(code: str) -> tuple[type[IntegrationError], str] | None:
    if not code.isascii() or not code.isdigit():
        return None
    number = int(code)
    if number >= 10_000:
        return FAULTS["10000"]
    for numbers, kind, sentence in RANGES:
        if number in numbers:
            return kind, sentence
    return Rejected, "QuickBooks refused the request; its words say why."


def _by_status(status: int) -> tuple[type[IntegrationError], str]:
    """For answers without a readable fault: a gateway's page, or nothing at all."""
    if status == 401:
        return FAULTS["3200"]
    # A 403 too: without a fault in it, it comes from something on the way and says nothing of the connection.
    if status in {400, 403, 404, 405, 413, 415}:
        return Rejected, "QuickBooks refused the request without saying why. Please report it with the number shown."
    return Transient, "QuickBooks gave no usable answer. Nothing was lost; it is tried again by itself."


def _retry_after(headers: Mapping[str, str]) -> float:
    """Seconds to wait after being throttled. Intuit says 60 and sends no header; one is obeyed all the same."""
    given = str(headers.get("Retry-After", ""))
    return min(float(given), 3600.0) if given.isascii() and given.isdigit() else THROTTLE_SECONDS
