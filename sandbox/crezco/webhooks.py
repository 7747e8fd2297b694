"""Crezco's webhooks: unsigned, to whoever registered a callback, switched off by an answer that is no yes."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from ..courier import Courier, Delivery, checked
from .book import Book, Obj, moment, new_id
from .errors import Refused

KINDS = ("PaymentAll", "PaymentPending", "PaymentFailed", "PaymentCompleted")
PAUSES = (10.0, 60.0, 600.0)  # after no answer at all; the guide names no number
PATIENCE = 10.0


@dataclass(frozen=True)
class News:
    """What happened, on its way to one of the callbacks."""

    event: Obj
    webhook: str

    @property
    def id(self) -> str:
        return f"{self.event['id']}/{self.event['eventType']}/{self.webhook}"


class CrezcoWebhooks(Courier[News]):
    """Tells the callbacks of payments. Two are under way at a time, and none waits for another.

    What had not been taken when the stand-in stops is never told.
    """

    in_order = False
    for_ever = False

    def __init__(self, book: Book) -> None:
        super().__init__(None, pauses=PAUSES, patience=PATIENCE, senders=2)
        self.book = book
        self.in_lists = False  # the guide shows one event in a body, Crezco's own demo reads an array of them
        self.forgives = False  # an answer that is no yes "may result in webhook being deactivated"
        self.follow()

    def follow(self) -> None:
        """Send while there is somebody to send to."""
        living = self.registered()
        self.url = living[-1]["callback"] if living else None

    def registered(self) -> list[Obj]:
        """The webhooks that are told of what happens."""
        return self.book.all("webhook", _is_on=True)

    def tell(self, happened: Iterable[Obj]) -> None:
        """Take what happened in one step."""
        for one in happened:
            event = as_told(one)
            self.accept(
                News(event, hook["id"])
                for hook in self.registered()
                if hook["eventType"] in ("PaymentAll", event["eventType"])
            )

    def sample(self, notices: Iterable[News]) -> tuple[bytes, dict[str, str]]:
        """The body and the headers of a POST that tells of this event."""
        [news] = notices
        body = json.dumps([news.event] if self.in_lists else news.event).encode()
        return body, {"content-type": "application/json; charset=utf-8", "accept": "*/*"}

    def address_of(self, notices: Sequence[News]) -> str:
        """Each goes to its own callback."""
        [news] = notices
        return str(self.book.get("webhook", news.webhook)["callback"])

    def is_yes(self, status: int) -> bool:
        """Only where nobody answered it is tried again."""
        return status != 0

    def landed(self, delivery: Delivery[News]) -> None:
        """A webhook that was answered with anything but 2xx is switched off."""
        if delivery.status and not 200 <= delivery.status < 300 and not self.forgives:
            with self.book.changing():
                self.book.edit(self.book.get("webhook", delivery.notices[0].webhook), _is_on=False)
            self.follow()


def as_told(happened: Obj) -> Obj:
    """The body of an event."""
    payment, demand = happened["payment"], happened["demand"]
    return {
        "type": "Payment",
        "eventType": happened["kind"],
        "id": payment["id"],
        "metadata": {"payDemandId": demand["payDemandId"], **demand["metadata"]},
        "partnerMetadata": {},
        "timestamp": moment(),
    }


def register(book: Book, body: Any) -> Obj:
    """Who wants to be told. The same three values once more are the same webhook, switched on again."""
    given = body if isinstance(body, dict) else {}
    if given.get("type") != "Payment" or given.get("eventType") not in KINDS:
        raise Refused(f"The type must be Payment, the eventType one of {', '.join(KINDS)}.")
    try:
        callback = checked(given.get("callback"))
    except (ValueError, AttributeError, TypeError) as error:
        raise Refused(str(error)) from None
    if callback is None:
        raise Refused("A webhook needs a callback.")
    asked = {"type": "Payment", "eventType": given["eventType"], "callback": callback}
    known = book.all("webhook", **asked, _is_gone=False)
    if known:
        return book.edit(known[0], _is_on=True)
    pk = new_id()
    return book.put("webhook", pk, {"id": pk, **asked, "_is_on": True, "_is_gone": False})
