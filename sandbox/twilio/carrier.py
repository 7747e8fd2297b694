"""The way of a text: it waits for its turn at its sender, goes out, and its carrier reports, all on a thread."""

from __future__ import annotations

import heapq
import threading
import time
from collections.abc import Callable
from itertools import count

Step = Callable[[str], float | None]  # does a message's next step; seconds until the one after, None when there is none


class Carrier:
    """Calls ``step`` for each message until it has arrived.

    A sender sends so many parts a second (``per_second``; None: any number), others wait. ``held``: nothing moves.
    """

    def __init__(self, step: Step, per_second: float | None = None) -> None:
        self.step, self.per_second = step, per_second
        self._change = threading.Condition()
        self._held = False
        self._waiting: list[tuple[float, int, str]] = []  # a heap: when, in which order, whose step
        self._flying = 0
        self._free: dict[str, float] = {}  # when each sender has sent what it has taken so far
        self._numbers = count()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="twilio-carrier", daemon=True)

    def start(self) -> None:
        """Begin to move."""
        self._thread.start()

    def stop(self) -> None:
        """Move nothing more."""
        with self._change:
            self._stopping = True
            self._change.notify_all()
        if self._thread.is_alive():
            self._thread.join(5)

    @property
    def held(self) -> bool:
        return self._held

    @held.setter
    def held(self, held: bool) -> None:
        with self._change:
            self._held = held
            self._change.notify_all()

    def take(self, sid: str, sender: str, parts: int, pause: float = 0.0) -> None:
        """A message of so many parts is to go out: after ``pause`` seconds, and when its sender has time."""
        with self._change:
            now = time.monotonic()
            turn = max(now, self._free.get(sender, 0.0)) if self.per_second else now
            if self.per_second:
                self._free[sender] = turn + parts / self.per_second
            heapq.heappush(self._waiting, (turn + pause, next(self._numbers), sid))
            self._change.notify_all()

    def wait_idle(self, timeout: float = 10.0) -> bool:
        """Wait until no message has a step before it; False when that takes longer."""
        with self._change:
            return self._change.wait_for(lambda: not (self._waiting or self._flying), timeout)

    def _run(self) -> None:
        while (sid := self._next()) is not None:
            pause = self.step(sid)
            with self._change:
                self._flying -= 1
                if pause is not None:
                    heapq.heappush(self._waiting, (time.monotonic() + pause, next(self._numbers), sid))
                self._change.notify_all()

    def _next(self) -> str | None:
        """Wait for the next step that is due; None when it is time to stop."""
        with self._change:
            while not self._stopping:
                pause = None
                if self._waiting and not self._held:
                    pause = self._waiting[0][0] - time.monotonic()
                    if pause <= 0:
                        self._flying += 1
                        return heapq.heappop(self._waiting)[2]
                self._change.wait(pause)
            return None
