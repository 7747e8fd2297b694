"""One account at Twilio: its keys, its numbers, and the service that may choose among them."""

from __future__ import annotations

from dataclasses import dataclass

from .numbers import OWN

SID, TOKEN = "AC" + "5a4db0c5" * 4, "a-twilio-auth-token"  # they open nothing but the sandbox
SERVICE = "MG" + "5a4db0c5" * 4
VERSION = "2010-04-01"


@dataclass(frozen=True)
class Account:
    """The numbers are those it may send from; ``service`` is its one Messaging Service, which has all of them."""

    sid: str = SID
    token: str = TOKEN
    numbers: tuple[str, ...] = (OWN,)
    service: str = SERVICE
    name: str = "Sandbox"

    @property
    def path(self) -> str:
        """Where its part of the API begins."""
        return f"/{VERSION}/Accounts/{self.sid}"
