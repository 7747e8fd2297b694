"""Refunds: in full or in part, never more than is left, at once for cards and later for banks."""

from __future__ import annotations

from typing import Any

from . import currencies, money, params, shapes
from .book import Book, Obj
from .errors import Refused, unfit

REASONS = ("duplicate", "fraudulent", "requested_by_customer")
CREATE: params.Fields = {
    "amount": params.integer(1),
    "charge": params.text(),
    "instructions_email": params.email,
    "metadata": params.metadata,
    "payment_intent": params.text(),
    "reason": params.one_of(*REASONS),
}


def create(book: Book, given: Obj) -> Obj:
    """A refund, by the API's parameters."""
    known = params.read(CREATE, given)
    charge = _charge(book, known)
    return refund(book, charge, known.get("amount"), reason=known.get("reason"), metadata=known.get("metadata", {}))


def _charge(book: Book, known: Obj) -> Obj:
    if "charge" in known and "payment_intent" in known:
        raise unfit("You may only specify one of these parameters: charge, payment_intent.", "charge")
    if "charge" in known:
        return book.get("charge", known["charge"], "charge")
    if "payment_intent" not in known:
        words = "One of the following params should be provided for this request: payment_intent or charge."
        raise unfit(words, "payment_intent", "parameter_missing")
    intent = book.get("payment_intent", known["payment_intent"], "payment_intent")
    charge = book.find("charge", intent["latest_charge"])
    if charge is None or charge["status"] == "failed":
        raise Refused(
            f"This PaymentIntent ({intent['id']}) does not have a successful charge to refund.",
            "payment_intent",
            "payment_intent_unexpected_state",
        )
    return charge


def refund(book: Book, charge: Obj, amount: int | None = None, **known: Any) -> Obj:
    """Give back so much of a charge, or all that is left."""
    amount = _amount(charge, amount)
    is_card = charge["payment_method_details"]["type"] == "card"
    made = book.put(shapes.refund(book, charge, amount, **known, status="succeeded" if is_card else "pending"))
    moved = money.enter(
        book,
        made,
        -amount,
        0,
        type="refund" if is_card else "payment_refund",
        reporting_category="refund",
        description=f"REFUND FOR {'CHARGE' if is_card else 'PAYMENT'}",
    )
    made = book.edit(made, balance_transaction=moved["id"])
    before = {"amount_refunded": charge["amount_refunded"], "refunded": charge["refunded"]}
    charge = _refunded(book, charge, amount)
    book.emit("refund.created", made)
    book.emit("charge.refunded", charge, {name: before[name] for name in before if before[name] != charge[name]})
    if is_card:
        _referenced(book, made)
    return made


def _refunded(book: Book, charge: Obj, amount: int) -> Obj:
    total = charge["amount_refunded"] + amount
    return book.edit(charge, amount_refunded=total, refunded=total == charge["amount"])


def _referenced(book: Book, made: Obj) -> None:
    """The card's bank has taken it: there is a number to ask it about."""
    details = made["destination_details"]
    card = {**details["card"], "reference": "5021900" + made["id"][-9:], "reference_status": "available"}
    before = {"destination_details": {"card": {"reference_status": "pending"}}}
    made = book.edit(made, destination_details={**details, "card": card})
    book.emit("refund.updated", made, before)
    book.emit("charge.refund.updated", made, before)


def _amount(charge: Obj, amount: int | None) -> int:
    currency, left = charge["currency"], charge["amount"] - charge["amount_refunded"]
    if charge["status"] == "pending":
        raise Refused(
            f"Charge {charge['id']} is still pending and cannot be refunded yet.", code="charge_not_refundable"
        )
    if charge["status"] == "failed":
        raise Refused(f"Charge {charge['id']} has failed and cannot be refunded.", code="charge_not_refundable")
    if charge["disputed"]:
        raise Refused(f"Charge {charge['id']} has been charged back; cannot issue a refund.", code="charge_disputed")
    if left == 0:
        raise Refused(f"Charge {charge['id']} has already been refunded.", code="charge_already_refunded")
    if amount is None:
        return int(left)
    currencies.check_unit(amount, currency, "amount")
    for whole, words in ((charge["amount"], "charge amount"), (left, "unrefunded amount on charge")):
        if amount > whole:
            asked, most = currencies.figure(amount, currency), currencies.figure(whole, currency)
            raise Refused(f"Refund amount ({asked}) is greater than {words} ({most})", "amount")
    return amount


def settle(book: Book, made: Obj, succeeded: bool) -> Obj:
    """The payer's bank has taken a pending refund, or sent it back: then the money returns to the balance."""
    if made["status"] != "pending":
        raise ValueError(f"{made['id']} is {made['status']} already")
    if succeeded:
        made = book.edit(made, status="succeeded")
    else:
        charge = book.get("charge", made["charge"])
        _refunded(book, charge, -made["amount"])
        words = {"type": "payment_failure_refund", "reporting_category": "refund_failure"}
        moved = money.enter(book, made, made["amount"], 0, **words, description="REFUND FAILURE")
        made = book.edit(
            made,
            status="failed",
            failure_reason="lost_or_stolen_card",
            failure_balance_transaction=moved["id"],
        )
        book.emit("refund.failed", made, {"status": "pending"})
    book.emit("refund.updated", made, {"status": "pending"})
    book.emit("charge.refund.updated", made, {"status": "pending"})
    return made
