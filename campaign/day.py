"""Everybody's steps, one after the other: who does the next one is drawn, and payers and staff take their time."""

from collections import Counter
from concurrent.futures import Future, ThreadPoolExecutor
from random import Random
from threading import BoundedSemaphore
from typing import Any, TypeVar

from django.db import models

from campaign import payers
from campaign.gateways import REFUSALS, Gateways
from campaign.keeper import Bookkeeper
from campaign.staff import Act, Staff
from integrations.models import QuickBooksLink
from invoicing.models import Invoice, Payment

AT_ONCE = 6  # payers and staff that are at it; who comes later waits
OFTEN = {"bookkeeper": 14, "payer": 5, "note": 1, "refund": 1, "text": 2, "gateway": 2}

Row = TypeVar("Row", bound=models.Model)


class NothingToDo(Exception):
    """Not yet."""


class Day:
    """``done`` counts the steps by who did them, ``idle`` those for which there was nothing to do.

    Each step has dice of its own: the same seed makes the same steps, however quick the product is.
    """

    def __init__(self, keeper: Bookkeeper, staff: Staff, gateways: Gateways, seed: int) -> None:
        self.keeper, self.staff, self.gateways, self.seed = keeper, staff, gateways, seed
        self.done: Counter[str] = Counter()
        self.idle = 0
        self._pool = ThreadPoolExecutor(AT_ONCE)
        self._free = BoundedSemaphore(AT_ONCE)
        self._wrong: list[BaseException] = []

    @property
    def steps(self) -> int:
        return self.done.total()

    def step(self) -> None:
        dice = Random(f"{self.seed} {self.steps}")
        [who] = dice.choices(list(OFTEN), list(OFTEN.values()))
        self.done[who] += 1
        try:
            getattr(self, f"_{who}")(dice)
        except NothingToDo:
            self.idle += 1
        if self._wrong:
            raise self._wrong[0]

    def end(self) -> None:
        """Wait for who is still at it."""
        self._pool.shutdown()

    def _bookkeeper(self, dice: Random) -> None:
        self.keeper.step(dice)

    def _gateway(self, dice: Random) -> None:
        try:
            dice.choice(self.gateways.acts)(dice)
        except REFUSALS:
            raise NothingToDo from None

    def _payer(self, dice: Random) -> None:
        invoice = self._owed(dice)
        known_as = QuickBooksLink.objects.get(invoice=invoice).external_id
        visit = payers.draw(dice, invoice, known_as)
        self._begin(lambda: payers.pay(visit, self.keeper))

    def _note(self, dice: Random) -> None:
        self._begin(self.staff.note_payment(dice, self._owed(dice)))

    def _refund(self, dice: Random) -> None:
        taken = Payment.objects.filter(source="stripe", amount__gt=0, contact__isnull=False)
        self._begin(self.staff.refund(dice, one_of(dice, taken)))

    def _text(self, dice: Random) -> None:
        self._begin(self.staff.text(dice, self._owed(dice, contact__phone__gt="")))

    def _owed(self, dice: Random, **known: Any) -> Invoice:
        owed = Invoice.objects.present().open().filter(balance__gt=0, **known).select_related("contact")
        return one_of(dice, owed)

    def _begin(self, act: Act) -> None:
        self._free.acquire()
        self._pool.submit(act).add_done_callback(self._ended)

    def _ended(self, act: "Future[Any]") -> None:
        self._free.release()
        error = act.exception()
        if error is not None:
            self._wrong.append(error)


def one_of(dice: Random, rows: "models.QuerySet[Row]") -> Row:
    place = dice.random()
    count = rows.count()
    if not count:
        raise NothingToDo
    found = rows.order_by("pk")[int(place * count) :].first()
    if found is None:
        raise NothingToDo
    return found
