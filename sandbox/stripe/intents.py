"""PaymentIntents and their charges: money that comes at once, later, or not at all."""

from __future__ import annotations

from typing import Any, NamedTuple

from . import money, shapes
from .book import Book, Obj, public


class Decline(NamedTuple):
    """Why a payment failed."""

    code: str
    message: str
    decline_code: str | None = None


DECLINES = {
    "declined": Decline("card_declined", "Your card was declined.", "generic_decline"),
    "insufficient_funds": Decline("card_declined", "Your card has insufficient funds.", "insufficient_funds"),
    "expired_card": Decline("expired_card", "Your card has expired.", "expired_card"),
    "debit_failed": Decline(
        "payment_intent_payment_attempt_failed", "The customer's bank account could not be debited."
    ),
}


def create(book: Book, amount: int, currency: str, **known: Any) -> Obj:
    """A new PaymentIntent."""
    intent = book.put(shapes.payment_intent(book, amount, currency, **known))
    book.emit("payment_intent.created", intent)
    return intent


def succeed(book: Book, intent: Obj, method: Obj) -> Obj:
    """Take the money at once; gives the PaymentIntent."""
    return _succeeded(book, intent, _charge(book, intent, method))


def start(book: Book, intent: Obj, method: Obj) -> Obj:
    """Ask a bank for the money, which answers days later."""
    charge = _charge(book, intent, method)
    intent = book.edit(intent, status="processing", payment_method=method["id"], latest_charge=charge["id"])
    book.emit("payment_intent.processing", intent)
    book.emit("charge.pending", charge)
    return intent


def finish(book: Book, intent: Obj, decline: Decline | None = None) -> Obj:
    """The bank's answer."""
    charge = book.get("charge", intent["latest_charge"])
    return _failed(book, intent, charge, decline) if decline else _succeeded(book, intent, charge)


def fail(book: Book, intent: Obj, method: Obj, decline: Decline) -> Obj:
    """An attempt that the bank refuses; another may follow."""
    return _failed(book, intent, _charge(book, intent, method), decline)


def cancel(book: Book, intent: Obj, reason: str) -> Obj:
    """Nobody will pay this any more."""
    intent = book.edit(intent, status="canceled", canceled_at=book.clock.now(), cancellation_reason=reason)
    book.emit("payment_intent.canceled", intent)
    return intent


def _charge(book: Book, intent: Obj, method: Obj) -> Obj:
    return book.put(shapes.charge(book, intent, method))


def _outcome(decline: Decline | None) -> Obj:
    return {
        "advice_code": None,
        "network_advice_code": None,
        "network_decline_code": None,
        "network_status": "declined_by_network" if decline else "approved_by_network",
        "reason": decline.decline_code if decline else None,
        "risk_level": "normal",
        "risk_score": 12,
        "seller_message": "The bank did not return any further details with this decline."
        if decline
        else "Payment complete.",
        "type": "issuer_declined" if decline else "authorized",
    }


def _succeeded(book: Book, intent: Obj, charge: Obj) -> Obj:
    charge = book.edit(
        charge,
        status="succeeded",
        paid=True,
        captured=True,
        amount_captured=charge["amount"],
        outcome=_outcome(None),
        receipt_url=f"https://pay.stripe.com/receipts/payment/{charge['id']}",
    )
    intent = book.edit(
        intent,
        status="succeeded",
        amount_received=intent["amount"],
        latest_charge=charge["id"],
        payment_method=charge["payment_method"],
        last_payment_error=None,
    )
    book.emit("charge.succeeded", charge)
    book.emit("payment_intent.succeeded", intent)
    return intent


def _failed(book: Book, intent: Obj, charge: Obj, decline: Decline) -> Obj:
    charge = book.edit(
        charge,
        status="failed",
        failure_code=decline.code,
        failure_message=decline.message,
        outcome=_outcome(decline),
    )
    method = book.get("payment_method", charge["payment_method"])
    error = {
        "charge": charge["id"],
        "code": decline.code,
        "message": decline.message,
        "payment_method": public(method),
        "type": "card_error" if method["type"] == "card" else "invalid_request_error",
    }
    if decline.decline_code:
        error["decline_code"] = decline.decline_code
    intent = book.edit(
        intent,
        status="requires_payment_method",
        latest_charge=charge["id"],
        payment_method=None,
        last_payment_error=error,
    )
    book.emit("charge.failed", charge)
    book.emit("payment_intent.payment_failed", intent)
    return intent


def enter_money(book: Book, intent: Obj) -> None:
    """The fee of the last charge is known: after everything else, as in real life."""
    money.enter_charge(book, book.get("charge", intent["latest_charge"]))
