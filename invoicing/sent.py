"""That an invoice was sent: who, when, and told to whoever wants to know."""

from django.db import transaction
from django.db.models.functions import Coalesce
from django.utils import timezone

from crm import audit
from crm.models import User
from invoicing.models import Invoice
from invoicing.signals import invoice_sent


def why_not_send(invoice: Invoice) -> str:
    """Why it cannot be sent to anybody, in words; "" where it can."""
    if invoice.is_in_conflict:
        return "Its customer in QuickBooks clashes with a contact. Resolve the conflict first."
    if invoice.removed_at:
        return "It was removed."
    if invoice.status == Invoice.Status.VOID:
        return "It is void."
    if invoice.status == Invoice.Status.DRAFT:
        return "It is a draft."
    return ""


@transaction.atomic
def mark_sent(invoice: Invoice, *, actor: User | None, how: str, origin: str = "staff") -> None:
    """Keep who sent it and when; ``how`` is such as "by text to (415) 555-0123"."""
    now = timezone.now()
    Invoice.objects.filter(pk=invoice.pk).update(sent_at=Coalesce("sent_at", now), last_sent_at=now, last_sent_by=actor)
    invoice.refresh_from_db(fields=["sent_at", "last_sent_at", "last_sent_by"])
    audit.record(
        "invoice",
        invoice,
        verb="invoice.sent",
        actor=actor,
        origin=origin,
        contact=invoice.contact,
        text=f"{invoice} sent {how}",
    )
    invoice_sent.send(sender=Invoice, invoice=invoice, origin=origin)
