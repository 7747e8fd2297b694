"""Messages that go out: written as rows, in the transaction of the fact itself. A worker hands them over."""

import uuid
from datetime import timedelta

from django.db import transaction
from django.utils import timezone
from django_q.tasks import async_task

from crm.models import Business, Contact, User
from crm.phone import readable
from invoicing import sent
from invoicing.models import Invoice
from messaging import opt_out
from messaging.conversations import conversation_of, touch
from messaging.models import Conversation, Draft, Message
from messaging.segments import measure, plainer
from messaging.suppressing import why_suppressed
from messaging.transports import get_text_transport
from messaging.words import LONGEST, message_for, subject_for, text_for

Channel = Message.Channel
# How long a recipient remembers how to stop texts.
OPT_OUT_EVERY = timedelta(days=30)


class CannotSend(Exception):
    """Nothing was sent; the text says why, in words for the page."""


def address_of(contact: Contact | None, channel: str) -> str:
    """Where messages to a contact go; "" where the contact has no such address that is theirs alone."""
    if contact is None:
        return ""
    return contact.phone if channel == Channel.TEXT else contact.email


def why_no_channel(contact: Contact | None, channel: str) -> str:
    """Why nothing can be sent to this contact in this way, in words; "" where something can."""
    if contact is None:
        return "There is no contact to send it to."
    if contact.is_archived:
        return f"{contact.name} is archived. Restore the contact first."
    address = address_of(contact, channel)
    if not address:
        return f"{contact.name} has no {'mobile number' if channel == Channel.TEXT else 'email address'} of their own."
    if channel == Channel.TEXT and (why := get_text_transport().why_not):
        return why
    why = why_suppressed(channel, address)
    return f"{_shown(channel, address)} {why}." if why else ""


def _shown(channel: str, address: str) -> str:
    """The address as people here write it."""
    return readable(address, Business.load().country) if channel == Channel.TEXT else address


def why_not_send(invoice: Invoice, channel: str) -> str:
    """Why this invoice cannot be sent in this way, in words; "" where it can."""
    return sent.why_not_send(invoice) or why_no_channel(invoice.contact, channel)


def needs_opt_out_line(address: str) -> bool:
    """Whether it is time to say again how to stop: in the first text to a number, and every 30 days."""
    lately = Message.objects.filter(
        address=address, has_opt_out_line=True, created_at__gt=timezone.now() - OPT_OUT_EVERY
    ).exclude(status=Message.Status.FAILED)
    return not lately.exists()


@transaction.atomic
def send_invoice(
    invoice: Invoice, *, channel: str, body: str, subject: str = "", key: uuid.UUID, actor: User | None
) -> Message:
    """Queue the message with its link and mark the invoice sent; the same ``key`` again is the same message.

    ``body`` has its placeholders still. Raises CannotSend, or UnknownPlaceholder.
    """
    invoice = Invoice.objects.select_for_update(of=("self",)).select_related("contact").get(pk=invoice.pk)
    earlier = Message.objects.filter(key=key).first()
    if earlier is not None:
        return earlier
    why = why_not_send(invoice, channel)
    if why or invoice.contact is None:
        raise CannotSend(why)
    address = address_of(invoice.contact, channel)
    with_line = channel == Channel.TEXT and needs_opt_out_line(address)
    words = text_for(invoice, body, with_opt_out=with_line) if channel == Channel.TEXT else message_for(invoice, body)
    message = queue(
        conversation_of(invoice.contact),
        channel=channel,
        address=address,
        subject=subject_for(invoice, subject) if channel == Channel.EMAIL else "",
        body=words,
        key=key,
        actor=actor,
        invoice=invoice,
        has_opt_out_line=with_line,
    )
    Draft.objects.filter(invoice=invoice).delete()
    sent.mark_sent(invoice, actor=actor, how=f"by {channel} to {_shown(channel, address)}")
    return message


@transaction.atomic
def send_text(conversation: Conversation, *, body: str, key: uuid.UUID, actor: User) -> Message:
    """Queue a text that staff wrote in a conversation. Raises CannotSend."""
    Conversation.objects.select_for_update().get(pk=conversation.pk)  # a second click waits for the first
    earlier = Message.objects.filter(key=key).first()
    if earlier is not None:
        return earlier
    address = conversation.address or address_of(conversation.contact, Channel.TEXT)
    why = why_no_text(conversation)
    if why:
        raise CannotSend(why)
    words = plainer(body.strip())
    with_line = needs_opt_out_line(address)
    return queue(
        conversation,
        channel=Channel.TEXT,
        address=address,
        body=f"{words}\n{opt_out.LINE}" if with_line else words,
        key=key,
        actor=actor,
        has_opt_out_line=with_line,
    )


def why_no_text(conversation: Conversation) -> str:
    """Why no text can be written in this thread, in words; "" where one can."""
    if conversation.contact is not None:
        return why_no_channel(conversation.contact, Channel.TEXT)
    if "@" in conversation.address:
        return "This sender is known by an email address alone."
    why = why_suppressed(Channel.TEXT, conversation.address)
    return get_text_transport().why_not or (f"{conversation.address} {why}." if why else "")


@transaction.atomic
def repeat(message: Message, *, actor: User) -> Message:
    """Send once more what failed, or of which nobody knows: as a message of its own, once. Raises CannotSend."""
    message = Message.objects.select_for_update(of=("self",)).select_related("conversation__contact").get(pk=message.pk)
    if not message.can_be_repeated:
        raise CannotSend("This message is on its way already.")
    why = why_suppressed(message.channel, message.address)
    if why:
        raise CannotSend(f"{message.address} {why}.")
    return queue(
        message.conversation,
        channel=message.channel,
        address=message.address,
        subject=message.subject,
        body=message.body,
        repeats=message,
        actor=actor,
        invoice=message.invoice,
        has_opt_out_line=message.has_opt_out_line,
    )


def queue(conversation: Conversation, *, channel: str, body: str, **fields: object) -> Message:
    """Write a message that goes out; a worker hears of it once it is there to be read."""
    if channel == Channel.TEXT and len(body) > LONGEST:
        raise CannotSend(f"A text has room for {LONGEST:,} characters, and this one has {len(body):,}.")
    message = Message.objects.create(
        conversation=conversation,
        direction=Message.Direction.OUT,
        status=Message.Status.QUEUED,
        channel=channel,
        body=body,
        parts=measure(body).parts if channel == Channel.TEXT else 1,
        **fields,
    )
    touch(conversation, is_unread=False)
    async_task("messaging.tasks.deliver", channel, q_options={"save": False})
    return message
