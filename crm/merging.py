"""Two contacts that are one."""

from django.db import transaction
from django.utils import timezone

from crm import audit, signals
from crm.models import Activity, Contact, User


@transaction.atomic
def merge_contacts(loser: Contact, survivor: Contact, *, actor: User | None, origin: str) -> Contact:
    """Move everything of ``loser`` to ``survivor`` and archive it, which frees its email and number.

    The floors above move what they hold when they hear of it, in this transaction. Notes are kept, one below the other.
    Raises ValueError for a contact and itself.
    """
    if loser.pk == survivor.pk:
        raise ValueError("A contact cannot be merged with itself.")
    both = Contact.objects.select_for_update().in_bulk([loser.pk, survivor.pk])
    loser, survivor = both[loser.pk], both[survivor.pk]
    if loser.notes:
        survivor.notes = "\n\n".join(text for text in (survivor.notes, loser.notes) if text)
    if survivor.parent_id == loser.pk:
        survivor.parent_id = loser.parent_id
    Contact.objects.filter(parent=loser).exclude(pk=survivor.pk).update(parent=survivor)
    Activity.objects.filter(contact=loser).update(contact=survivor)
    loser.archived_at = loser.archived_at or timezone.now()
    loser.save()
    survivor.save()
    text = f"Merged with {loser.name}"
    audit.record("contact", survivor, verb="contact.merged", actor=actor, origin=origin, text=text)
    signals.contact_merged.send(sender=Contact, loser=loser, survivor=survivor, actor=actor, origin=origin)
    return survivor
