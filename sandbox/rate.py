"""How many requests a second an API takes."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from threading import Lock


class Rate:
    """So many requests a second; None: any number. ``refusal`` makes what is raised for one too many."""

    def __init__(self, per_second: int | None, refusal: Callable[[], Exception]) -> None:
        self.per_second, self.refusal = per_second, refusal
        self._seen: deque[float] = deque()
        self._lock = Lock()

    def count(self) -> None:
        """Let a request pass, or throttle it."""
        with self._lock:
            now = time.monotonic()
            while self._seen and self._seen[0] <= now - 1:
                self._seen.popleft()
            if self.per_second is not None and len(self._seen) >= self.per_second:
                raise self.refusal()
            self._seen.append(now)
