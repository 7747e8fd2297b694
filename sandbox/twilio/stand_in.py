"""One Twilio account on loopback: its texts, its API, its reports, the phones it writes to, and what may go wrong."""

from __future__ import annotations

import sys
import time
import traceback
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType

from ..courier import checked
from ..faults import Trouble, strike
from ..http import Request, Response
from ..rate import Rate
from ..server import Server
from ..state import StateFile
from . import account, api, control, forms, hearing, names, sending, trouble
from .book import UNDER_WAY, Book, Message
from .carrier import Carrier
from .errors import too_many_requests
from .numbers import OWN
from .phones import Phone
from .segments import count
from .webhooks import TwilioWebhooks


@dataclass(frozen=True)
class LogEntry:
    """One request to the API, and what became of it. Status 0: cut off without an answer."""

    method: str
    path: str
    query_string: str
    form: dict[str, str]
    body: str
    status: int
    request_id: str
    trouble: str = ""
    at: float = field(default_factory=time.time)


class TwilioSandbox:
    """A Twilio account for the ``twilio`` client, whose HTTP client swaps ``https://api.twilio.com`` for ``url``.

    ``port=0`` takes any free port; with ``url`` it has no server of its own, and whoever has one calls ``answer``.
    ``numbers`` are those it may send from; ``service`` may choose among them. ``inbound_url`` is told of what phones
    write, ``status_url`` of the way of texts that name no address of their own. Each step of a text takes ``pace``
    seconds, a sender sends ``throughput`` parts a second, and the API takes ``rate_per_second`` requests; None: any
    number. ``state`` is a file that keeps everything.
    """

    def __init__(
        self,
        port: int = 0,
        *,
        url: str | None = None,
        account_sid: str = account.SID,
        auth_token: str = account.TOKEN,
        numbers: Sequence[str] = (OWN,),
        service: str = account.SERVICE,
        inbound_url: str = "",
        status_url: str = "",
        state: str | Path | None = None,
        rate_per_second: int | None = None,
        throughput: float | None = None,
        pace: float = 0.0,
    ) -> None:
        self.account = account.Account(account_sid, auth_token, tuple(numbers), service)
        self.inbound_url, self.status_url, self.pace = checked(inbound_url) or "", checked(status_url) or "", pace
        self.faults = trouble.TwilioFaults()
        self.requests: deque[LogEntry] = deque(maxlen=5000)
        self.webhooks = TwilioWebhooks(auth_token)
        self.rate = Rate(rate_per_second, too_many_requests)
        self.carrier = Carrier(self._step, throughput)
        self.server = Server(port, self.answer) if url is None else None
        self._url = url
        self.state = StateFile(state) if state else None
        self.book = Book(self.state)

    # -- life --

    @property
    def url(self) -> str:
        """What stands in for ``https://api.twilio.com``; people find the phones there."""
        return self._url or f"http://127.0.0.1:{self.server.port if self.server else 0}"

    def start(self) -> TwilioSandbox:
        """Begin to answer, and go on with what was under way."""
        if self.server:
            self.server.start()
        self.webhooks.start()
        self.carrier.start()
        for one in self.book.all():
            if not one.is_inbound and one.status in UNDER_WAY:
                self._take(one)
        return self

    def stop(self) -> None:
        """Stop, hang up, close the file."""
        if self.server:
            self.server.stop()
        self.carrier.stop()
        self.webhooks.stop()
        if self.state:
            with self.book.lock:
                self.state.close()

    def __enter__(self) -> TwilioSandbox:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.stop()

    # -- what tests and the control page ask --

    @property
    def messages(self) -> list[Message]:
        """What apps have sent, in the order it was taken; Twilio's own answers are not among them."""
        return [one for one in self.book.all() if one.direction == "outbound-api"]

    def phone(self, number: str) -> Phone:
        """The phone behind a number."""
        return Phone(self, number)

    def wait_idle(self, timeout: float = 10.0) -> bool:
        """Wait until every text has come as far as it comes and all has been told; False when that takes longer."""
        return self.carrier.wait_idle(timeout) and self.webhooks.wait_idle(timeout)

    def report(self, sid: str, status: str, error_code: int | None = None) -> Message:
        """A carrier reports at last, or says something else than before: the app is told."""
        message = self.book.edit(sid, status=status, error_code=error_code)
        self.webhooks.tell(message.callback, forms.report(self.account, message))
        return message

    def hear(self, phone: str, body: str, to: str = "") -> Message:
        """A phone writes: Twilio heeds STOP, START and HELP, and tells the app."""
        message, own_answer = hearing.hear(self.book, self.account, phone, body, to)
        self.webhooks.tell(self.inbound_url, forms.arrival(self.account, message))
        if own_answer:
            self._take(own_answer)
        return message

    # -- texts on their way --

    def _send(self, form: dict[str, str]) -> Message:
        message = sending.create(self.book, self.account, form, self.status_url)
        self._take(message)
        return message

    def _take(self, message: Message) -> None:
        sender = message.sender or self.account.numbers[0]
        self.carrier.take(message.sid, sender, count(message.body), self.pace)

    def _step(self, sid: str) -> float | None:
        """One step of a text: from accepted to queued to sent to what its carrier says."""
        with self.book.lock:
            changed = self._changed(self.book.messages[sid])
        if changed is None:
            return None
        self.webhooks.tell(changed.callback, forms.report(self.account, changed))
        return self.pace if changed.status in UNDER_WAY else None

    def _changed(self, message: Message) -> Message | None:
        """The text one step further; None when it comes no further."""
        trait = self.book.trait(message.to)
        if message.status == "accepted":
            sender = message.sender or self.account.numbers[0]
            return self.book.edit(message.sid, status="queued", sender=sender, segments=count(message.body))
        if message.status == "queued" and trait.status != "failed":  # what fails has never left Twilio
            return self.book.edit(message.sid, status="sent", sent=time.time())
        if message.status not in UNDER_WAY or not trait.status:
            return None
        end = {"status": trait.status, "error_code": trait.error_code, "error_message": trait.error_message}
        return self.book.edit(message.sid, **end)

    # -- answering --

    def answer(self, request: Request) -> Response | None:
        """The way of every request; None cuts the connection."""
        if not api.is_asked(request):
            return self._guarded(request, self._page)
        request.tid = names.new("RQ")
        response, struck = strike(self.faults, request, self._api, trouble.answer_instead)
        if struck and struck.kind == "500_after":
            response = trouble.answer_of(trouble.went_wrong())
        if response:
            response.headers["Twilio-Request-Id"] = request.tid
        self._log(request, response, struck)
        return response

    def _api(self, request: Request) -> Response:
        return self._guarded(
            request, lambda request: api.answer(self.book, self.account, request, self.rate, self._send)
        )

    def _page(self, request: Request) -> Response:
        return control.answer(self, request) or Response(404, "There is nothing here.", "text/plain; charset=utf-8")

    def _guarded(self, request: Request, work: api.Work) -> Response:
        """A mistake of the sandbox itself is a 500 to the caller and a traceback on the terminal."""
        try:
            return work(request)
        except Exception:
            traceback.print_exc(file=sys.stderr)
            return trouble.answer_of(trouble.went_wrong())

    def _log(self, request: Request, response: Response | None, struck: Trouble | None) -> None:
        self.requests.append(
            LogEntry(
                request.method,
                request.path,
                request.query_string,
                request.form,
                request.body.decode("utf-8", "replace"),
                response.status if response else 0,
                request.tid,
                struck.kind if struck else "",
            )
        )

    def clear_log(self) -> None:
        """Forget the requests so far."""
        self.requests.clear()
