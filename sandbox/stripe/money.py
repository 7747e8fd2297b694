"""The account's balance: what a charge brings, when it can be paid out, and the payouts."""

from __future__ import annotations

from typing import Any

from . import currencies, shapes
from .book import Book, Obj
from .clock import DAY

WAITS = 2 * DAY  # until money of a charge can be paid out
DISPUTE_FEES = {"gbp": 2000, "eur": 2000, "usd": 1500}


def enter(book: Book, source: Obj, amount: int, fee: int, **known: Any) -> Obj:
    """One movement of money, caused by ``source``."""
    return book.put(shapes.balance_transaction(book, source["id"], amount, fee, source["currency"], **known))


def enter_charge(book: Book, charge: Obj) -> Obj:
    """The money of a charge that succeeded, less the fee; the charge learns of it a moment later."""
    if book.holds_fees:
        return charge
    is_card = charge["payment_method_details"]["type"] == "card"
    moved = enter(
        book,
        charge,
        charge["amount"],
        currencies.fee(charge["amount"], charge["currency"]),
        type="charge" if is_card else "payment",
        reporting_category="charge",
        description=charge["description"],
        available_on=book.clock.now() + WAITS,
        status="pending",
    )
    charge = book.edit(charge, balance_transaction=moved["id"])
    book.emit("charge.updated", charge, {"balance_transaction": None})
    return charge


def release_fees(book: Book) -> None:
    """Tell the fees that were held back."""
    book.holds_fees = False
    for charge in book.all("charge", status="succeeded", balance_transaction=None):
        enter_charge(book, charge)


def settle(book: Book, *, early: bool = False) -> None:
    """Money whose time has come, or all of it, can be paid out."""
    for moved in book.all("balance_transaction", status="pending"):
        if early or moved["available_on"] <= book.clock.now():
            book.edit(moved, status="available", available_on=min(moved["available_on"], book.clock.now()))


def pay_out(book: Book) -> list[Obj]:
    """Pay out what is available, in each currency; nothing where that is nothing or less."""
    settle(book)
    free = [one for one in book.all("balance_transaction", status="available") if not one["_payout"]]
    made = []
    for currency in sorted({one["currency"] for one in free}):
        part = [one for one in free if one["currency"] == currency]
        total = sum(one["net"] for one in part)
        if total > 0:
            made.append(_payout(book, total, currency, part))
    return made


def _payout(book: Book, total: int, currency: str, part: list[Obj]) -> Obj:
    payout = book.put(shapes.payout(book, total, currency))
    words = {"type": "payout", "reporting_category": "payout", "description": "STRIPE PAYOUT", "_payout": payout["id"]}
    moved = enter(book, payout, -total, 0, **words)
    for one in part:
        book.edit(one, _payout=payout["id"])
    payout = book.edit(payout, balance_transaction=moved["id"])
    book.emit("payout.created", payout)
    payout = book.edit(payout, status="paid")
    book.emit("payout.paid", payout, {"status": "in_transit"})
    return payout


def balance(book: Book) -> Obj:
    """What is there and what is on its way."""
    settle_free = [one for one in book.tables["balance_transaction"].values() if not one["_payout"]]

    def sums(status: str) -> list[Obj]:
        parts = [one for one in settle_free if one["status"] == status]
        return [
            {
                "amount": sum(one["net"] for one in parts if one["currency"] == currency),
                "currency": currency,
                "source_types": {"card": sum(one["net"] for one in parts if one["currency"] == currency)},
            }
            for currency in sorted({one["currency"] for one in parts}) or ["usd"]
        ]

    return {"object": "balance", "available": sums("available"), "livemode": False, "pending": sums("pending")}
