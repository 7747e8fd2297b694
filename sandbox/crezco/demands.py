"""Pay demands and the links to their pages: made by the API, checked by the rules of UK Faster Payments."""

from __future__ import annotations

import re
import uuid
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

from .book import Book, Obj, new_id, new_token
from .errors import Refused

PAYEE = "Cedar & Sons Plumbing"
REFERENCE = re.compile(r"[A-Z0-9./&\- ]{1,18}")
AMOUNT = re.compile(r"\d{1,9}(\.\d{1,2})?")
SCREENS = {
    "initialScreen": ("DetailsCheck", "BankSelection", "ContinueToBank"),
    "finalScreen": ("PaymentStatus", "PaymentConfirmation", "PaymentFeedback"),
}


def create(book: Book, user: str, body: Any, pages: str) -> Obj:
    """A demand, with its page under the address ``pages``; the same ``idempotencyId`` gives the first one."""
    if not isinstance(body, dict) or not isinstance(body.get("request"), dict):
        raise Refused("The body needs a request.")
    key = _uuid(body.get("idempotencyId"))
    known = book.all("demand", _user=user, _key=key)
    if known:
        return known[0]
    asked = body["request"]
    if asked.get("currency") != "GBP":
        raise Refused("The currency must be GBP.")
    token, pk = new_token(), new_id()
    demand = {
        "payDemandId": pk,
        "payeeName": PAYEE,
        "reference": reference(asked.get("reference")),
        "currency": "GBP",
        "amount": f"{amount(asked.get('amount')):.2f}",
        "paymentUri": f"{pages}/payment/{token}",
        "metadata": _metadata(asked.get("metadata")),
        "_user": user,
        "_key": key,
        "_token": token,
    }
    return book.put("demand", pk, demand)


def link(book: Book, demand: Obj, query: dict[str, str], pages: str) -> Obj:
    """A link to the demand's page that comes back to the business."""
    for name, words in SCREENS.items():
        if query.get(name, words[0]) not in words:
            raise Refused(f"{name} must be one of {', '.join(words)}.", 400)
    if query.get("initialScreen") == "ContinueToBank" and not query.get("bankId"):
        raise Refused("ContinueToBank needs a bankId.", 400)
    token = new_token()
    made = {
        "redirect": f"{pages}/payment/{token}",
        "_token": token,
        "_demand": demand["payDemandId"],
        "_success": _uri(query, "successCallbackUri"),
        "_failure": _uri(query, "failureCallbackUri"),
        "_amount": f"{amount(query['amount']):.2f}" if query.get("amount") else demand["amount"],
        "_reference": reference(query["reference"]) if query.get("reference") else demand["reference"],
    }
    return book.put("link", token, made)


def reference(value: Any) -> str:
    """What stands on the bank statement of the business."""
    if not isinstance(value, str) or not REFERENCE.fullmatch(value) or not value.strip():
        raise Refused("The reference may have up to 18 characters: A-Z, 0-9, full stop, hyphen, slash, & and space.")
    return value


def amount(value: Any) -> Decimal:
    """Pounds and pence, written as text."""
    if not isinstance(value, str) or not AMOUNT.fullmatch(value) or Decimal(value) <= 0:
        raise Refused("The amount must be a text such as 42.42, above 0.")
    return Decimal(value)


def _metadata(value: Any) -> dict[str, Any]:
    if value is not None and not isinstance(value, dict):
        raise Refused("The metadata must be names and values.")
    return dict(value or {})


def _uuid(value: Any) -> str:
    try:
        return str(uuid.UUID(str(value)))
    except ValueError:
        raise Refused("The idempotencyId must be a UUID.") from None


def _uri(query: dict[str, str], name: str) -> str:
    value = query.get(name, "")
    if value and urlsplit(value).scheme not in ("http", "https"):
        raise Refused(f"{name} must be an address.", 400)
    return value
