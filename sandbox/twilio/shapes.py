"""Messages and their lists as the API shows them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any
from urllib.parse import urlencode

from .account import VERSION, Account
from .book import Book, Message
from .errors import bad_parameter

MOST, USUAL = 1000, 50
TOKEN = "PA"  # noqa: S105 - it stands in front of the sid that a page ends with


def stamp(at: float | None) -> str | None:
    """``Thu, 30 Jul 2015 20:12:31 +0000``."""
    return None if at is None else format_datetime(datetime.fromtimestamp(int(at), UTC))


def message(account: Account, one: Message) -> dict[str, Any]:
    """One message."""
    path = f"{account.path}/Messages/{one.sid}"
    return {
        "account_sid": account.sid,
        "api_version": VERSION,
        "body": one.body,
        "date_created": stamp(one.created),
        "date_sent": stamp(one.sent),
        "date_updated": stamp(one.updated),
        "direction": one.direction,
        "error_code": one.error_code,
        "error_message": one.error_message,
        "from": one.sender or None,
        "messaging_service_sid": one.service or None,
        "num_media": "0",
        "num_segments": str(one.segments),
        "price": None,
        "price_unit": "USD",
        "sid": one.sid,
        "status": one.status,
        "subresource_uris": {"media": f"{path}/Media.json"},
        "to": one.to,
        "uri": f"{path}.json",
    }


def page(book: Book, account: Account, query: Mapping[str, str]) -> dict[str, Any]:
    """A page of the messages that were asked for, the newest first."""
    size = min(max(_whole(query, "PageSize", USUAL), 1), MOST)
    number = _whole(query, "Page", 0)
    found = [one for one in reversed(book.all()) if _fits(one, query)]
    start = _start(book, found, query.get("PageToken", ""), number * size)
    shown = found[start : start + size]
    more = start + size < len(found)
    return {
        "first_page_uri": _address(account, query, size, 0),
        "end": start + len(shown) - 1 if shown else 0,
        "previous_page_uri": _address(account, query, size, number - 1) if number else None,
        "messages": [message(account, one) for one in shown],
        "uri": _address(account, query, size, number),
        "page_size": size,
        "start": start,
        "next_page_uri": _address(account, query, size, number + 1, f"{TOKEN}{shown[-1].sid}") if more else None,
        "page": number,
    }


def _start(book: Book, found: list[Message], token: str, otherwise: int) -> int:
    """Where a page begins: behind the last message of the page before, however many have come since."""
    last = book.messages.get(token.removeprefix(TOKEN)) if token else None
    if last is None:
        return otherwise
    return next((place for place, one in enumerate(found) if one.number < last.number), len(found))


def _address(account: Account, query: Mapping[str, str], size: int, number: int, token: str = "") -> str:
    asked = {name: value for name, value in query.items() if name not in ("PageSize", "Page", "PageToken")}
    asked |= {"PageSize": str(size), "Page": str(number)} | ({"PageToken": token} if token else {})
    return f"{account.path}/Messages.json?{urlencode(asked)}"


def _whole(query: Mapping[str, str], name: str, usual: int) -> int:
    text = query.get(name) or str(usual)
    if not re.fullmatch(r"\d{1,9}", text, re.ASCII):
        raise bad_parameter(name, text)
    return int(text)


def _fits(one: Message, query: Mapping[str, str]) -> bool:
    if query.get("To", one.to) != one.to or query.get("From", one.sender) != one.sender:
        return False
    limits = {name: _day(name, query[name]) for name in ("DateSent", "DateSent<", "DateSent>") if query.get(name)}
    if limits and one.sent is None:  # what waits for its turn has not been sent on any day
        return False
    sent = datetime.fromtimestamp(one.sent or 0, UTC)
    checks: dict[str, Callable[[datetime, datetime], bool]] = {
        "DateSent": lambda first, last: first.date() == sent.date(),
        "DateSent<": lambda first, last: sent <= last,
        "DateSent>": lambda first, last: sent >= first,
    }
    return all(checks[name](first, last) for name, (first, last) in limits.items())


def _day(name: str, text: str) -> tuple[datetime, datetime]:
    """The first and the last moment that a value stands for: a day, or a second."""
    for form, lasts in (("%Y-%m-%d", timedelta(days=1)), ("%Y-%m-%dT%H:%M:%SZ", timedelta(seconds=1))):
        try:
            first = datetime.strptime(text, form).replace(tzinfo=UTC)
        except ValueError:
            continue
        return first, first + lasts - timedelta(microseconds=1)
    raise bad_parameter(name, text)
