"""Invoices and payments whose customer was in conflict find their contact once it is resolved."""

from collections.abc import Mapping
from typing import Any

from crm.audit import entry, record_many
from integrations.quickbooks.importing import Context
from integrations.quickbooks.links import of_customers
from invoicing.models import Invoice, Payment

MODELS: tuple[tuple[type[Any], str], ...] = ((Invoice, "invoice"), (Payment, "payment"))


def reunite(context: Context, owners: Mapping[str, int]) -> None:
    """Give what stands under QuickBooks' customer name alone to the contact that the customer is now.

    ``owners`` names the contact of each customer.
    """
    if not owners:
        return
    for model, subject in MODELS:
        waits = {f"{subject}__isnull": False, f"{subject}__contact": None}
        waiting = of_customers(context.connection, owners).filter(**waits).values_list(subject, "customer_id")
        found = [(pk, owners[customer_id]) for pk, customer_id in waiting]
        model.objects.bulk_update([model(pk=pk, contact_id=owner) for pk, owner in found], ["contact"], batch_size=500)
        record_many(
            entry(
                subject,
                pk,
                verb=f"{subject}.changed",
                actor=context.actor,
                origin=context.origin,
                contact_id=owner,
                changes={"contact_id": [None, owner]},
                text="Its customer is no longer in conflict",
            )
            for pk, owner in found
        )
