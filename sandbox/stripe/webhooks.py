"""Stripe's webhooks: one event in a POST, signed, again and again for three days until somebody says 2xx."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from ..courier import Courier, Delivery
from .book import Obj, public

SECRET = "whsec_sandbox"  # noqa: S105 - it opens nothing but the sandbox
# Stripe tells only that the pauses grow and that it gives up after three days.
PAUSES = (60.0, 300.0, 1800.0, 7200.0, 18000.0, 36000.0, 43200.0, 64800.0, 86400.0)
PATIENCE = 10.0


@dataclass(frozen=True)
class News:
    """An event on its way."""

    event: Obj

    @property
    def id(self) -> str:
        return str(self.event["id"])


class StripeWebhooks(Courier[News]):
    """Tells a URL on this machine of events. Two are under way at a time, and none waits for another."""

    in_order = False
    for_ever = False

    def __init__(self, url: str | None = None, secret: str = SECRET) -> None:
        super().__init__(url, pauses=PAUSES, patience=PATIENCE, senders=2)
        self.secret = secret
        self.only: frozenset[str] | None = None  # kinds of events the endpoint wants; None: all
        self.delivered: Callable[[str], None] = lambda event_id: None

    def tell(self, events: Iterable[Obj]) -> None:
        """Take the events of one step."""
        self.accept(News(one) for one in events if self.only is None or one["type"] in self.only)

    def sample(self, notices: Iterable[News]) -> tuple[bytes, dict[str, str]]:
        """The body and the headers of a POST that tells of this event, signed and not sent."""
        [news] = notices
        body = json.dumps(public(news.event), indent=2).encode()
        return body, headers_of(body, self.secret)

    def landed(self, delivery: Delivery[News]) -> None:
        """What was taken waits for nobody any more."""
        if self.is_yes(delivery.status):
            self.delivered(delivery.notices[0].id)

    def is_dropped(self, notice: News) -> None:
        """What is lost on purpose stays lost after a restart."""
        self.delivered(notice.id)


def headers_of(body: bytes, secret: str, at: int | None = None) -> dict[str, str]:
    """Stripe's headers; test events carry a second signature that nobody can check."""
    at = int(time.time()) if at is None else at
    real, other = signature(body, secret, at), signature(body, f"not-{secret}", at)
    return {
        "content-type": "application/json; charset=utf-8",
        "stripe-signature": f"t={at},v1={real},v0={other}",
        "accept": "*/*; q=0.5, application/xml",
        "cache-control": "no-cache",
        "user-agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
    }


def signature(body: bytes, secret: str, at: int) -> str:
    """HMAC-SHA256 of the time, a point, and the raw body."""
    return hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
