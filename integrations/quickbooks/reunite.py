"""Invoices and payments whose customer was in conflict find their contact once it is resolved."""

from crm.audit import entry, record_many
from integrations.quickbooks.importing import Context
from invoicing.models import Invoice, Payment


def reunite(context: Context, customer_id: str, contact_id: int) -> None:
    """Give what stands under QuickBooks' customer name alone to the contact that the customer is now."""
    for model, subject in ((Invoice, "invoice"), (Payment, "payment")):
        waiting = model.objects.filter(
            contact=None,
            quickbooks_link__connection=context.connection,
            quickbooks_link__customer_id=customer_id,
        )
        pks = list(waiting.values_list("pk", flat=True))
        model.objects.filter(pk__in=pks).update(contact=contact_id)
        record_many(
            entry(
                subject,
                pk,
                verb=f"{subject}.changed",
                actor=context.actor,
                origin=context.origin,
                contact_id=contact_id,
                changes={"contact_id": [None, contact_id]},
                text="Its customer is no longer in conflict",
            )
            for pk in pks
        )
