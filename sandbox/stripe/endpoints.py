"""What can be asked for, by method and address."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from . import billing, billing_shapes, checkout, disputes, money, params, refunds, shapes
from .book import Book, Obj, as_list
from .reading import PAGE, page

Endpoint = Callable[["Call"], Obj]


@dataclass
class Call:
    """One request, let in and read."""

    book: Book
    method: str
    path: str
    given: Obj
    pages: str
    ids: tuple[str, ...] = ()


# -- the same for many kinds -------------------------------------------------------------------------------------

KINDS = {
    "checkout/sessions": "checkout.session",
    "payment_intents": "payment_intent",
    "payment_methods": "payment_method",
    "charges": "charge",
    "balance_transactions": "balance_transaction",
    "payouts": "payout",
    "refunds": "refund",
    "disputes": "dispute",
    "customers": "customer",
    "subscriptions": "subscription",
    "invoices": "invoice",
    "invoice_payments": "invoice_payment",
    "events": "event",
    "prices": "price",
    "products": "product",
}
FILTERS: dict[str, params.Fields] = {
    "checkout/sessions": {
        "created": params.moment,
        "customer": params.text(),
        "payment_intent": params.text(),
        "status": params.one_of("complete", "expired", "open"),
        "subscription": params.text(),
    },
    "payment_intents": {"created": params.moment, "customer": params.text()},
    "charges": {"created": params.moment, "customer": params.text(), "payment_intent": params.text()},
    "balance_transactions": {
        "created": params.moment,
        "currency": params.text(),
        "payout": params.text(),
        "source": params.text(),
        "type": params.text(),
    },
    "payouts": {"created": params.moment, "arrival_date": params.moment, "status": params.text()},
    "refunds": {"created": params.moment, "charge": params.text(), "payment_intent": params.text()},
    "disputes": {"created": params.moment, "charge": params.text(), "payment_intent": params.text()},
    "customers": {"created": params.moment, "email": params.text(512)},
    "subscriptions": {"created": params.moment, "customer": params.text(), "status": params.text()},
    "invoices": {
        "created": params.moment,
        "customer": params.text(),
        "status": params.one_of("draft", "open", "paid", "uncollectible", "void"),
        "subscription": params.text(),
    },
    "invoice_payments": {
        "created": params.moment,
        "invoice": params.text(),
        "payment": params.hash_of({"payment_intent": params.text(), "type!": params.one_of("payment_intent")}),
        "status": params.one_of("canceled", "open", "paid"),
    },
    "events": {
        "created": params.moment,
        "delivery_success": params.boolean,
        "type": params.text(),
        "types": params.list_of(params.text()),
    },
}
HIDDEN = {"payout": "_payout", "subscription": "_subscription"}  # values that are not shown under the filter's name


def retrieve(kind: str) -> Endpoint:
    """One object by its id."""

    def endpoint(call: Call) -> Obj:
        params.read({}, call.given)
        return call.book.get(kind, call.ids[0])

    return endpoint


def listing(name: str) -> Endpoint:
    """The objects of a kind, newest first."""

    def endpoint(call: Call) -> Obj:
        known = params.read({**PAGE, **FILTERS[name]}, call.given)
        found = [one for one in call.book.all(KINDS[name]) if _is_wanted(one, known)]
        return page(f"/v1/{name}", KINDS[name], found, known)

    return endpoint


def _is_wanted(obj: Obj, known: Obj) -> bool:
    for name, value in known.items():
        if name in PAGE:
            continue
        if name in ("created", "arrival_date"):
            if not params.is_within(obj[name], value):
                return False
        elif not WANTED.get((obj["object"], name), _equals)(obj, name, value):
            return False
    return True


def _equals(obj: Obj, name: str, value: object) -> bool:
    return bool(obj.get(HIDDEN.get(name, "")) == value or obj.get(name) == value)


def _is_type(obj: Obj, name: str, value: str) -> bool:
    """``invoice.*`` stands for all of them."""
    return bool(re.fullmatch(re.escape(value).replace(r"\*", ".*"), obj["type"]))


WANTED: dict[tuple[str, str], Callable[[Obj, str, Any], bool]] = {
    ("event", "type"): _is_type,
    ("event", "types"): lambda obj, name, value: obj["type"] in value,
    ("event", "delivery_success"): lambda obj, name, value: (obj["pending_webhooks"] == 0) == value,
    ("subscription", "status"): lambda obj, name, value: value in ("all", obj["status"]),
    ("invoice_payment", "payment"): lambda obj, name, value: obj["_intent"] == value.get("payment_intent"),
}


# -- checkout and money ------------------------------------------------------------------------------------------


def create_session(call: Call) -> Obj:
    return checkout.create(call.book, call.given, call.pages)


def expire_session(call: Call) -> Obj:
    params.read({}, call.given)
    return checkout.expire(call.book, call.book.get("checkout.session", call.ids[0]))


def session_lines(call: Call) -> Obj:
    known = params.read(PAGE, call.given)
    session = call.book.get("checkout.session", call.ids[0])
    return page(f"/v1/checkout/sessions/{session['id']}/line_items", "item", session["_line_items"][::-1], known)


def update_session(call: Call) -> Obj:
    return _with_metadata(call, "checkout.session")


def create_refund(call: Call) -> Obj:
    return refunds.create(call.book, call.given)


def update_refund(call: Call) -> Obj:
    return _with_metadata(call, "refund")


def update_intent(call: Call) -> Obj:
    return _with_metadata(call, "payment_intent")


def close_dispute(call: Call) -> Obj:
    params.read({}, call.given)
    return disputes.accept(call.book, call.book.get("dispute", call.ids[0]))


def balance(call: Call) -> Obj:
    params.read({}, call.given)
    return money.balance(call.book)


def _with_metadata(call: Call, kind: str) -> Obj:
    """Metadata is merged; an empty value takes its name away."""
    known = params.read({"metadata": params.metadata}, call.given)
    obj = call.book.get(kind, call.ids[0])
    merged = {name: value for name, value in {**obj["metadata"], **known.get("metadata", {})}.items() if value}
    return call.book.edit(obj, metadata=merged)


# -- customers and what they pay again and again -----------------------------------------------------------------

CUSTOMER: params.Fields = {
    "description": params.text(),
    "email": params.email,
    "metadata": params.metadata,
    "name": params.text(256),
    "phone": params.text(20),
}
SUBSCRIPTION: params.Fields = {"cancel_at_period_end": params.boolean, "metadata": params.metadata}
CANCEL: params.Fields = {
    "cancellation_details": params.hash_of({"comment": params.text(), "feedback": params.text()}),
    "invoice_now": params.not_played,
    "prorate": params.not_played,
}
PORTAL: params.Fields = {
    "configuration": params.kept,
    "customer!": params.text(),
    "flow_data": params.not_played,
    "locale": params.kept,
    "return_url": params.url,
}


def create_customer(call: Call) -> Obj:
    customer = call.book.put(shapes.customer(call.book, **params.read(CUSTOMER, call.given)))
    call.book.emit("customer.created", customer)
    return customer


def update_customer(call: Call) -> Obj:
    known = params.read(CUSTOMER, call.given)
    customer = call.book.get("customer", call.ids[0])
    known["metadata"] = {**customer["metadata"], **known.get("metadata", {})}
    before = {name: customer[name] for name in known if customer[name] != known[name]}
    customer = call.book.edit(customer, **known)
    call.book.emit("customer.updated", customer, before)
    return customer


def update_subscription(call: Call) -> Obj:
    known = params.read(SUBSCRIPTION, call.given)
    subscription = call.book.get("subscription", call.ids[0])
    if "metadata" in known:
        subscription = call.book.edit(subscription, metadata={**subscription["metadata"], **known["metadata"]})
    if "cancel_at_period_end" not in known:
        return subscription
    if known["cancel_at_period_end"]:
        return billing.cancel_later(call.book, subscription, by_portal=False)
    return billing.go_on(call.book, subscription)


def cancel_subscription(call: Call) -> Obj:
    params.read(CANCEL, call.given)
    return billing.end(call.book, call.book.get("subscription", call.ids[0]))


def create_portal_session(call: Call) -> Obj:
    known = params.read(PORTAL, call.given)
    customer = call.book.get("customer", known["customer"], "customer")
    return_url = known.get("return_url")
    return call.book.put(billing_shapes.portal_session(call.book, customer, call.pages, return_url=return_url))


def invoice_lines(call: Call) -> Obj:
    params.read(PAGE, call.given)
    return as_list(call.path, call.book.get("invoice", call.ids[0])["lines"]["data"])


# -- addresses ---------------------------------------------------------------------------------------------------

OWN: list[tuple[str, str, Endpoint]] = [
    ("POST", "checkout/sessions", create_session),
    ("POST", "checkout/sessions/ID", update_session),
    ("POST", "checkout/sessions/ID/expire", expire_session),
    ("GET", "checkout/sessions/ID/line_items", session_lines),
    ("POST", "refunds", create_refund),
    ("POST", "refunds/ID", update_refund),
    ("POST", "payment_intents/ID", update_intent),
    ("POST", "disputes/ID/close", close_dispute),
    ("GET", "balance", balance),
    ("POST", "customers", create_customer),
    ("POST", "customers/ID", update_customer),
    ("POST", "subscriptions/ID", update_subscription),
    ("DELETE", "subscriptions/ID", cancel_subscription),
    ("GET", "invoices/ID/lines", invoice_lines),
    ("POST", "billing_portal/sessions", create_portal_session),
]
ENDPOINTS = [
    (method, re.compile("/v1/" + path.replace("ID", "([A-Za-z0-9_]+)")), endpoint)
    for method, path, endpoint in [
        *OWN,
        *(("GET", name, listing(name)) for name in FILTERS),
        *(("GET", f"{name}/ID", retrieve(kind)) for name, kind in KINDS.items()),
    ]
]
