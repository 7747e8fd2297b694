"""How it stands with the sender of texts, as far as networks have told."""

from dataclasses import dataclass
from datetime import timedelta

from django.utils import timezone

from messaging.models import Message
from messaging.transports import get_text_transport

DAYS = 30
UNREGISTERED = "30034"  # what United States networks answer to texts of a number that is not registered


@dataclass(frozen=True)
class SenderState:
    """``refused`` of ``texts`` in the last 30 days came back because the number is not registered."""

    why_not: str
    sender: str
    per_second: float
    texts: int
    delivered: int
    refused: int


def sender_state() -> SenderState:
    transport = get_text_transport()
    since = timezone.now() - timedelta(days=DAYS)
    texts = Message.objects.filter(direction=Message.Direction.OUT, channel=Message.Channel.TEXT, created_at__gt=since)
    return SenderState(
        why_not=transport.why_not,
        sender=transport.sender,
        per_second=transport.per_second,
        texts=texts.count(),
        delivered=texts.filter(status=Message.Status.DELIVERED).count(),
        refused=texts.filter(error_code=UNREGISTERED).count(),
    )
