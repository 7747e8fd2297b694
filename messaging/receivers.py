"""What messaging does when it hears of others: it writes rows, and nothing else."""

from typing import Any

from django.dispatch import receiver

from crm.models import Contact
from crm.signals import contact_merged
from invoicing.models import Payment
from invoicing.signals import payment_recorded
from messaging import conversations
from messaging.models import Conversation


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
