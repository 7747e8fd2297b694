"""Webhooks on their way: on a thread of its own, once or twice, late, out of order, again until somebody says 200."""

from __future__ import annotations

import heapq
import http.client
import ipaddress
import threading
import time
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import count
from random import Random
from urllib.parse import SplitResult, urlsplit

from .envelopes import ENVELOPES, body_of, headers_of
from .quickbooks.notices import Notice

VERIFIER_TOKEN = "sandbox-verifier-token"  # noqa: S105 - it opens nothing but the sandbox
PAUSES = (10.0, 20.0, 30.0, 300.0, 1200.0, 7200.0, 14400.0, 21600.0)  # Intuit's; the last one for ever after
PATIENCE = 3.0  # seconds Intuit waits for the 200
MOST = 100  # events in one POST
SHUFFLED = 5  # events held to be mixed
GATHERING = 0.2  # seconds a POST of several events waits for more


@dataclass(order=True)
class Parcel:
    """Events that go out in one POST."""

    due: float  # by the monotonic clock
    number: int
    notices: tuple[Notice, ...] = field(compare=False)
    attempt: int = field(default=1, compare=False)


@dataclass(frozen=True)
class Delivery:
    """One POST and what came of it. Status 0: no answer, or none in time."""

    url: str
    body: bytes
    headers: dict[str, str]
    status: int
    attempt: int
    notices: tuple[Notice, ...]
    seconds: float
    at: float = field(default_factory=time.time)


class Webhooks:
    """Tells a URL on this machine what happened in the books. Everything may be changed while it runs.

    While a POST waits to be sent again, all later ones wait behind it. Trouble is drawn from ``random`` when a change
    is made, one event after the other: the same seed and the same changes give the same trouble.
    """

    def __init__(self, url: str | None = None, token: str = VERIFIER_TOKEN) -> None:
        self._change = threading.Condition(threading.RLock())
        self._url = checked(url)
        self.token = token
        self.enabled = True  # while it is off, changes are told to nobody and what waits stays
        self._envelope = "cloudevents"
        self.content_type = "application/json; charset=utf-8"
        self.batch = 1  # most events in one POST, up to 100
        self.pauses: Sequence[float] = PAUSES  # seconds before each further attempt
        self.patience = PATIENCE
        self.random = Random()  # noqa: S311 - trouble, not secrets
        self.drop = 0.0  # probability that an event is never sent
        self.double = 0.0  # probability that an event is sent twice
        self.delay = 0.0  # most seconds by which an event comes late
        self.shuffle = False  # events are held and sent in another order
        self.holding = 0.5  # seconds after which held events go even if they are few
        self.deliveries: deque[Delivery] = deque(maxlen=1000)
        self.dropped: deque[Notice] = deque(maxlen=1000)
        self._numbers = count()
        self._waiting: list[Parcel] = []  # a heap
        self._held: list[Parcel] = []
        self._held_until = 0.0
        self._again: Parcel | None = None
        self._flying: Parcel | None = None
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="webhooks", daemon=True)

    # -- settings that are checked --

    @property
    def url(self) -> str | None:
        """Where to; None sends nothing. Anything but http on loopback raises ValueError."""
        return self._url

    @url.setter
    def url(self, url: str | None) -> None:
        self._url = checked(url)

    @property
    def envelope(self) -> str:
        """``cloudevents`` or ``legacy``."""
        return self._envelope

    @envelope.setter
    def envelope(self, envelope: str) -> None:
        if envelope not in ENVELOPES:
            raise ValueError(f"There is no envelope {envelope!r}.")
        self._envelope = envelope

    # -- life --

    def start(self) -> None:
        """Begin to send."""
        self._thread.start()

    def stop(self) -> None:
        """Send nothing more; what still waits is lost."""
        with self._change:
            self._stopping = True
            self._change.notify_all()
        if self._thread.is_alive():
            self._thread.join(self.patience + 1)

    # -- what goes in --

    def accept(self, notices: Iterable[Notice]) -> None:
        """Take the notices of one change."""
        with self._change:
            if not (self.enabled and self._url):
                return
            for notice in notices:
                self._take(notice)
            self._change.notify_all()

    def _take(self, notice: Notice) -> None:
        if self.random.random() < self.drop:
            self.dropped.append(notice)
            return
        for _ in range(2 if self.random.random() < self.double else 1):
            parcel = Parcel(time.monotonic() + self.random.uniform(0, self.delay), next(self._numbers), (notice,))
            if self.shuffle:
                self._hold(parcel)
            else:
                heapq.heappush(self._waiting, parcel)

    def _hold(self, parcel: Parcel) -> None:
        if not self._held:
            self._held_until = time.monotonic() + self.holding
        self._held.append(parcel)
        if len(self._held) >= SHUFFLED:
            self._let_go()

    def _let_go(self) -> None:
        """Send what was held, in another order."""
        self.random.shuffle(self._held)
        for parcel in self._held:
            due = max(time.monotonic(), parcel.due)
            heapq.heappush(self._waiting, Parcel(due, next(self._numbers), parcel.notices))
        self._held = []

    def send_again(self, delivery: Delivery | None = None) -> bool:
        """Send the events of the last POST, or of the given one, once more; False when nothing was sent so far."""
        with self._change:
            chosen = delivery or (self.deliveries[-1] if self.deliveries else None)
            if chosen is None:
                return False
            heapq.heappush(self._waiting, Parcel(time.monotonic(), next(self._numbers), chosen.notices))
            self._change.notify_all()
            return True

    def flush(self) -> None:
        """Nothing waits for its time any more: what is late, held or to be sent again goes at once."""
        with self._change:
            self._let_go()
            for parcel in [*self._waiting, *([self._again] if self._again else [])]:
                parcel.due = 0.0
            heapq.heapify(self._waiting)
            self._change.notify_all()

    def clear(self) -> None:
        """Forget everything that waits and everything that was sent."""
        with self._change:
            self._waiting, self._held, self._again, self._flying = [], [], None, None
            self.deliveries.clear()
            self.dropped.clear()
            self._change.notify_all()

    # -- what tests ask --

    @property
    def is_idle(self) -> bool:
        """Whether nothing is under way, waiting, held, or to be sent again."""
        with self._change:
            return not (self._waiting or self._held or self._again or self._flying)

    @property
    def waiting(self) -> int:
        """How many POSTs wait for their time or for another attempt."""
        with self._change:
            return len(self._waiting) + len(self._held) + (self._again is not None)

    def wait_idle(self, timeout: float = 10.0) -> bool:
        """Wait until everything has been delivered; False when that takes longer."""
        with self._change:
            return self._change.wait_for(lambda: self.is_idle, timeout)

    def sample(self, notices: Iterable[Notice]) -> tuple[bytes, dict[str, str]]:
        """The body and the headers of a POST that tells of these, signed and not sent."""
        body = body_of(notices, self.envelope)
        return body, headers_of(body, self.token, self.content_type)

    # -- what goes out --

    def _run(self) -> None:
        while parcel := self._next():
            delivery = self._post(parcel)
            with self._change:
                if self._flying is parcel:  # else it has been forgotten meanwhile
                    self._flying = None
                    self._landed(parcel, delivery)
                self._change.notify_all()

    def _landed(self, parcel: Parcel, delivery: Delivery) -> None:
        self.deliveries.append(delivery)
        if delivery.status != 200:
            pause = self.pauses[min(parcel.attempt, len(self.pauses)) - 1] if self.pauses else 0.0
            due = time.monotonic() + pause
            self._again = Parcel(due, parcel.number, parcel.notices, parcel.attempt + 1)

    def _next(self) -> Parcel | None:
        """Wait for the next parcel that is due; None when it is time to stop."""
        with self._change:
            while not self._stopping:
                now = time.monotonic()
                if self._held and self._held_until <= now:
                    self._let_go()
                parcel = self._due(now) if self.enabled and self._url else None
                if parcel:
                    self._flying = parcel
                    return parcel
                self._change.wait(self._nap(now))
            return None

    def _due(self, now: float) -> Parcel | None:
        if self._again:
            if self._again.due > now:
                return None
            parcel, self._again = self._again, None
            return parcel
        if not self._waiting or self._waiting[0].due > now or self._gathers(now):
            return None
        parcel = heapq.heappop(self._waiting)
        while self._waiting and self._waiting[0].due <= now and self._fits(parcel, self._waiting[0]):
            parcel.notices += heapq.heappop(self._waiting).notices
        return parcel

    def _gathers(self, now: float) -> bool:
        """Whether a POST of several events still waits for more."""
        if self.batch <= 1 or self._waiting[0].due + GATHERING <= now:
            return False
        return sum(len(one.notices) for one in self._waiting if one.due <= now) < min(self.batch, MOST)

    def _fits(self, parcel: Parcel, other: Parcel) -> bool:
        """Whether both may share a POST: not too many, no event twice, and one company only in the older shape."""
        if len(parcel.notices) + len(other.notices) > min(self.batch, MOST):
            return False
        if {one.id for one in parcel.notices} & {one.id for one in other.notices}:
            return False
        return self.envelope != "legacy" or len({one.realm_id for one in parcel.notices + other.notices}) == 1

    def _nap(self, now: float) -> float | None:
        """How long nothing will be due; None until somebody changes something. Settings are looked at now and then."""
        moments = [self._held_until] if self._held else []
        gathering = GATHERING if self.batch > 1 else 0.0
        moments += [self._again.due] if self._again else [self._waiting[0].due + gathering] if self._waiting else []
        if not moments:
            return None
        return min(max(min(moments) - now, 0.0), 0.5) if self.enabled and self._url else 0.2

    def _post(self, parcel: Parcel) -> Delivery:
        url = self._url or ""
        body, headers = self.sample(parcel.notices)
        started = time.monotonic()
        status = post(url, body, headers, self.patience)
        return Delivery(url, body, headers, status, parcel.attempt, parcel.notices, time.monotonic() - started)


def checked(url: str | None) -> str | None:
    """The URL, which must be http on this machine; anything else raises ValueError."""
    if not url:
        return None
    parts = urlsplit(url)
    if parts.scheme != "http" or not is_loopback(parts) or parts.port == 0:
        raise ValueError(f"Webhooks go to an http address on this machine only, and {url} is none.")
    return url


def is_loopback(parts: SplitResult) -> bool:
    """Whether the host is this machine."""
    if parts.hostname == "localhost":
        return True
    try:
        return ipaddress.ip_address(parts.hostname or "").is_loopback
    except ValueError:
        return False


def post(url: str, body: bytes, headers: dict[str, str], patience: float) -> int:
    """The status of the answer; 0 when none comes in time."""
    parts = urlsplit(url)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port or 80, timeout=patience)
    try:
        connection.request("POST", path, body, headers)
        return connection.getresponse().status
    except (OSError, ValueError, http.client.HTTPException):
        return 0
    finally:
        connection.close()
