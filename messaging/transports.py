"""The socket for whoever carries texts: a setting names the plug, and the domain knows no vendor."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from django.conf import settings
from django.utils.module_loading import import_string


class TransportError(Exception):
    """A message was not taken; the text says why, for staff."""

    def __init__(self, text: str, *, code: str = "") -> None:
        super().__init__(text)
        self.code = code


class Refused(TransportError):
    """It was understood and will not go out. ``suppress`` is a Suppression.Reason where no other will either."""

    def __init__(self, text: str, *, code: str = "", suppress: str = "") -> None:
        super().__init__(text, code=code)
        self.suppress = suppress


class NotNow(TransportError):
    """It certainly did not go out, and may later. ``wait`` is in seconds."""

    def __init__(self, text: str, *, code: str = "", wait: float = 60) -> None:
        super().__init__(text, code=code)
        self.wait = wait


class NoAnswer(TransportError):
    """Nobody knows whether it went out."""


@dataclass(frozen=True)
class Receipt:
    """What the vendor says of a message it has: its own id, a Message.Status, and why it did not arrive."""

    reference: str
    status: str
    refusal: Refused | None = None


class TextTransport(Protocol):
    @property
    def why_not(self) -> str:
        """Why no text can be sent at all, in words for staff; "" where texts can be sent."""

    @property
    def sender(self) -> str:
        """Whom texts come from, in words for admins; "" where that is not set up."""

    @property
    def per_second(self) -> float:
        """How many parts a second the sender may send."""

    def send(self, *, to: str, body: str, key: str) -> Receipt:
        """Hand one text over; ``key`` comes back with what is told of it. Raises TransportError."""

    def find(self, *, to: str, body: str, since: datetime, known: set[str]) -> Receipt | None:
        """A text that was handed over since then, its answer lost, and whose reference is not ``known``.

        Raises TransportError where nobody can be asked.
        """


def get_text_transport() -> TextTransport:
    plug: TextTransport = import_string(settings.TEXT_TRANSPORT)()
    return plug
