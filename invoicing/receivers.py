"""What invoicing does when it hears of others."""

from typing import Any

from django.dispatch import receiver
from django.utils import timezone

from crm.audit import entry, record_many
from crm.models import Contact, User
from crm.signals import contact_merged
from invoicing.models import Invoice, Payment, StatementLink

MODELS: tuple[tuple[type[Any], str], ...] = ((Invoice, "invoice"), (Payment, "payment"))


@receiver(contact_merged, dispatch_uid="invoicing.contact_merged")
def move_to_survivor(
    sender: Any, loser: Contact, survivor: Contact, actor: User | None, origin: str, **facts: Any
) -> None:
    """Invoices and payments of the one are the other's."""
    for model, subject in MODELS:
        rows = model.objects.filter(contact=loser)
        pks = list(rows.values_list("pk", flat=True))
        rows.update(contact=survivor)
        record_many(
            entry(
                subject,
                pk,
                verb=f"{subject}.changed",
                actor=actor,
                origin=origin,
                contact_id=survivor.pk,
                changes={"contact_id": [loser.pk, survivor.pk]},
                text=f"Moved to {survivor.name}: the contacts were merged",
            )
            for pk in pks
        )


@receiver(contact_merged, dispatch_uid="invoicing.statement.contact_merged")
def statement_follows_the_survivor(sender: Any, loser: Contact, survivor: Contact, **facts: Any) -> None:
    """Its link goes on to work where the survivor has none; two cannot live."""
    if StatementLink.objects.filter(contact=survivor, replaced_at=None).exists():
        StatementLink.objects.filter(contact=loser, replaced_at=None).update(replaced_at=timezone.now())
    StatementLink.objects.filter(contact=loser).update(contact=survivor)
