"""What Twilio says when it refuses: ``code``, ``message``, ``more_info`` and ``status``."""

from __future__ import annotations

import json
from typing import Any

DOCS = "https://www.twilio.com/docs/errors"


class Refused(Exception):
    """A refusal."""

    def __init__(
        self, code: int, message: str, *, status: int = 400, headers: dict[str, str] | None = None, **more: Any
    ) -> None:
        self.code, self.status, self.headers, self.more = code, status, headers or {}, more
        super().__init__(message)

    def json(self) -> str:
        """The whole answer."""
        document = {"code": self.code, "message": str(self), "more_info": f"{DOCS}/{self.code}", "status": self.status}
        return json.dumps(document | self.more)


def who_are_you() -> Refused:
    """No account, or not with this token."""
    return Refused(20003, "Authenticate", status=401, headers={"WWW-Authenticate": 'Basic realm="Twilio API"'})


def no_such_page(path: str) -> Refused:
    """An address that the account does not have."""
    return Refused(20404, f"The requested resource {path} was not found", status=404)


def bad_parameter(name: str, value: str) -> Refused:
    """A value that cannot be read."""
    return Refused(20001, f"Invalid value for parameter '{name}': {value}")


def too_many_requests() -> Refused:
    """Throttled: nothing was done."""
    return Refused(20429, "Too Many Requests", status=429)


def went_wrong() -> Refused:
    """500."""
    return Refused(20500, "An internal server error has occurred", status=500)


def beyond_us(what: str) -> Refused:
    """Twilio would do this; the sandbox does not, and says so instead of pretending."""
    return Refused(20501, f"The sandbox does not play this part of Twilio: {what}.", status=501)


# -- a text that is not taken ------------------------------------------------------------------------------------


def no_recipient() -> Refused:
    return Refused(21604, "A 'To' phone number is required.")


def no_sender() -> Refused:
    return Refused(21603, "A 'From' phone number is required.")


def no_body() -> Refused:
    return Refused(21602, "Message body is required.")


def too_long() -> Refused:
    return Refused(21617, "The concatenated message body exceeds the 1600 character limit.")


def bad_callback(url: str) -> Refused:
    return Refused(21609, f"The 'StatusCallback' URL {url} is not a valid URL.")


def no_such_service(sid: str) -> Refused:
    return Refused(21701, f"The Messaging Service {sid} does not exist", status=404)


def bad_sender(number: str) -> Refused:
    return Refused(
        21212, f"The 'From' number {number} is not a valid phone number, shortcode, or alphanumeric sender ID."
    )


def foreign_sender(number: str) -> Refused:
    return Refused(
        21606,
        f"The 'From' phone number provided ({number}) is not a valid message-capable Twilio phone number for this "
        "destination.",
    )


def full_queue(number: str) -> Refused:
    return Refused(21611, f"This 'From' number {number} has exceeded the maximum number of queued messages.")


def same_number() -> Refused:
    return Refused(21266, "'To' and 'From' number cannot be the same")


def invalid_recipient(number: str) -> Refused:
    return Refused(21211, f"The 'To' number {number} is not a valid phone number.")


def unroutable(number: str) -> Refused:
    return Refused(21612, f"The 'To' phone number: {number}, is not currently reachable via SMS.")


def forbidden_region(number: str) -> Refused:
    return Refused(
        21408, f"Permission to send an SMS has not been enabled for the region indicated by the 'To' number: {number}."
    )


def opted_out(number: str) -> Refused:
    return Refused(21610, "Attempt to send to unsubscribed recipient")


def not_mobile(number: str) -> Refused:
    return Refused(21614, f"To number: {number}, is not a mobile number")
