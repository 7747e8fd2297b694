"""What comes in: replies, and what became of messages that went out. Each is told more than once, in any order."""

import hashlib
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from crm.models import Business
from invoicing.models import Invoice
from messaging import opt_out
from messaging.conversations import conversation_of, conversation_with, touch
from messaging.models import Message, Suppression
from messaging.sending import queue
from messaging.signals import message_failed, message_received
from messaging.suppressing import release, suppress

P = ParamSpec("P")
Status, Channel, Reason = Message.Status, Message.Channel, Suppression.Reason
# What may still follow each status; a later one is never overwritten by an earlier.
BEFORE = {
    Status.SENT: [Status.QUEUED, Status.SENDING, Status.UNSURE],
    Status.DELIVERED: [Status.QUEUED, Status.SENDING, Status.UNSURE, Status.SENT],
    Status.FAILED: [Status.QUEUED, Status.SENDING, Status.UNSURE, Status.SENT],
}

LONGEST_ADDRESS, LONGEST_REFERENCE, LONGEST_MAIL = 254, 200, 20_000
ANSWERS = {
    "stop": "{business}: you get no more texts from us. Reply START to get them again.",
    "start": "{business}: you get our texts again. Reply STOP to opt out.",
    "help": "{business}: we text about your invoices. Write here and a person reads it. Reply STOP to opt out.",
}


def _settled(receive: Callable[P, Message | None]) -> Callable[P, Message | None]:
    """In one transaction; and once more where another kept the same at this moment, or its thread was moved away."""

    @wraps(receive)
    def settled(*told: P.args, **facts: P.kwargs) -> Message | None:
        try:
            with transaction.atomic():
                return receive(*told, **facts)
        except IntegrityError:
            with transaction.atomic():
                return receive(*told, **facts)

    return settled


@_settled
def receive_text(*, reference: str, sender: str, body: str, keyword: str = "", media: int = 0) -> Message | None:
    """Keep a text that came in, once per ``reference``; None where it was kept before.

    ``keyword`` is "stop", "start" or "help" where the network itself acted on it and has answered the sender already.
    """
    if Message.objects.filter(channel=Channel.TEXT, reference=reference).exists():
        return None
    conversation = conversation_with(Channel.TEXT, sender)
    meaning = keyword or opt_out.read_reply(body)
    words = body if not media else f"{body}\n[{media} picture{'s' if media > 1 else ''}, not shown here]".strip()
    message = Message.objects.create(
        conversation=conversation,
        direction=Message.Direction.IN,
        channel=Channel.TEXT,
        address=sender,
        body=words,
        status=Status.RECEIVED,
        reference=reference,
    )
    touch(conversation, is_unread=True)
    if _act(message, meaning) and not keyword:
        queue(
            conversation,
            channel=Channel.TEXT,
            address=sender,
            body=ANSWERS[meaning].format(business=Business.load().name),
            is_answer=True,
        )
    message_received.send(sender=Message, message=message, meaning=meaning)
    return message


@_settled
def receive_email(*, reference: str, sender: str, subject: str, body: str) -> Message | None:
    """Keep a reply by mail, once per ``reference``; None where it was kept before, or cannot be told from another."""
    if not reference or not 0 < len(sender) <= LONGEST_ADDRESS:
        return None
    conversation = conversation_with(Channel.EMAIL, sender)
    message, is_new = Message.objects.get_or_create(
        channel=Channel.EMAIL,
        reference=hashlib.sha256(reference.encode()).hexdigest() if len(reference) > LONGEST_REFERENCE else reference,
        defaults={
            "conversation": conversation,
            "direction": Message.Direction.IN,
            "address": sender,
            "subject": " ".join(subject.split()).replace("\x00", "")[:200],
            "body": body.replace("\x00", "").strip()[:LONGEST_MAIL],
            "status": Status.RECEIVED,
        },
    )
    if not is_new:
        return None
    release(Channel.EMAIL, sender, reason=Reason.BOUNCED, origin="email")  # somebody is at that mailbox again
    touch(conversation, is_unread=True)
    message_received.send(sender=Message, message=message, meaning="")
    return message


@_settled
def receive_question(invoice: Invoice, body: str) -> Message | None:
    """Keep what a customer asked on an invoice's page; the same words of one day once. None for nobody's invoice."""
    if invoice.contact is None:
        return None
    conversation = conversation_of(invoice.contact)
    asked = f"{invoice.pk} {timezone.now().date()} {body}"
    message, is_new = Message.objects.get_or_create(
        channel=Channel.PAGE,
        reference=hashlib.sha256(asked.encode()).hexdigest(),
        defaults={
            "conversation": conversation,
            "direction": Message.Direction.IN,
            "address": "",
            "body": body,
            "status": Status.RECEIVED,
            "invoice": invoice,
        },
    )
    if is_new:
        touch(conversation, is_unread=True)
        message_received.send(sender=Message, message=message, meaning="")
    return message


def update_delivery(
    *, reference: str, key: str = "", status: str, error: str = "", code: str = "", suppress_as: str = ""
) -> bool:
    """Take over what became of a message that went out; False where nothing changed.

    It is found by the vendor's ``reference``, or by our own ``key`` where the answer that brought it was lost.
    """
    found = Q(reference=reference) | (Q(key=key, reference="") if key else Q())
    message = Message.objects.filter(found, direction=Message.Direction.OUT).first()
    if message is None:
        return False
    with transaction.atomic():
        rows = Message.objects.filter(pk=message.pk)
        rows.filter(reference="").update(reference=reference)
        now = timezone.now()
        rows.filter(sent_at=None).update(sent_at=now)
        moved = rows.filter(status__in=BEFORE[Status(status)]).update(
            status=status, not_before=None, error=error[:500], error_code=code[:20], changed_at=now
        )
        if suppress_as:
            suppress(message.channel, message.address, reason=suppress_as, words=error, origin="carrier")
        if moved and status == Status.FAILED:
            message.refresh_from_db()
            message_failed.send(sender=Message, message=message)
    return bool(moved)


def _act(message: Message, meaning: str) -> bool:
    """Do what the reply asks for; whether that is worth an answer: asked for twice it is confirmed once."""
    if meaning == "stop":
        return suppress(Channel.TEXT, message.address, reason=Reason.OPTED_OUT, words=message.body, origin="text")
    if meaning == "start":
        return release(Channel.TEXT, message.address, reason=Reason.OPTED_OUT, origin="text")
    return meaning == "help"
