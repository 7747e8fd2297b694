"""Throttling: so many requests a minute for a company, so many a second for a company and app."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass, field
from threading import Lock

from .errors import Fault

PER_MINUTE = 500
PER_SECOND = 10
BATCHES_PER_MINUTE = 40


@dataclass
class Limits:
    """Sliding windows. None means no limit."""

    per_minute: int | None = PER_MINUTE
    per_second: int | None = PER_SECOND
    batches_per_minute: int | None = BATCHES_PER_MINUTE
    _seen: dict[tuple[str, float], deque[float]] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def count(self, realm_id: str, is_batch: bool) -> None:
        """Let a request pass, or throttle it with 3001; what was throttled does not count."""
        windows = [(realm_id, 60.0, self.per_minute), (realm_id, 1.0, self.per_second)]
        if is_batch:
            windows.append((f"{realm_id}/batch", 60.0, self.batches_per_minute))
        with self._lock:
            now = time.monotonic()
            queues = []
            for name, seconds, most in windows:
                if most is None:
                    continue
                queue = self._seen.setdefault((name, seconds), deque())
                while queue and queue[0] <= now - seconds:
                    queue.popleft()
                if len(queue) >= most:
                    raise Fault(3001)
                queues.append(queue)
            for queue in queues:
                queue.append(now)
