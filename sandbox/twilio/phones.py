"""Phones: people read texts there and write back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .book import Message

if TYPE_CHECKING:
    from .stand_in import TwilioSandbox


class Phone:
    """One phone, by its number: ``twilio.phone("+14155550100").reply("STOP")``."""

    def __init__(self, sandbox: TwilioSandbox, number: str) -> None:
        self.sandbox, self.number = sandbox, number

    def trait(self, name: str) -> Phone:
        """What becomes of texts to it from now on: one of ``numbers.TRAITS``."""
        self.sandbox.book.set_trait(self.number, name)
        return self

    def reply(self, body: str, to: str = "") -> Message:
        """Write to the number that has written last, to our first one, or to ``to``. The app is told of it."""
        return self.sandbox.hear(self.number, body, to)

    @property
    def thread(self) -> list[Message]:
        """All that was written to it and by it, oldest first."""
        return self.sandbox.book.thread(self.number)

    @property
    def texts(self) -> list[str]:
        """What can be read on it of what was sent to it, oldest first."""
        return [one.body for one in self.thread if not one.is_inbound and one.has_arrived]

    @property
    def has_opted_out(self) -> bool:
        """Whether Twilio refuses texts to it from any number of ours."""
        return self.sandbox.book.is_opted_out(self.sandbox.account.numbers, self.number)
