"""What happens at the gateways themselves: banks answer, money is refunded there, payers dispute."""

from collections.abc import Callable
from random import Random
from typing import Any

from campaign.vendors import Vendors
from sandbox.crezco.errors import Refused as CrezcoRefused
from sandbox.stripe.errors import Refused as StripeRefused

Obj = dict[str, Any]
REFUSALS = (CrezcoRefused, StripeRefused, ValueError, IndexError)


class Gateways:
    def __init__(self, vendors: Vendors) -> None:
        self.stripe, self.crezco = vendors.stripe, vendors.crezco
        self.acts: list[Callable[[Random], Any]] = [
            *[self.debit_is_answered, self.transfer_is_answered, self.refund_arrives],
            *[self.refund, self.dispute, self.dispute_ends],
        ]

    def charges(self) -> list[Obj]:
        """Those that brought money, the oldest first."""
        return self._all("charge", status="succeeded")

    def transfers(self) -> list[Obj]:
        return [one for one in self._transfers() if one["status"]["code"] == "Completed"]

    def _all(self, kind: str, **wanted: Any) -> list[Obj]:
        with self.stripe.book.lock:
            return self.stripe.book.all(kind, **wanted)

    def _transfers(self) -> list[Obj]:
        with self.crezco.book.lock:
            return self.crezco.book.all("payment")

    def debit_is_answered(self, dice: Random) -> None:
        intent = dice.choice(self._all("payment_intent", status="processing"))
        self.stripe.bank_answers(intent["id"], dice.random() < 0.7)

    def transfer_is_answered(self, dice: Random) -> None:
        waiting = [one for one in self._transfers() if one["status"]["code"] == "Pending"]
        self.crezco.bank_answers(dice.choice(waiting)["id"], dice.random() < 0.7)

    def refund(self, dice: Random) -> None:
        """Somebody refunds in Stripe's dashboard, all that is left or half of it."""
        charge = dice.choice(self.charges())
        left = charge["amount"] - charge["amount_refunded"]
        self.stripe.refund(charge["id"], None if dice.random() < 0.5 else max(1, left // 2))

    def refund_arrives(self, dice: Random) -> None:
        """Or comes back: a bank takes its time to say so."""
        pending = self._all("refund", status="pending")
        self.stripe.settle_refund(dice.choice(pending)["id"], dice.random() < 0.7)

    def dispute(self, dice: Random) -> None:
        self.stripe.dispute(dice.choice(self.charges())["id"])

    def dispute_ends(self, dice: Random) -> None:
        open_ones = [one for one in self._all("dispute") if one["status"] not in ("won", "lost")]
        self.stripe.close_dispute(dice.choice(open_ones)["id"], dice.random() < 0.5)

    def settle(self, dice: Random) -> None:
        """All banks that have yet to answer do."""
        for act in (self.debit_is_answered, self.transfer_is_answered, self.refund_arrives):
            while True:
                try:
                    act(dice)
                except IndexError:
                    break
