"""What can go wrong with a vendor, sorted by what happens next."""

import re
from typing import ClassVar

# What looks like a token, a key or a signature: none of it may reach a message or a log.
_SECRET = re.compile(r"(?i)((?:token|secret)\b[^:=]{0,20}[:=]\s*|\b(?:bearer|basic)\s+)\S+|\b[\w+/=.-]{32,}")
_LONGEST_DETAIL = 500


def without_secrets(text: str) -> str:
    """A vendor's words in one line of at most 500 characters, with everything that looks like a secret left out."""
    return _SECRET.sub(lambda match: (match[1] or "") + "***", " ".join(text.split()))[:_LONGEST_DETAIL]


class IntegrationError(Exception):
    """A vendor did not do what was asked. ``str()`` is a sentence for a person that says what to do.

    ``code`` is the vendor's own, ``detail`` its own words, ``intuit_tid`` the number Intuit's support asks for,
    ``status`` the HTTP status (None when there was no answer), ``retry_after`` the seconds to wait, if known,
    ``vendor`` whose words they are.
    """

    sentence: ClassVar[str] = "The other service did not do what was asked."

    def __init__(
        self,
        sentence: str = "",
        *,
        code: str = "",
        detail: str = "",
        intuit_tid: str = "",
        status: int | None = None,
        retry_after: float | None = None,
        vendor: str = "QuickBooks",
    ) -> None:
        super().__init__(sentence or self.sentence)
        self.vendor = vendor
        self.code = code
        self.detail = without_secrets(detail)
        self.intuit_tid = intuit_tid
        self.status = status
        self.retry_after = retry_after

    @property
    def in_full(self) -> str:
        """The sentence, the vendor's own words, and the numbers its support asks for."""
        numbers = [("code", self.code), ("intuit_tid", self.intuit_tid)]
        known = ", ".join(f"{name} {value}" for name, value in numbers if value)
        parts = [str(self), f"{self.vendor} says: {self.detail}" if self.detail else "", f"({known})" if known else ""]
        return " ".join(part for part in parts if part)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self)!r}, code={self.code!r}, intuit_tid={self.intuit_tid!r})"


class Transient(IntegrationError):
    """Try again later, by ourselves."""

    sentence = "QuickBooks cannot be reached just now. Nothing was lost; it is tried again by itself."


def told_now(error: IntegrationError) -> str:
    """The sentence for somebody who waits for the answer, where nothing is tried again by itself."""
    if isinstance(error, Transient):
        return "QuickBooks gives no usable answer just now. Try again in a few minutes."
    return str(error)


class NeedsReconnect(IntegrationError):
    """A person must sign in to the service again."""

    sentence = "QuickBooks no longer accepts this connection. Reconnect it in Settings > Integrations."


class Rejected(IntegrationError):
    """They understood and said no; show their words to a person."""

    sentence = "QuickBooks refused the request."
