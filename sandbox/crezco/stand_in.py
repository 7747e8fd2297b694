"""One Crezco account on loopback: its book, its API, its payers' pages, its webhooks, and what may go wrong."""

from __future__ import annotations

import sys
import time
import traceback
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType

from ..faults import strike
from ..http import Request, Response
from ..server import Server
from ..state import StateFile
from . import api, control, pages, paying, trouble
from .book import Book, Obj, public
from .errors import Refused
from .webhooks import CrezcoWebhooks, register

API_KEY = "crezco-sandbox-key"
USER_ID = "6f1d1f0e-2a57-4b8e-9d3a-1c5e8f7a9b42"


@dataclass(frozen=True)
class LogEntry:
    """One request to the API, and what became of it. Status 0: cut off without an answer."""

    method: str
    path: str
    query_string: str
    body: str
    status: int
    trouble: str = ""
    at: float = field(default_factory=time.time)


class CrezcoSandbox:
    """A Crezco account of one user, opened by ``api_key`` in the header ``X-Crezco-Key``.

    ``port=0`` takes any free port; with ``url`` it has no server of its own, and whoever has one calls ``answer``.
    ``webhook_url`` is registered as by the API. ``state`` is a file that keeps everything. ``open`` says how it answers
    where Crezco's guides are silent.
    """

    def __init__(
        self,
        port: int = 0,
        *,
        url: str | None = None,
        api_key: str = API_KEY,
        user_id: str = USER_ID,
        webhook_url: str | None = None,
        state: str | Path | None = None,
    ) -> None:
        self.api_key, self.user_id = api_key, user_id
        self.faults = trouble.CrezcoFaults()
        self.requests: deque[LogEntry] = deque(maxlen=5000)
        self.open = api.Open()
        self.server = Server(port, self.answer) if url is None else None
        self._url = url
        self.state = StateFile(state) if state else None
        self.book = Book(self.state)
        self.webhooks = CrezcoWebhooks(self.book)
        self.book.tell = self.webhooks.tell
        if webhook_url:
            self.register(webhook_url)

    # -- life --

    @property
    def url(self) -> str:
        """Base of the API; people find the control page there."""
        return self._url or f"http://127.0.0.1:{self.server.port if self.server else 0}"

    def start(self) -> CrezcoSandbox:
        """Begin to answer and to tell."""
        if self.server:
            self.server.start()
        self.webhooks.start()
        return self

    def stop(self) -> None:
        """Stop, hang up, close the file."""
        if self.server:
            self.server.stop()
        self.webhooks.stop()
        if self.state:
            with self.book.lock:
                self.state.close()

    def __enter__(self) -> CrezcoSandbox:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.stop()

    # -- what payers, banks and businesses do: the same for tests and for the control page --

    def register(self, callback: str) -> Obj:
        """Tell this address of every payment."""
        with self.book.changing():
            hook = register(self.book, {"type": "Payment", "eventType": "PaymentAll", "callback": callback})
        self.webhooks.follow()
        return hook

    def demand(self, which: str) -> Obj:
        """A demand by its id or by the address of a page."""
        found = paying.page_of(self.book, which.rstrip("/").rpartition("/")[2])
        return found[0] if found else self.book.get("demand", which)

    def pay(self, which: str, way: str = "approve") -> Obj:
        """Pay on a page as its form would. ``way``: approve, wait, decline, cancel. Whoever has paid has paid."""
        with self.book.changing():
            found = paying.page_of(self.book, which.rstrip("/").rpartition("/")[2])
            if found is None:
                raise ValueError("there is no such page")
            demand, link = found
            done = None if self.open.pays_again else paying.paid(self.book, demand)
            return public(done or paying.pay(self.book, demand, link, way))

    def bank_answers(self, payment: str, paid: bool = True) -> Obj:
        """The bank of a payment that waits has decided."""
        with self.book.changing():
            return public(paying.bank_answers(self.book, self.book.get("payment", payment), paid))

    # -- answering --

    @property
    def account(self) -> api.Account:
        """Whose API it is, and how it answers."""
        return api.Account(self.api_key, self.user_id, self.url, self.open)

    def answer(self, request: Request) -> Response | None:
        """The way of every request; None cuts the connection."""
        if not request.path.startswith("/v1/"):
            return _guarded(request, self._page)
        response, struck = strike(
            self.faults, request, lambda request: _guarded(request, self._api), trouble.answer_instead
        )
        self.webhooks.follow()
        words = request.body.decode("utf-8", "replace")
        status, kind = response.status if response else 0, struck.kind if struck else ""
        self.requests.append(LogEntry(request.method, request.path, request.query_string, words, status, kind))
        return response

    def _api(self, request: Request) -> Response:
        try:
            return api.answer(self.book, self.account, request)
        except Refused as refused:
            return trouble.answer_of(refused)

    def _page(self, request: Request) -> Response:
        return (
            pages.answer(self.book, self.account, request)
            or control.answer(self, request)
            or Response(404, "There is nothing here.", "text/plain; charset=utf-8")
        )

    def clear_log(self) -> None:
        """Forget the requests so far."""
        self.requests.clear()


def _guarded(request: Request, work: Callable[[Request], Response]) -> Response:
    """A mistake of the sandbox itself is a 500 to the caller and a traceback on the terminal."""
    try:
        return work(request)
    except Exception:
        traceback.print_exc(file=sys.stderr)
        return trouble.answer_of(Refused("Something went wrong.", 500))
