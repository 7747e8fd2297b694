"""The API under ``/2010-04-01``: who asks, what for, and the answer in Twilio's words."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Callable

from ..http import Request, Response
from ..rate import Rate
from . import shapes
from .account import VERSION, Account
from .book import Book, Message
from .errors import Refused, beyond_us, no_such_page, who_are_you
from .trouble import answer_of

Send = Callable[[dict[str, str]], Message]
Work = Callable[[Request], Response]
MESSAGE = re.compile(r"/Messages/([A-Z]{2}[0-9a-f]{32})\.json")


def answer(book: Book, account: Account, request: Request, rate: Rate, send: Send) -> Response:
    """The answer to one request; ``send`` takes a text."""
    try:
        _let_in(request, account)
        rate.count()
        return _routed(book, account, request, send)
    except Refused as refused:
        return answer_of(refused)


def _routed(book: Book, account: Account, request: Request, send: Send) -> Response:
    path = request.path.removeprefix(account.path)
    found = MESSAGE.fullmatch(path)
    if request.path == f"{account.path}.json" and request.method == "GET":
        known = {"sid": account.sid, "friendly_name": account.name, "status": "active", "type": "Full"}
        return _json({**known, "uri": request.path})
    if path == "/Messages.json" and request.method == "GET":
        return _json(shapes.page(book, account, request.query))
    if path == "/Messages.json" and request.method == "POST":
        return _json(shapes.message(account, send(request.form)), 201)
    if found and found[1] in book.messages:
        if request.method != "GET":
            raise beyond_us(f"{request.method} of a message")
        return _json(shapes.message(account, book.messages[found[1]]))
    raise no_such_page(request.path)


def _json(document: object, status: int = 200) -> Response:
    return Response(status, json.dumps(document), "application/json")


def _let_in(request: Request, account: Account) -> None:
    """The account's sid and token, and no other account's address."""
    scheme, _, word = request.headers.get("authorization", "").partition(" ")
    try:
        user, _, token = base64.b64decode(word).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        user = token = ""
    if scheme.lower() != "basic" or (user, token) != (account.sid, account.token):
        raise who_are_you()
    if not re.match(rf"{re.escape(account.path)}[./]", request.path):
        raise no_such_page(request.path)


def is_asked(request: Request) -> bool:
    """Whether a request is for the API, and not for a page."""
    return request.path.startswith(f"/{VERSION}/")
