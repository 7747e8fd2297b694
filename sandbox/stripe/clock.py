"""The time at Stripe: that of the machine, and as much later as somebody has asked for."""

from __future__ import annotations

import time

MINUTE, HOUR, DAY = 60, 3600, 86400


class Clock:
    """Whole seconds since 1970. Signatures under webhooks carry the machine's own time."""

    def __init__(self, ahead: int = 0) -> None:
        self.ahead = ahead

    def now(self) -> int:
        """The time."""
        return int(time.time()) + self.ahead

    def advance(self, seconds: int = 0, *, minutes: int = 0, hours: int = 0, days: int = 0) -> None:
        """Let time pass."""
        self.ahead += seconds + minutes * MINUTE + hours * HOUR + days * DAY
