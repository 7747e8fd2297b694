"""What a payer does on the page of a session, and what the bank says to it."""

from __future__ import annotations

from . import billing, checkout, intents, shapes
from .book import Book, Obj
from .errors import Refused

NOW, LATER = "now", "later"
WAYS = {"card": "card", "pay_by_bank": "pay_by_bank", "wait": "debit"} | dict.fromkeys(intents.DECLINES, "card")


def pay(book: Book, session: Obj, way: str = "card", email: str | None = None, name: str | None = None) -> str | None:
    """Try to pay: None when the payer is through, else the bank's words.

    ``way`` is card, pay_by_bank, wait (a bank that answers later), or the name of a decline. Whoever pays a second time
    is through already; a session that is over is refused.
    """
    if session["status"] == "complete":
        return None
    if session["status"] == "expired":
        raise Refused("This Checkout Session has expired.", code="checkout_session_expired")
    kind = _kind(session, way)
    method = book.put(shapes.payment_method(book, kind, email or session["customer_email"], name))
    if session["mode"] == "subscription":
        return billing.subscribe(book, session, method, way, email, name)
    return _pay_once(book, session, method, way, email, name)


def _kind(session: Obj, way: str) -> str:
    if way not in WAYS:
        raise ValueError(f"there is no way to pay called {way!r}")
    kind = checkout.DEBITS.get(session["currency"], "") if WAYS[way] == "debit" else WAYS[way]
    if kind not in session["payment_method_types"]:
        raise ValueError(f"this session takes {', '.join(session['payment_method_types'])} only")
    return kind


def _pay_once(book: Book, session: Obj, method: Obj, way: str, email: str | None, name: str | None) -> str | None:
    intent = _intent(book, session)
    if way in intents.DECLINES:
        intents.fail(book, intent, method, intents.DECLINES[way])
        return intents.DECLINES[way].message
    customer = _customer(book, session, email, name)
    if customer:
        intent = book.edit(intent, customer=customer)
    if way == "wait":
        intents.start(book, intent, method)
    else:
        intent = intents.succeed(book, intent, method)
    checkout.complete(book, session, paid=way != "wait", email=email, name=name, customer=customer)
    if way != "wait":
        intents.enter_money(book, intent)
    return None


def _intent(book: Book, session: Obj) -> Obj:
    """The PaymentIntent of a session begins with the first attempt to pay."""
    known = book.find("payment_intent", session["payment_intent"])
    if known:
        return known
    data = {name: value for name, value in session["_intent_data"].items()}
    intent = intents.create(
        book,
        session["amount_total"],
        session["currency"],
        customer=session["customer"],
        payment_method_types=session["payment_method_types"],
        **data,
    )
    book.edit(session, payment_intent=intent["id"])
    return intent


def _customer(book: Book, session: Obj, email: str | None, name: str | None) -> str | None:
    """Guests stay guests, unless the session wants a customer."""
    if session["customer"] or session["customer_creation"] != "always":
        return str(session["customer"]) if session["customer"] else None
    made = book.put(shapes.customer(book, email=email or session["customer_email"], name=name))
    book.emit("customer.created", made)
    return str(made["id"])


# -- later -------------------------------------------------------------------------------------------------------


def bank_answers(book: Book, intent: Obj, paid: bool) -> None:
    """A bank tells whether it debits; only while it is still expected to."""
    if intent["status"] != "processing":
        raise ValueError(f"{intent['id']} waits for nothing: it is {intent['status']}")
    intent = intents.finish(book, intent, None if paid else intents.DECLINES["debit_failed"])
    invoice = billing.invoice_of(book, intent)
    if invoice:
        billing.bank_answered(book, invoice, intent, paid)
    sessions = book.all("checkout.session", payment_intent=intent["id"])
    if invoice and invoice["billing_reason"] == "subscription_create":
        sessions = book.all("checkout.session", invoice=invoice["id"])
    for session in sessions:
        checkout.tell_later(book, session, paid)
    if paid:
        intents.enter_money(book, intent)
