"""What email services tell of mails: anymail has checked who tells it and given it one vocabulary."""

import re
from html import unescape
from typing import Any

from anymail.signals import AnymailInboundEvent, AnymailTrackingEvent, EventType, RejectReason, inbound, tracking
from django.dispatch import receiver
from django.utils.html import strip_tags

from messaging.models import Message, Suppression
from messaging.receiving import receive_email, update_delivery
from messaging.suppressing import suppress

Status, Reason = Message.Status, Suppression.Reason
DELIVERED = frozenset({EventType.DELIVERED, EventType.OPENED, EventType.CLICKED})
LOST = frozenset({EventType.BOUNCED, EventType.REJECTED, EventType.FAILED})
# No later mail will reach this address either.
FOR_GOOD = frozenset({RejectReason.INVALID, RejectReason.BOUNCED})
STOPPED = {
    EventType.COMPLAINED: (Reason.COMPLAINED, "Reported as spam."),
    EventType.UNSUBSCRIBED: (Reason.OPTED_OUT, "Unsubscribed at the email service."),
}

# Each stops at the next tag, so that no mail keeps them busy for long.
_UNSEEN = re.compile(r"<(style|script|title)\b(?:(?!</?(?:style|script|title)\b).)*", re.IGNORECASE | re.DOTALL)
_BREAK = re.compile(r"<(?:br|/p|/div|/tr|/li|/h\d)\b[^<>]*>", re.IGNORECASE)
LONGEST_HTML = 200_000


@receiver(tracking, dispatch_uid="integrations.mail_events")
def take_over(sender: Any, event: AnymailTrackingEvent, esp_name: str, **facts: Any) -> None:
    """Delivered, lost, or wanted no more. Told twice, or for a mail of nobody we know, it changes nothing."""
    reference, address = str(event.message_id or ""), str(event.recipient or "").casefold()
    if event.event_type in STOPPED and address:
        reason, words = STOPPED[event.event_type]
        suppress(Message.Channel.EMAIL, address, reason=reason, words=words, origin="email")
    elif event.event_type in DELIVERED and reference:
        update_delivery(reference=reference, status=Status.DELIVERED)
    elif event.event_type in LOST and reference:
        said = str(event.description or event.mta_response or "").strip()
        update_delivery(
            reference=reference,
            status=Status.FAILED,
            error=f"The mail came back. {said}".strip(),
            suppress_as=Reason.BOUNCED if event.reject_reason in FOR_GOOD else "",
        )


@receiver(inbound, dispatch_uid="integrations.mail_events.inbound")
def bring(sender: Any, event: AnymailInboundEvent, esp_name: str, **facts: Any) -> None:
    """A reply by mail. What its service takes for spam is left out; so is what has no sender."""
    mail = event.message
    if mail.spam_detected or mail.from_email is None or not mail.from_email.addr_spec:
        return
    receive_email(
        reference=str(mail["Message-ID"] or event.event_id or ""),
        sender=mail.from_email.addr_spec.casefold(),
        subject=str(mail.subject or ""),
        body=mail.stripped_text or mail.text or _plain(mail.html or ""),
    )


def _plain(html: str) -> str:
    """The words of a mail that has no plain ones."""
    words = unescape(strip_tags(_UNSEEN.sub("", _BREAK.sub("\n", html[:LONGEST_HTML]))))
    return "\n".join(line.strip() for line in words.splitlines() if line.strip())
