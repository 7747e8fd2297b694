"""What people do at Stripe besides asking the API: payers pay, banks answer, staff use the dashboard, time passes."""

from __future__ import annotations

from typing import Any

from . import billing, checkout, disputes, money, paying, refunds
from .book import Book, Obj, public


class Actions:
    """The same for tests and for the control page. ValueError and ``Refused`` say what cannot be."""

    book: Book

    def session(self, which: str) -> Obj:
        """A session by its id or by the address of its page."""
        pk = which.split("?")[0].split("#")[0].rstrip("/").rpartition("/")[2]
        return self.book.get("checkout.session", pk)

    def pay(
        self, which: str, way: str = "card", email: str = "payer@example.com", name: str = "Pat Payer"
    ) -> str | None:
        """Pay a session as its page would: None, or the bank's words when it refuses. ``way``: see ``paying.pay``."""
        with self.book.changing():
            return paying.pay(self.book, self.session(which), way, email, name)

    def expire(self, which: str) -> Obj:
        """A session's time is over."""
        with self.book.changing():
            return public(checkout.expire(self.book, self.session(which)))

    def bank_answers(self, intent: str, paid: bool = True) -> None:
        """The bank of a payment that waits has decided."""
        with self.book.changing():
            paying.bank_answers(self.book, self.book.get("payment_intent", intent), paid)

    def refund(self, charge: str, amount: int | None = None, **known: Any) -> Obj:
        """Staff refund a charge from the dashboard."""
        with self.book.changing():
            return public(refunds.refund(self.book, self.book.get("charge", charge), amount, **known))

    def settle_refund(self, refund: str, succeeded: bool = True) -> Obj:
        """A refund that waits has arrived, or came back."""
        with self.book.changing():
            return public(refunds.settle(self.book, self.book.get("refund", refund), succeeded))

    def dispute(self, charge: str, reason: str = "fraudulent") -> Obj:
        """A payer goes to the bank."""
        with self.book.changing():
            return public(disputes.open_for(self.book, self.book.get("charge", charge), reason))

    def close_dispute(self, dispute: str, won: bool) -> Obj:
        """The bank has decided."""
        with self.book.changing():
            return public(disputes.close(self.book, self.book.get("dispute", dispute), won))

    def pass_period(self, subscription: str, way: str = "card") -> Obj | None:
        """A period passes: the next invoice, or None when that was the end."""
        with self.book.changing():
            made = billing.pass_period(self.book, self.book.get("subscription", subscription), way)
            return public(made) if made else None

    def try_again(self, invoice: str, way: str = "card") -> Obj:
        """Stripe tries a failed invoice again."""
        with self.book.changing():
            return public(billing.try_again(self.book, self.book.get("invoice", invoice), way))

    def cancel_subscription(self, subscription: str, *, now: bool = False) -> Obj:
        """The customer cancels in the portal, or staff at once in the dashboard."""
        with self.book.changing():
            found = self.book.get("subscription", subscription)
            if now:
                return public(billing.end(self.book, found))
            return public(billing.cancel_later(self.book, found, by_portal=True))

    def settle_money(self) -> None:
        """All money that waits can be paid out now, without waiting two days."""
        with self.book.changing():
            money.settle(self.book, early=True)

    def pay_out(self) -> list[Obj]:
        """Pay out what is available, one payout for each currency."""
        with self.book.changing():
            return [public(one) for one in money.pay_out(self.book)]

    def hold_fees(self) -> None:
        """Fees of what is paid from now on are not known yet."""
        self.book.holds_fees = True

    def release_fees(self) -> None:
        """Fees that were held back become known."""
        with self.book.changing():
            money.release_fees(self.book)
