"""What the API shows: objects with the parts that were asked for, and lists page by page."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from . import params
from .billing_shapes import payments_of
from .book import Book, Obj, as_list, public
from .errors import Refused, no_such, unfit

LINKS = frozenset(
    "balance_transaction charge customer default_payment_method failure_balance_transaction invoice latest_charge "
    "latest_invoice payment_intent payment_method product source subscription".split()
)
PAGE: params.Fields = {
    "ending_before": params.text(),
    "limit": params.integer(1, 100),
    "starting_after": params.text(),
}
DEEPEST = 4


def _line_items(book: Book, session: Obj) -> Obj:
    items = book.get("checkout.session", session["id"])["_line_items"]
    return as_list(f"/v1/checkout/sessions/{session['id']}/line_items", [public(one) for one in items])


def _refunds(book: Book, charge: Obj) -> Obj:
    found = [public(one) for one in reversed(book.all("refund", charge=charge["id"]))]
    return as_list(f"/v1/charges/{charge['id']}/refunds", found)


def _subscriptions(book: Book, customer: Obj) -> Obj:
    found = [one for one in book.all("subscription", customer=customer["id"]) if one["status"] != "canceled"]
    return as_list(f"/v1/customers/{customer['id']}/subscriptions", [public(one) for one in reversed(found)])


ON_REQUEST: dict[tuple[str, str], Callable[[Book, Obj], Obj]] = {
    ("checkout.session", "line_items"): _line_items,
    ("charge", "refunds"): _refunds,
    ("invoice", "payments"): payments_of,
    ("customer", "subscriptions"): _subscriptions,
}


def shown(book: Book, obj: Obj, paths: Iterable[str] = ()) -> Obj:
    """The object as it is answered, with the paths expanded: ``payment_intent.latest_charge``."""
    made = public(obj)
    for path in paths:
        words = path.split(".")
        if len(words) - (words[0] == "data") > DEEPEST:
            raise unfit(f"You cannot expand more than {DEEPEST} levels of a property. Property: {path}", "expand")
        _expand(book, made, words)
    return made


def _expand(book: Book, node: Any, words: list[str]) -> None:
    if isinstance(node, list):
        for one in node:
            _expand(book, one, words)
        return
    if node is None or not words:
        return
    name = words[0]
    on_request = ON_REQUEST.get((node.get("object", ""), name))
    if on_request and name not in node:
        node[name] = on_request(book, node)
    elif name not in node or (name not in LINKS and not isinstance(node[name], dict | list)):
        raise unfit(f"This property cannot be expanded ({name}).", f"expand[{name}]")
    if isinstance(node[name], str):
        found = book.anything(node[name])
        node[name] = public(found) if found else node[name]
    if not isinstance(node[name], str):
        _expand(book, node[name], words[1:])


def expansions(given: Obj) -> list[str]:
    """The paths of ``expand``, taken out of the parameters."""
    paths = given.pop("expand", [])
    if not isinstance(paths, list) or not all(isinstance(path, str) for path in paths):
        raise unfit("Invalid array", "expand")
    return paths


def page(url: str, kind: str, objects: list[Obj], known: Obj) -> Obj:
    """One page of a list, newest first."""
    limit = known.get("limit", 10)
    rows = list(reversed(objects))
    if "starting_after" in known and "ending_before" in known:
        raise Refused("You may only specify one of these parameters: ending_before, starting_after.", "starting_after")
    if "ending_before" in known:
        before = rows[: _place(rows, kind, known, "ending_before")]
        return as_list(url, before[-limit:], len(before) > limit)
    if "starting_after" in known:
        rows = rows[_place(rows, kind, known, "starting_after") + 1 :]
    return as_list(url, rows[:limit], len(rows) > limit)


def _place(rows: list[Obj], kind: str, known: Obj, name: str) -> int:
    for place, one in enumerate(rows):
        if one["id"] == known[name]:
            return place
    raise no_such(kind, known[name], name)
