"""Texts through Twilio. Its API has no idempotency key: what was sent without an answer is looked for, never repeated.

Our own key stands in the address to which Twilio reports, so a report alone tells which text it has.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.urls import reverse

from integrations.twilio.client import client
from integrations.twilio.reasons import reason_of
from messaging.models import Message
from messaging.transports import NoAnswer, NotNow, Receipt, Refused

AWAY = "Twilio gives no usable answer just now. It is tried again by itself."
# Twilio's words for how far a text is, as ours.
STATUSES = {
    **dict.fromkeys(("accepted", "scheduled", "queued", "sending", "sent"), Message.Status.SENT),
    "delivered": Message.Status.DELIVERED,
    "read": Message.Status.DELIVERED,
    **dict.fromkeys(("undelivered", "failed", "canceled"), Message.Status.FAILED),
}
# Our clock and Twilio's need not agree to the second.
SKEW = timedelta(minutes=2)
TOO_OFTEN = 429


class TwilioTransport:
    @property
    def why_not(self) -> str:
        if all((settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN, settings.TWILIO_FROM)):
            return ""
        return "Texts are not set up yet: TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN and TWILIO_FROM are missing."

    @property
    def sender(self) -> str:
        known = settings.TWILIO_FROM
        if known.startswith("MG"):
            return f"the messaging service {known}, which chooses a number of yours"
        if known and not known.startswith("+"):
            return f"the name {known}. Nobody can answer it, and North American networks do not take it"
        return known

    @property
    def per_second(self) -> float:
        return float(settings.TWILIO_PARTS_PER_SECOND)

    def send(self, *, to: str, body: str, key: str) -> Receipt:
        if self.why_not:
            raise NotNow(self.why_not, wait=300)
        with _errors():
            made = client().messages.create(to=to, body=body, status_callback=_callback(key), **_sender())
        return _receipt(made)

    def find(self, *, to: str, body: str, since: datetime, known: set[str]) -> Receipt | None:
        if self.why_not:
            raise NotNow(self.why_not)
        with _errors():
            for one in client().messages.list(to=to, limit=100):
                is_ours = str(one.direction).startswith("outbound") and one.body == body
                if is_ours and one.sid not in known and _is_since(one, since):
                    return _receipt(one)
        return None


def _sender() -> dict[str, str]:
    """A messaging service, a number, or a name of letters."""
    sender = settings.TWILIO_FROM
    return {"messaging_service_sid": sender} if sender.startswith("MG") else {"from_": sender}


def _callback(key: str) -> str:
    return f"{settings.SITE_URL}{reverse('integrations:twilio-status')}?message={key}"


def _receipt(one: Any) -> Receipt:
    status = STATUSES.get(str(one.status), Message.Status.SENT)
    if status != Message.Status.FAILED:
        return Receipt(str(one.sid), status)
    reason = reason_of(one.error_code)
    return Receipt(str(one.sid), status, Refused(reason.words, code=str(one.error_code), suppress=reason.suppress))


def _is_since(one: Any, since: datetime) -> bool:
    return one.date_created is None or one.date_created >= since - SKEW


@contextmanager
def _errors() -> Iterator[None]:
    """Twilio's errors as ours: said no, not now, and nobody knows."""
    import requests
    from twilio.base.exceptions import TwilioException, TwilioRestException

    try:
        yield
    except TwilioRestException as error:
        reason = reason_of(error.code)
        if error.status == TOO_OFTEN:
            raise NotNow("Twilio takes no more texts just now.", code=str(error.code), wait=5) from None
        if error.status >= 500:
            raise NoAnswer(AWAY, code=str(error.code)) from None
        if error.code == 20003:
            raise NotNow(reason.words, code=str(error.code), wait=300) from None
        words = reason.words if error.code else "Twilio refused this text."
        raise Refused(f"{words} ({error.code})", code=str(error.code), suppress=reason.suppress) from None
    except requests.ConnectTimeout:
        raise NotNow(AWAY) from None
    except requests.ConnectionError as error:
        # A connection that never came about is another thing than one that broke.
        if "NewConnectionError" in repr(error):
            raise NotNow(AWAY) from None
        raise NoAnswer(AWAY) from None
    except (requests.RequestException, TwilioException, OSError, ValueError):
        raise NoAnswer(AWAY) from None
