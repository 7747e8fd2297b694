"""Messages saved on an invoice to be sent later."""

from crm.models import User
from invoicing.models import Invoice
from messaging.models import Draft


def drafted(invoice: Invoice) -> Draft | None:
    return Draft.objects.filter(invoice=invoice).select_related("saved_by").first()


def save_draft(invoice: Invoice, *, channel: str, subject: str, body: str, by: User) -> Draft:
    draft, _ = Draft.objects.update_or_create(
        invoice=invoice, defaults={"channel": channel, "subject": subject, "body": body, "saved_by": by}
    )
    return draft
