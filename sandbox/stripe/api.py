"""The API under ``/v1``: who asks, what for, and the answer in Stripe's words."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Callable

from ..http import Request, Response
from ..rate import Rate
from . import idempotency
from .book import VERSION, Book, Obj
from .endpoints import ENDPOINTS, Call
from .errors import Refused, bad_key, no_such_page, publishable_key
from .forms import parse
from .reading import expansions, shown
from .trouble import answer_of

Work = Callable[[Request], Response]
VERSIONS = re.compile(r"\d{4}-\d{2}-\d{2}(\.[a-z_]+)?$")


def answer(book: Book, request: Request, key: str, pages: str, rate: Rate) -> Response:
    """The answer to one request. ``key`` opens the account, ``pages`` is where payers' pages are."""
    asked = idempotency.key_of(request)
    given: Obj = {}
    try:
        _let_in(request, key)
        rate.count()
        version = _version(request)
        given = parse(
            request.query_string if request.method in ("GET", "DELETE") else request.body.decode("utf-8", "replace")
        )
        with book.lock:
            response = idempotency.known_answer(book, asked, request.path, given)
            if response is None:
                response = _work(book, request, given, asked, pages)
    except Refused as refused:
        response = answer_of(refused, request.tid)
        if refused.kept:
            idempotency.remember(book, asked, request.path, given, request.tid, response)
        version = VERSION
    response.headers |= {"Request-Id": request.tid, "Stripe-Version": version}
    if asked:
        response.headers["Idempotency-Key"] = asked
        response.headers.setdefault("Original-Request", request.tid)
    return response


def body_of(request: Request) -> str:
    """The body as text."""
    return request.body.decode("utf-8", "replace")


def _work(book: Book, request: Request, given: Obj, asked: str, pages: str) -> Response:
    """Do it and keep the answer, both or neither."""
    asks = json.loads(json.dumps(given))
    paths = expansions(asks)
    with book.changing():
        book.request = {"id": request.tid, "idempotency_key": asked or None}
        try:
            made = _routed(Call(book, request.method, request.path, asks, pages))
            response = Response(200, json.dumps(shown(book, made, paths), indent=2), "application/json")
        finally:
            book.request = {"id": None, "idempotency_key": None}
        idempotency.remember(book, asked, request.path, given, request.tid, response)
    return response


def _routed(call: Call) -> Obj:
    for method, pattern, endpoint in ENDPOINTS:
        found = pattern.fullmatch(call.path)
        if found and method == call.method:
            call.ids = found.groups()
            return endpoint(call)
    raise no_such_page(call.method, call.path)


def _let_in(request: Request, key: str) -> None:
    """The account's secret key, as a bearer or as a user without a password."""
    scheme, _, word = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "basic":
        try:
            word = base64.b64decode(word).decode().partition(":")[0]
        except (binascii.Error, UnicodeDecodeError):
            word = ""
    word = word.strip()
    if word.startswith("pk_"):
        raise publishable_key()
    if word != key:
        raise bad_key(word)


def _version(request: Request) -> str:
    """Any version is taken; the answers are those of the newest."""
    asked = request.headers.get("stripe-version", "") or VERSION
    if not VERSIONS.match(asked):
        raise Refused(f"Invalid Stripe API version: {asked}", kept=False)
    return asked
