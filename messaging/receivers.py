"""What messaging does when it hears of others: it writes rows, and nothing else."""

from typing import Any

from django.dispatch import receiver
from django.urls import reverse

from crm.models import Contact
from crm.signals import contact_merged
from invoicing.models import Payment
from invoicing.money import format_money
from invoicing.signals import payment_recorded
from messaging import conversations, notices
from messaging.models import Conversation, Message
from messaging.signals import message_failed, message_received

# Money that staff know of already: they noted it, or their books told us.
KNOWN = frozenset({"staff", "quickbooks"})


@receiver(contact_merged, dispatch_uid="messaging.contact_merged")
def threads_follow_the_survivor(sender: Any, loser: Contact, survivor: Contact, **facts: Any) -> None:
    thread = Conversation.objects.filter(contact=loser).first()
    if thread is None:
        return
    if not Conversation.objects.filter(contact=survivor).exists():
        Conversation.objects.filter(pk=thread.pk).update(contact=survivor)
        return
    conversations.merge(thread, conversations.conversation_of(survivor))


@receiver(payment_recorded, dispatch_uid="messaging.payment_recorded")
def money_opens_a_thread(sender: Any, payment: Payment, origin: str, **facts: Any) -> None:
    """Whoever paid is worth a look; what an import brings is not news."""
    if origin != "import" and payment.amount > 0 and payment.contact_id:
        Conversation.objects.closed().filter(contact=payment.contact_id).update(closed_at=None)


@receiver(message_received, dispatch_uid="messaging.notices.message_received")
def staff_hear_of_replies(sender: Any, message: Message, **facts: Any) -> None:
    words = f"{message.conversation} wrote: {' '.join(message.body.split())}"
    _tell("replies", message, words)


@receiver(message_failed, dispatch_uid="messaging.notices.message_failed")
def staff_hear_of_failures(sender: Any, message: Message, **facts: Any) -> None:
    if message.is_answer:  # whoever asked for no more texts may be refused even the answer, by the network itself
        return
    _tell("failures", message, f"A message to {message.conversation} did not arrive. {message.error}")


@receiver(payment_recorded, dispatch_uid="messaging.notices.payment_recorded")
def staff_hear_of_payments(sender: Any, payment: Payment, origin: str, **facts: Any) -> None:
    if payment.source in KNOWN or origin == "import" or payment.amount <= 0:
        return
    thread = Conversation.objects.filter(contact=payment.contact_id).first() if payment.contact_id else None
    allocation = payment.allocations.select_related("invoice").first()
    path = reverse("invoicing:detail", args=[allocation.invoice_id]) if allocation else reverse("invoicing:list")
    what = f" for {allocation.invoice}" if allocation else ""
    words = f"{format_money(payment.amount, payment.currency)} from {payment.customer_name}{what}"
    notices.tell("payments", f"payment.{payment.pk}", words, path, owner_id=thread.assigned_to_id if thread else None)


def _tell(kind: str, message: Message, words: str) -> None:
    thread = message.conversation
    path = f"{reverse('messaging:detail', args=[thread.pk])}#message-{message.pk}"
    notices.tell(kind, f"{kind}.{message.pk}", words, path, owner_id=thread.assigned_to_id)
