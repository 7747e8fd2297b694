"""Webhooks on their way, whoever sends them: on threads of their own, once or twice, late, out of order, again."""

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
from typing import Generic, Protocol, TypeVar
from urllib.parse import SplitResult, urlsplit

SHUFFLED = 5  # events held to be mixed
GATHERING = 0.2  # seconds a POST of several events waits for more


class Told(Protocol):
    """What a courier carries: an event with an id that stays the same however often it is sent."""

    @property
    def id(self) -> str: ...


Event = TypeVar("Event", bound=Told)


@dataclass(order=True)
class Parcel(Generic[Event]):
    """Events that go out in one POST."""

    due: float  # by the monotonic clock
    number: int
    notices: tuple[Event, ...] = field(compare=False)
    attempt: int = field(default=1, compare=False)


@dataclass(frozen=True)
class Delivery(Generic[Event]):
    """One POST and what came of it. Status 0: no answer, or none in time."""

    url: str
    body: bytes
    headers: dict[str, str]
    status: int
    attempt: int
    notices: tuple[Event, ...]
    seconds: float
    at: float = field(default_factory=time.time)


class Courier(Generic[Event]):
    """Tells a URL on this machine what happened. Everything may be changed while it runs.

    Trouble is drawn from ``random`` when a change is made, one event after the other: the same seed and the same
    changes give the same trouble. A vendor's courier says how a POST looks (``sample``), what may share one (``fits``),
    which answer is a yes (``is_yes``), and whether later POSTs wait behind one that is to be sent again (``in_order``).
    """

    in_order = True
    for_ever = True  # the last pause again and again; else nothing is sent after it

    def __init__(self, url: str | None, *, pauses: Sequence[float], patience: float, senders: int = 1) -> None:
        self._change = threading.Condition(threading.RLock())
        self._url = checked(url)
        self.enabled = True  # while it is off, changes are told to nobody and what waits stays
        self.batch = 1  # most events in one POST
        self.most = 1  # and the most a vendor ever puts there
        self.pauses = pauses  # seconds before each further attempt
        self.patience = patience  # seconds the vendor waits for an answer
        self.random = Random()  # noqa: S311 - trouble, not secrets
        self.drop = 0.0  # probability that an event is never sent
        self.double = 0.0  # probability that an event is sent twice
        self.delay = 0.0  # most seconds by which an event comes late
        self.shuffle = False  # events are held and sent in another order
        self.holding = 0.5  # seconds after which held events go even if they are few
        self.deliveries: deque[Delivery[Event]] = deque(maxlen=1000)
        self.dropped: deque[Event] = deque(maxlen=1000)
        self._numbers = count()
        self._waiting: list[Parcel[Event]] = []  # a heap
        self._held: list[Parcel[Event]] = []
        self._held_until = 0.0
        self._again: Parcel[Event] | None = None
        self._flying: dict[int, Parcel[Event]] = {}
        self._stopping = False
        self._threads = [
            threading.Thread(target=self._run, name=f"webhooks-{number}", daemon=True) for number in range(senders)
        ]

    # -- what a vendor says --

    def sample(self, notices: Iterable[Event]) -> tuple[bytes, dict[str, str]]:
        """The body and the headers of a POST that tells of these, signed and not sent."""
        raise NotImplementedError

    def fits(self, parcel: Parcel[Event], other: Parcel[Event]) -> bool:
        """Whether both may share a POST."""
        return False

    def is_yes(self, status: int) -> bool:
        """Whether this answer ends the attempts."""
        return 200 <= status < 300

    def landed(self, delivery: Delivery[Event]) -> None:
        """A POST has been answered, or not in time. Called without a lock."""

    def is_dropped(self, notice: Event) -> None:
        """An event was lost on purpose."""

    @property
    def has_address(self) -> bool:
        """Whether there is anywhere to send to."""
        return bool(self._url)

    def address_of(self, notices: Sequence[Event]) -> str:
        """Where a POST of these goes."""
        return self._url or ""

    # -- settings that are checked --

    @property
    def url(self) -> str | None:
        """Where to; None sends nothing. Anything but http on loopback raises ValueError."""
        return self._url

    @url.setter
    def url(self, url: str | None) -> None:
        self._url = checked(url)

    # -- life --

    def start(self) -> None:
        """Begin to send."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Send nothing more; what still waits is lost."""
        with self._change:
            self._stopping = True
            self._change.notify_all()
        for thread in self._threads:
            if thread.is_alive():
                thread.join(self.patience + 1)

    # -- what goes in --

    def accept(self, notices: Iterable[Event]) -> None:
        """Take the notices of one change."""
        with self._change:
            if not (self.enabled and self.has_address):
                return
            for notice in notices:
                self._take(notice)
            self._change.notify_all()

    def _take(self, notice: Event) -> None:
        if self.random.random() < self.drop:
            self.dropped.append(notice)
            self.is_dropped(notice)
            return
        for _ in range(2 if self.random.random() < self.double else 1):
            parcel = Parcel(time.monotonic() + self.random.uniform(0, self.delay), next(self._numbers), (notice,))
            if self.shuffle:
                self._hold(parcel)
            else:
                heapq.heappush(self._waiting, parcel)

    def _hold(self, parcel: Parcel[Event]) -> None:
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

    def send_again(self, delivery: Delivery[Event] | None = None) -> bool:
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
            self._waiting, self._held, self._again, self._flying = [], [], None, {}
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

    # -- what goes out --

    def _run(self) -> None:
        while parcel := self._next():
            delivery = self._post(parcel)
            self.landed(delivery)
            with self._change:
                if self._flying.pop(id(parcel), None) is parcel:  # else it has been forgotten meanwhile
                    self._landed(parcel, delivery)
                self._change.notify_all()

    def _landed(self, parcel: Parcel[Event], delivery: Delivery[Event]) -> None:
        self.deliveries.append(delivery)
        if self.is_yes(delivery.status) or not (self.for_ever or parcel.attempt <= len(self.pauses)):
            return
        pause = self.pauses[min(parcel.attempt, len(self.pauses)) - 1] if self.pauses else 0.0
        again = Parcel(time.monotonic() + pause, parcel.number, parcel.notices, parcel.attempt + 1)
        if self.in_order:
            self._again = again
        else:
            heapq.heappush(self._waiting, again)

    def _next(self) -> Parcel[Event] | None:
        """Wait for the next parcel that is due; None when it is time to stop."""
        with self._change:
            while not self._stopping:
                now = time.monotonic()
                if self._held and self._held_until <= now:
                    self._let_go()
                parcel = self._due(now) if self.enabled and self.has_address else None
                if parcel:
                    self._flying[id(parcel)] = parcel
                    return parcel
                self._change.wait(self._nap(now))
            return None

    def _due(self, now: float) -> Parcel[Event] | None:
        if self._again:
            if self._again.due > now:
                return None
            parcel, self._again = self._again, None
            return parcel
        if not self._waiting or self._waiting[0].due > now or self._gathers(now):
            return None
        parcel = heapq.heappop(self._waiting)
        while self._waiting and self._waiting[0].due <= now and self.fits(parcel, self._waiting[0]):
            parcel.notices += heapq.heappop(self._waiting).notices
        return parcel

    def _gathers(self, now: float) -> bool:
        """Whether a POST of several events still waits for more."""
        if self.batch <= 1 or self._waiting[0].due + GATHERING <= now:
            return False
        return sum(len(one.notices) for one in self._waiting if one.due <= now) < min(self.batch, self.most)

    def _nap(self, now: float) -> float | None:
        """How long nothing will be due; None until somebody changes something. Settings are looked at now and then."""
        moments = [self._held_until] if self._held else []
        gathering = GATHERING if self.batch > 1 else 0.0
        moments += [self._again.due] if self._again else [self._waiting[0].due + gathering] if self._waiting else []
        if not moments:
            return None
        return min(max(min(moments) - now, 0.0), 0.5) if self.enabled and self.has_address else 0.2

    def _post(self, parcel: Parcel[Event]) -> Delivery[Event]:
        url = self.address_of(parcel.notices)
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
