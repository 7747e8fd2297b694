"""What staff should look at on an invoice, and that somebody did."""

from django.db import transaction

from crm import audit
from crm.models import User
from invoicing.models import Invoice


@transaction.atomic
def clear_attention(invoice: Invoice, seen: str, *, by: User) -> bool:
    """Note that ``by`` has looked at what stood there; False if something else stands there by now."""
    found = Invoice.objects.present().filter(pk=invoice.pk, attention=seen).exclude(attention="")
    if not found.update(attention=""):
        return False
    audit.record(
        "invoice",
        invoice.pk,
        verb="invoice.looked_at",
        actor=by,
        origin="staff",
        contact_id=invoice.contact_id,
        text="Looked at, and done",
        changes={"attention": [seen, ""]},
    )
    return True
