"""Subscriptions: begun on a session's page, paid by an invoice each period, ended by the customer or by failure."""

from __future__ import annotations

import calendar
from datetime import UTC, datetime, timedelta
from typing import Any

from . import billing_shapes as shapes
from . import checkout, intents
from . import shapes as plain
from .book import Book, Obj
from .clock import DAY
from .errors import Refused

MOST_ATTEMPTS = 4  # then the subscription ends
RETRY_AFTER = 3 * DAY


def subscribe(book: Book, session: Obj, method: Obj, way: str, email: str | None, name: str | None) -> str | None:
    """Pay the first period. Nothing begins when the bank refuses."""
    if way in intents.DECLINES:
        return intents.DECLINES[way].message
    customer = _customer(book, session, method, email, name)
    recurring = session["_line_items"][0]["price"]["recurring"]
    ends = after(book.clock.now(), recurring, datetime.fromtimestamp(book.clock.now(), UTC).day)
    known = session["_subscription_data"]
    subscription = book.put(
        shapes.subscription(
            book,
            customer["id"],
            session["_line_items"],
            ends,
            metadata=known.get("metadata", {}),
            description=known.get("description"),
            default_payment_method=method["id"],
        )
    )
    book.emit("customer.subscription.created", subscription)
    invoice = _invoice(book, subscription, "subscription_create")
    intent = _attempt(book, invoice, method, way)
    links = {"customer": customer["id"], "subscription": subscription["id"], "invoice": invoice["id"]}
    checkout.complete(book, session, paid=way != "wait", email=email, name=name, **links)
    if way != "wait":
        intents.enter_money(book, intent)
    return None


def _customer(book: Book, session: Obj, method: Obj, email: str | None, name: str | None) -> Obj:
    known = book.find("customer", session["customer"])
    if known is None:
        known = book.put(plain.customer(book, email=email or session["customer_email"], name=name))
        book.emit("customer.created", known)
    book.edit(method, customer=known["id"])
    return known


# -- invoices ----------------------------------------------------------------------------------------------------


def _invoice(book: Book, subscription: Obj, reason: str) -> Obj:
    """A new invoice, final at once; in real life a later period's is a draft for an hour."""
    invoice = book.put(shapes.invoice(book, subscription, reason))
    book.emit("invoice.created", invoice)
    customer = book.get("customer", subscription["customer"])
    number = customer["next_invoice_sequence"]
    book.edit(customer, next_invoice_sequence=number + 1, currency=subscription["currency"])
    now = book.clock.now()
    page = f"https://invoice.stripe.com/i/acct_sandbox/{invoice['id']}"
    invoice = book.edit(
        invoice,
        status="open",
        number=f"{customer['invoice_prefix']}-{number:04d}",
        effective_at=now,
        ending_balance=0,
        hosted_invoice_url=page,
        invoice_pdf=f"{page}/pdf",
        status_transitions={**invoice["status_transitions"], "finalized_at": now},
    )
    book.emit("invoice.finalized", invoice, {"status": "draft"})
    book.edit(subscription, latest_invoice=invoice["id"])
    return invoice


def _attempt(book: Book, invoice: Obj, method: Obj, way: str) -> Obj:
    """Try to take the money of an invoice; gives the PaymentIntent."""
    link = next(iter(book.all("invoice_payment", invoice=invoice["id"], status="open")), None)
    if link:
        intent = book.get("payment_intent", link["_intent"])
    else:
        intent = intents.create(
            book,
            invoice["amount_due"],
            invoice["currency"],
            customer=invoice["customer"],
            description="Subscription creation"
            if invoice["billing_reason"] == "subscription_create"
            else "Subscription update",
            receipt_email=None,
            payment_method_types=[method["type"]],
            setup_future_usage="off_session" if invoice["billing_reason"] == "subscription_create" else None,
        )
        book.put(shapes.invoice_payment(book, invoice, intent))
    invoice = book.edit(invoice, attempted=True, attempt_count=invoice["attempt_count"] + 1)
    if way == "wait":
        return intents.start(book, intent, method)
    if way in intents.DECLINES:
        intent = intents.fail(book, intent, method, intents.DECLINES[way])
        _unpaid(book, invoice)
        return intent
    intent = intents.succeed(book, intent, method)
    _paid(book, invoice, intent)
    return intent


def _paid(book: Book, invoice: Obj, intent: Obj) -> None:
    now = book.clock.now()
    invoice = book.edit(
        invoice,
        status="paid",
        amount_paid=invoice["amount_due"],
        amount_remaining=0,
        auto_advance=False,
        next_payment_attempt=None,
        status_transitions={**invoice["status_transitions"], "paid_at": now},
    )
    for link in book.all("invoice_payment", invoice=invoice["id"], _intent=intent["id"]):
        paid = {**link["status_transitions"], "paid_at": now}
        link = book.edit(link, status="paid", amount_paid=invoice["amount_due"], status_transitions=paid)
        book.emit("invoice_payment.paid", link)
    book.emit("invoice.paid", invoice)
    book.emit("invoice.payment_succeeded", invoice)
    subscription = book.get("subscription", invoice["_subscription"])
    if subscription["status"] == "past_due":
        _change(book, subscription, status="active")


def _unpaid(book: Book, invoice: Obj) -> None:
    is_over = invoice["attempt_count"] >= MOST_ATTEMPTS
    next_attempt = None if is_over else book.clock.now() + RETRY_AFTER
    invoice = book.edit(invoice, next_payment_attempt=next_attempt)
    book.emit("invoice.payment_failed", invoice)
    subscription = book.get("subscription", invoice["_subscription"])
    if subscription["status"] == "active":
        subscription = _change(book, subscription, status="past_due")
    if is_over:
        end(book, subscription, "payment_failed")


def invoice_of(book: Book, intent: Obj) -> Obj | None:
    """The invoice that a PaymentIntent pays."""
    link = next(iter(book.all("invoice_payment", _intent=intent["id"])), None)
    return book.find("invoice", link["invoice"]) if link else None


def bank_answered(book: Book, invoice: Obj, intent: Obj, paid: bool) -> None:
    """A bank has told whether it pays an invoice."""
    if paid:
        _paid(book, invoice, intent)
    else:
        _unpaid(book, invoice)


def try_again(book: Book, invoice: Obj, way: str = "card") -> Obj:
    """Another attempt at an invoice whose payment has failed."""
    if invoice["status"] != "open":
        raise ValueError(f"{invoice['id']} is {invoice['status']}")
    subscription = book.get("subscription", invoice["_subscription"])
    intent = _attempt(book, invoice, book.get("payment_method", subscription["default_payment_method"]), way)
    if way not in intents.DECLINES and way != "wait":
        intents.enter_money(book, intent)
    return book.get("invoice", invoice["id"])


# -- periods -----------------------------------------------------------------------------------------------------


def pass_period(book: Book, subscription: Obj, way: str = "card") -> Obj | None:
    """A period passes: the next invoice, paid or not, or the end if the customer wanted it."""
    if subscription["status"] not in ("active", "past_due"):
        raise ValueError(f"{subscription['id']} is {subscription['status']}")
    if subscription["cancel_at"]:
        end(book, subscription, "cancellation_requested")
        return None
    subscription = _next_period(book, subscription)
    invoice = _invoice(book, subscription, "subscription_cycle")
    intent = _attempt(book, invoice, book.get("payment_method", subscription["default_payment_method"]), way)
    if way not in intents.DECLINES and way != "wait":
        intents.enter_money(book, intent)
    return book.get("invoice", invoice["id"])


def _next_period(book: Book, subscription: Obj) -> Obj:
    anchor = datetime.fromtimestamp(subscription["billing_cycle_anchor"], UTC).day
    items = []
    for item in subscription["items"]["data"]:
        starts = item["current_period_end"]
        ends = after(starts, item["price"]["recurring"], anchor)
        items.append({**item, "current_period_start": starts, "current_period_end": ends})
    return _change(book, subscription, items={**subscription["items"], "data": items})


def after(moment: int, recurring: Obj, anchor: int) -> int:
    """One period later: months end on the day they began, or on their last."""
    start, count = datetime.fromtimestamp(moment, UTC), recurring["interval_count"]
    if recurring["interval"] in ("day", "week"):
        return int((start + timedelta(days=count * (7 if recurring["interval"] == "week" else 1))).timestamp())
    months = start.month - 1 + count * (12 if recurring["interval"] == "year" else 1)
    year, month = start.year + months // 12, months % 12 + 1
    day = min(anchor, calendar.monthrange(year, month)[1])
    return int(start.replace(year=year, month=month, day=day).timestamp())


# -- changes and the end -----------------------------------------------------------------------------------------


def _change(book: Book, subscription: Obj, **changes: Any) -> Obj:
    before = {name: subscription[name] for name in changes if subscription[name] != changes[name]}
    subscription = book.edit(subscription, **changes)
    book.emit("customer.subscription.updated", subscription, before)
    return subscription


def period_end(subscription: Obj) -> int:
    """When the time that is paid for ends."""
    return int(max(item["current_period_end"] for item in subscription["items"]["data"]))


def cancel_later(book: Book, subscription: Obj, *, by_portal: bool) -> Obj:
    """End it with the period. The portal writes only the moment; the flag is written by whoever sets the flag."""
    details = {**subscription["cancellation_details"], "reason": "cancellation_requested"}
    return _change(
        book,
        subscription,
        cancel_at=period_end(subscription),
        cancel_at_period_end=not by_portal,
        canceled_at=book.clock.now(),
        cancellation_details=details,
    )


def go_on(book: Book, subscription: Obj) -> Obj:
    """Take a cancellation back while the period lasts."""
    details = {**subscription["cancellation_details"], "reason": None}
    known = {"cancel_at": None, "cancel_at_period_end": False, "canceled_at": None}
    return _change(book, subscription, **known, cancellation_details=details)


def end(book: Book, subscription: Obj, reason: str = "cancellation_requested") -> Obj:
    """It is over."""
    if subscription["status"] == "canceled":
        raise Refused(f"No such subscription: {subscription['id']}", "id", "resource_missing", status=404)
    now = book.clock.now()
    subscription = book.edit(
        subscription,
        status="canceled",
        canceled_at=subscription["canceled_at"] or now,
        ended_at=now,
        cancellation_details={**subscription["cancellation_details"], "reason": reason},
    )
    book.emit("customer.subscription.deleted", subscription)
    return subscription


def end_old(book: Book) -> None:
    """What the customer wanted to end, ends with its period."""
    for subscription in book.all("subscription"):
        over = subscription["cancel_at"] and subscription["cancel_at"] <= book.clock.now()
        if over and subscription["status"] != "canceled":
            end(book, subscription)
