"""The API under ``/v1``: who asks, what for, and the answer in Crezco's words.

Sources: the guides and the reference at crezco-collect.readme.io, and, where they are silent, the plug-ins and demos
that Crezco has published. What neither knows is not offered. Where they differ, ``Open`` says which one is played.
"""

from __future__ import annotations

import hmac
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ..http import Request, Response
from . import demands, webhooks
from .book import Book, Obj, public
from .errors import Refused, no_such
from .paying import COMPLETED, PENDING


@dataclass
class Open:
    """What the guides leave open. Whoever talks to Crezco has to live with either."""

    id_alone: bool = False  # a new demand is answered with its id instead of with all of it
    by_user: bool = True  # a demand is read under its user, else under /v1/pay-demands
    status_within: bool = False  # the demand itself tells its status, and nobody lists its payments
    numbers: bool = False  # amounts are read as numbers instead of texts
    pays_again: bool = False  # the page of a demand that was paid takes another payment


@dataclass
class Account:
    """Whose API it is."""

    key: str
    user: str
    pages: str
    open: Open


@dataclass
class Call:
    """One request that was let in."""

    book: Book
    account: Account
    request: Request
    ids: tuple[str, ...]

    @property
    def body(self) -> Any:
        try:
            return json.loads(self.request.body or b"null")
        except ValueError:
            raise Refused("The body is no JSON.", 400) from None


Endpoint = Callable[[Call], tuple[int, Any]]


def answer(book: Book, account: Account, request: Request) -> Response:
    """The answer to one request."""
    given = request.headers.get("x-crezco-key", "")
    if not hmac.compare_digest(given.encode(), account.key.encode()):
        raise Refused("The API key is missing or not valid.", 401)
    found = [
        (method, endpoint, match) for method, path, endpoint in ENDPOINTS if (match := path.fullmatch(request.path))
    ]
    if not found:
        raise Refused("There is nothing at this address.", 404)
    for method, endpoint, match in found:
        if method == request.method:
            with book.changing():
                status, document = endpoint(Call(book, account, request, match.groups()))
            return Response(status, "" if status == 204 else json.dumps(document), "application/json; charset=utf-8")
    raise Refused(f"{request.method} is not answered here.", 405)


# -- demands -----------------------------------------------------------------------------------------------------


def create_demand(call: Call) -> tuple[int, Any]:
    """A new demand, or the first one of the same idempotencyId."""
    _of_user(call)
    demand = demands.create(call.book, call.account.user, call.body, call.account.pages)
    return 201, demand["payDemandId"] if call.account.open.id_alone else public(demand)


def read_of_user(call: Call) -> tuple[int, Any]:
    """A demand, under its user."""
    _of_user(call)
    if not call.account.open.by_user:
        raise Refused("There is nothing at this address.", 404)
    return 200, _shown(call, call.book.get("demand", call.ids[1]))


def read_demand(call: Call) -> tuple[int, Any]:
    """A demand by its id alone."""
    if call.account.open.by_user:
        raise Refused("There is nothing at this address.", 404)
    return 200, _shown(call, call.book.get("demand", call.ids[0]))


def list_payments(call: Call) -> tuple[int, Any]:
    """The payments of a demand, newest first."""
    if call.account.open.status_within:
        raise Refused("There is nothing at this address.", 404)
    call.book.get("demand", call.ids[0])
    mine = call.book.all("payment", payDemandId=call.ids[0])
    return 200, [_counted(call, public(one)) for one in reversed(mine)]


def make_link(call: Call) -> tuple[int, Any]:
    """A link to the demand's page that returns to the business."""
    _of_user(call)
    demand = call.book.get("demand", call.ids[1])
    return 200, public(demands.link(call.book, demand, call.request.query, call.account.pages))


def _of_user(call: Call) -> None:
    if call.ids[0] != call.account.user:
        raise no_such("user", call.ids[0])


def _shown(call: Call, demand: Obj) -> Obj:
    shown = _counted(call, public(demand))
    if call.account.open.status_within:
        codes = [one["status"]["code"] for one in call.book.all("payment", payDemandId=demand["payDemandId"])]
        best = [code for code in (COMPLETED, PENDING, *codes[-1:]) if code in codes]
        shown["status"] = best[0] if best else "New"
    return shown


def _counted(call: Call, shown: Obj) -> Obj:
    return {**shown, "amount": float(shown["amount"])} if call.account.open.numbers else shown


# -- webhooks ----------------------------------------------------------------------------------------------------


def register(call: Call) -> tuple[int, Any]:
    """A webhook; the answer is its id."""
    return 201, webhooks.register(call.book, call.body)["id"]


def list_webhooks(call: Call) -> tuple[int, Any]:
    """The webhooks there are."""
    return 200, [public(one) for one in call.book.all("webhook", _is_gone=False)]


def remove_webhook(call: Call) -> tuple[int, Any]:
    """Somebody wants to be told no longer."""
    hook = call.book.get("webhook", call.ids[0])
    if hook["_is_gone"]:
        raise no_such("webhook", call.ids[0])
    call.book.edit(hook, _is_on=False, _is_gone=True)
    return 204, None


ENDPOINTS: list[tuple[str, re.Pattern[str], Endpoint]] = [
    ("POST", re.compile(r"/v1/users/([^/]+)/pay-demands"), create_demand),
    ("GET", re.compile(r"/v1/users/([^/]+)/pay-demands/([^/]+)"), read_of_user),
    ("POST", re.compile(r"/v1/users/([^/]+)/pay-demands/([^/]+)/payment"), make_link),
    ("GET", re.compile(r"/v1/pay-demands/([^/]+)"), read_demand),
    ("GET", re.compile(r"/v1/pay-demands/([^/]+)/payments"), list_payments),
    ("POST", re.compile(r"/v1/webhooks"), register),
    ("GET", re.compile(r"/v1/webhooks"), list_webhooks),
    ("DELETE", re.compile(r"/v1/webhooks/([^/]+)"), remove_webhook),
]
