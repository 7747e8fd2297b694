"""One Stripe account on loopback: its book, its API, its payers' pages, its webhooks, and what may go wrong."""

from __future__ import annotations

import sys
import threading
import time
import traceback
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType

from ..faults import Trouble, strike
from ..http import Request, Response
from ..rate import Rate
from ..server import Server
from ..state import StateFile
from . import api, control, idempotency, names, pages, trouble
from .actions import Actions
from .billing import end_old
from .book import Book, Obj
from .checkout import expire_old
from .clock import DAY, Clock
from .errors import Refused, too_many_requests
from .forms import parse
from .money import settle
from .webhooks import SECRET, News, StripeWebhooks

SECRET_KEY = "sk_test_sandbox"  # noqa: S105 - it opens nothing but the sandbox
TELLS_FOR = 3 * DAY


@dataclass(frozen=True)
class LogEntry:
    """One request to the API, and what became of it. Status 0: cut off without an answer."""

    method: str
    path: str
    query_string: str
    body: str
    status: int
    request_id: str
    idempotency_key: str
    trouble: str = ""
    at: float = field(default_factory=time.time)


class StripeSandbox(Actions):
    """A Stripe account for ``StripeClient(secret_key, base_addresses={"api": sandbox.url})``.

    ``port=0`` takes any free port; with ``url`` it has no server of its own, and whoever has one calls ``answer``.
    ``webhook_url`` is told of every event, signed with ``webhook_secret``. ``state`` is a file that keeps everything.
    """

    def __init__(
        self,
        port: int = 0,
        *,
        url: str | None = None,
        secret_key: str = SECRET_KEY,
        webhook_url: str | None = None,
        webhook_secret: str = SECRET,
        state: str | Path | None = None,
        rate_per_second: int | None = None,
    ) -> None:
        self.secret_key = secret_key
        self.faults = trouble.StripeFaults()
        self.requests: deque[LogEntry] = deque(maxlen=5000)
        self.webhooks = StripeWebhooks(webhook_url, webhook_secret)
        self.rate = Rate(rate_per_second, too_many_requests)
        self.in_flight = idempotency.InFlight()
        self.server = Server(port, self.answer) if url is None else None
        self._url = url
        self.state = StateFile(state) if state else None
        self.clock = Clock(int((self.state.kept("stripe/ahead") if self.state else 0) or 0))
        self.book = Book(self.clock, self.state)
        self.book.is_heard = bool(webhook_url)
        self.book.tell = self._tell
        self.webhooks.delivered = self._delivered
        self._enough = threading.Event()
        self._ticking = threading.Thread(target=self._tick_on, name="stripe-clock", daemon=True)

    # -- life --

    @property
    def url(self) -> str:
        """What goes into ``base_addresses``; people find the control page there."""
        return self._url or f"http://127.0.0.1:{self.server.port if self.server else 0}"

    def start(self) -> StripeSandbox:
        """Begin to answer, and to tell what nobody has heard yet."""
        if self.server:
            self.server.start()
        self.webhooks.start()
        self._ticking.start()
        since = self.clock.now() - TELLS_FOR
        self.webhooks.tell(one for one in self.book.all("event", pending_webhooks=1) if one["created"] >= since)
        return self

    def stop(self) -> None:
        """Stop, hang up, close the file."""
        self._enough.set()
        if self.server:
            self.server.stop()
        self.webhooks.stop()
        if self._ticking.is_alive():
            self._ticking.join(5)
        if self.state:
            with self.book.lock:
                self.state.close()

    def __enter__(self) -> StripeSandbox:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.stop()

    # -- time --

    def tick(self) -> None:
        """What time brings: sessions expire, subscriptions end, money can be paid out."""
        with self.book.changing():
            expire_old(self.book)
            end_old(self.book)
            settle(self.book)

    def _tick_on(self) -> None:
        while not self._enough.wait(1.0):
            self.tick()

    def advance(self, seconds: int = 0, *, minutes: int = 0, hours: int = 0, days: int = 0) -> None:
        """Let time pass at Stripe."""
        self.clock.advance(seconds, minutes=minutes, hours=hours, days=days)
        if self.state:
            self.state.keep("stripe/ahead", self.clock.ahead)
        self.tick()

    # -- telling --

    def _tell(self, events: list[Obj]) -> None:
        self.webhooks.tell(events)

    def _delivered(self, event_id: str) -> None:
        with self.book.changing():
            event = self.book.find("event", event_id)
            if event and not self._enough.is_set():
                self.book.edit(event, pending_webhooks=0)

    def tell_again(self, event_id: str) -> None:
        """Send an event once more, whether it has been taken or not."""
        self.webhooks.accept([News(self.book.get("event", event_id))])

    # -- answering --

    def answer(self, request: Request) -> Response | None:
        """The way of every request; None cuts the connection."""
        if not request.path.startswith("/v1/"):
            return self._guarded(request, self._page)
        request.tid = names.new("req")
        key = idempotency.key_of(request)
        struck: Trouble | None = None
        response: Response | None
        try:
            with self.in_flight.holding(key):
                response, struck = strike(self.faults, request, self._api, trouble.answer_instead)
                response = self._afterwards(request, key, response, struck)
        except Refused as refused:
            response = trouble.answer_of(refused, request.tid)
        if response:
            response.headers.setdefault("Request-Id", request.tid)
        self._log(request, key, response, struck)
        return response

    def _afterwards(
        self, request: Request, key: str, response: Response | None, struck: Trouble | None
    ) -> Response | None:
        """A 500 is kept under the key like any other answer, whether the work was done or not."""
        if struck is None or struck.kind not in trouble.KEPT:
            return response
        response = trouble.went_wrong() if struck.kind == "500_after" else response
        if response:
            given = parse(api.body_of(request))
            idempotency.remember(self.book, key, request.path, given, request.tid, response)
        return response

    def _api(self, request: Request) -> Response:
        return self._guarded(
            request, lambda request: api.answer(self.book, request, self.secret_key, self.url, self.rate)
        )

    def _page(self, request: Request) -> Response:
        return (
            pages.answer(self.book, request)
            or control.answer(self, request)
            or Response(404, "There is nothing here.", "text/plain; charset=utf-8")
        )

    def _guarded(self, request: Request, work: api.Work) -> Response:
        """A mistake of the sandbox itself is a 500 to the caller and a traceback on the terminal."""
        try:
            return work(request)
        except Exception:
            traceback.print_exc(file=sys.stderr)
            return trouble.went_wrong()

    def _log(self, request: Request, key: str, response: Response | None, struck: Trouble | None) -> None:
        self.requests.append(
            LogEntry(
                request.method,
                request.path,
                request.query_string,
                api.body_of(request),
                response.status if response else 0,
                request.tid,
                key,
                struck.kind if struck else "",
            )
        )

    def clear_log(self) -> None:
        """Forget the requests so far."""
        self.requests.clear()
