"""Conversations: which one a message belongs to, and what staff do with them."""

from django.db import transaction
from django.utils import timezone

from crm import audit
from crm.models import Contact, User
from messaging.models import Conversation, Message


def conversation_of(contact: Contact) -> Conversation:
    """The contact's thread, made the first time; two at once get the same one."""
    found = Conversation.objects.filter(contact=contact).first()
    if found is None:
        Conversation.objects.bulk_create([Conversation(contact=contact)], ignore_conflicts=True)
        found = Conversation.objects.get(contact=contact)
    return found


def conversation_with(channel: str, address: str) -> Conversation:
    """The thread of whoever has this number or email: a live contact, or nobody yet."""
    field = "phone" if channel == Message.Channel.TEXT else "email"
    contact = Contact.objects.recognised(field, [address]).first()
    if contact is not None:
        return conversation_of(contact)
    found = Conversation.objects.filter(address=address).first()
    if found is None:
        Conversation.objects.bulk_create([Conversation(address=address)], ignore_conflicts=True)
        found = Conversation.objects.get(address=address)
    return found


def touch(conversation: Conversation, *, is_unread: bool) -> None:
    """Something was said: the thread is open and on top."""
    values = {"last_at": timezone.now(), "closed_at": None} | ({"is_unread": True} if is_unread else {})
    Conversation.objects.filter(pk=conversation.pk).update(**values)


@transaction.atomic
def mark_read(conversation: Conversation, last_seen: int) -> None:
    """Staff have read it up to the message ``last_seen``; one that came in since stays unread."""
    # Whoever brings one at this moment waits, or was first.
    Conversation.objects.select_for_update().filter(pk=conversation.pk).first()
    newer = conversation.messages.filter(direction=Message.Direction.IN, pk__gt=last_seen)
    if not newer.exists():
        Conversation.objects.filter(pk=conversation.pk, is_unread=True).update(is_unread=False)


@transaction.atomic
def set_closed(conversation: Conversation, is_closed: bool, *, actor: User) -> bool:
    """Close or reopen; False where it was so already. A reply or a payment opens it again."""
    rows = Conversation.objects.filter(pk=conversation.pk, closed_at__isnull=is_closed)
    if not rows.update(closed_at=timezone.now() if is_closed else None):
        return False
    word = "closed" if is_closed else "reopened"
    _record(conversation, f"conversation.{word}", actor, f"Conversation {word}")
    return True


@transaction.atomic
def assign(conversation: Conversation, to: User | None, *, actor: User) -> bool:
    if conversation.assigned_to_id == (to.pk if to else None):
        return False
    Conversation.objects.filter(pk=conversation.pk).update(assigned_to=to)
    _record(
        conversation,
        "conversation.assigned",
        actor,
        f"Conversation given to {to}" if to else "Conversation given to nobody",
    )
    return True


@transaction.atomic
def attach(conversation: Conversation, contact: Contact, *, actor: User) -> Conversation:
    """Say whose number it is: its messages go into the contact's thread. The contact's own data stay as they are."""
    known = conversation_of(contact)
    if known.pk == conversation.pk:
        return known
    merge(conversation, known)
    known.refresh_from_db()
    _record(known, "conversation.attached", actor, f"Messages of {conversation.address} belong to {contact.name}")
    return known


@transaction.atomic
def merge(loser: Conversation, survivor: Conversation) -> None:
    """Move every message over and drop the empty thread."""
    rows = Conversation.objects.select_for_update().in_bulk([loser.pk, survivor.pk])
    if len(rows) < 2:
        return
    loser, survivor = rows[loser.pk], rows[survivor.pk]
    Message.objects.filter(conversation=loser).update(conversation=survivor)
    survivor.is_unread = survivor.is_unread or loser.is_unread
    survivor.last_at = max(survivor.last_at, loser.last_at)
    survivor.closed_at = survivor.closed_at and loser.closed_at
    survivor.assigned_to_id = survivor.assigned_to_id or loser.assigned_to_id
    survivor.save()
    loser.delete()


def _record(conversation: Conversation, verb: str, actor: User, text: str) -> None:
    audit.record(
        "conversation", conversation, verb=verb, actor=actor, origin="staff", contact=conversation.contact, text=text
    )
