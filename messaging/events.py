"""A thread as it is read: messages and money in the order of time, with their invoices as they stand now."""

import hashlib
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Count, Max

from crm.models import Contact
from invoicing.display import InvoiceRow, shown
from invoicing.links import living_urls
from invoicing.models import Invoice, Payment
from messaging.models import Conversation, Message

MOST = 100


@dataclass(frozen=True)
class Event:
    """One line of a thread: a message with its invoice, or a payment."""

    at: datetime
    message: Message | None = None
    payment: Payment | None = None
    invoice: InvoiceRow | None = None
    page: str = ""  # the customer's page of that invoice


@dataclass(frozen=True)
class Thread:
    """``older`` is the message before which there are more, or 0; ``version`` changes with whatever is shown."""

    events: list[Event]
    older: int
    last: int
    version: str


def read_thread(conversation: Conversation, today: date, *, before: int = 0) -> Thread:
    """The newest messages of a thread, or those before one of them; oldest first."""
    version = version_of(conversation)
    rows = conversation.messages.select_related("actor", "invoice", "repeat").order_by("-id")
    found = list((rows.filter(pk__lt=before) if before else rows)[: MOST + 1])
    has_older, messages = len(found) > MOST, found[:MOST][::-1]
    pages = living_urls({message.invoice_id for message in messages if message.invoice_id})
    events = [
        Event(
            message.created_at,
            message=message,
            invoice=shown(message.invoice, today) if message.invoice else None,
            page=pages.get(message.invoice_id or 0, ""),
        )
        for message in messages
    ]
    events += _payments(conversation.contact, messages, is_old=bool(before))
    events.sort(key=lambda event: event.at)
    return Thread(events, messages[0].pk if has_older else 0, messages[-1].pk if messages else 0, version)


def version_of(conversation: Conversation) -> str:
    """A short word that changes when a message, a payment or an invoice of the thread does."""
    facts = [conversation.messages.aggregate(Count("id"), Max("changed_at"))]
    if conversation.contact_id:
        facts += [
            Payment.objects.filter(contact=conversation.contact_id).aggregate(Count("id"), Max("changed_at")),
            Invoice.objects.filter(contact=conversation.contact_id).aggregate(Max("changed_at"), Max("viewed_at")),
        ]
    state = (conversation.closed_at, conversation.assigned_to_id)
    return hashlib.sha256(repr((facts, state)).encode()).hexdigest()[:16]


def _payments(contact: Contact | None, messages: list[Message], *, is_old: bool) -> list[Event]:
    """What the contact paid in the stretch of time that is shown."""
    if contact is None or not messages:
        return []
    paid = Payment.objects.filter(contact=contact, amount__gt=0, is_void=False, created_at__gte=messages[0].created_at)
    if is_old:
        paid = paid.filter(created_at__lte=messages[-1].created_at)
    return [Event(one.created_at, payment=one) for one in paid.order_by("-id")[:MOST]]
