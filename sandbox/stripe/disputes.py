"""Disputes: the bank takes the money back and asks, and in the end one of the two keeps it."""

from __future__ import annotations

from . import money, shapes
from .book import Book, Obj, public
from .errors import Refused

REASONS = ("fraudulent", "product_not_received", "duplicate", "unrecognized", "general")


def open_for(book: Book, charge: Obj, reason: str = "fraudulent") -> Obj:
    """The payer of a charge goes to the bank: the money and a fee leave the balance at once."""
    if charge["status"] != "succeeded" or charge["disputed"]:
        raise ValueError(f"{charge['id']} cannot be disputed: it is {charge['status']}, or disputed already")
    amount = charge["amount"] - charge["amount_refunded"]
    if amount <= 0:
        raise ValueError(f"{charge['id']} is refunded already")
    dispute = book.put(shapes.dispute(book, charge, amount, reason))
    charge = book.edit(charge, disputed=True)
    dispute = _moved(book, dispute, -amount, money.DISPUTE_FEES.get(charge["currency"], 1500), "dispute")
    book.emit("charge.dispute.created", dispute)
    book.emit("charge.dispute.funds_withdrawn", dispute)
    book.emit("charge.updated", charge, {"disputed": False})
    return dispute


def close(book: Book, dispute: Obj, won: bool) -> Obj:
    """The bank has decided."""
    if dispute["status"] in ("won", "lost"):
        raise ValueError(f"{dispute['id']} is {dispute['status']} already")
    before = {"status": dispute["status"]}
    dispute = book.edit(dispute, status="won" if won else "lost")
    if won:
        dispute = _moved(book, dispute, dispute["amount"], 0, "dispute_reversal")
        book.emit("charge.dispute.funds_reinstated", dispute)
    book.emit("charge.dispute.closed", dispute, before)
    return dispute


def accept(book: Book, dispute: Obj) -> Obj:
    """The business gives in, by the API."""
    if dispute["status"] in ("won", "lost"):
        raise Refused("This dispute is already closed.", code="dispute_closed")
    return close(book, dispute, won=False)


def _moved(book: Book, dispute: Obj, amount: int, fee: int, category: str) -> Obj:
    words = {"type": "adjustment", "reporting_category": category}
    moved = money.enter(book, dispute, amount, fee, **words, description=f"Chargeback for {dispute['charge']}")
    return book.edit(dispute, balance_transactions=[*dispute["balance_transactions"], public(moved)])
