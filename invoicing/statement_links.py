"""The customer's address of everything they owe: made when it is first needed, found again, replaced."""

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from crm.audit import record
from crm.models import Contact, User
from invoicing.models import PublicLink, StatementLink
from invoicing.tokens import could_be_token, new_token


def statement_link_for(contact: Contact) -> StatementLink:
    """The living link of a contact, made the first time; two at once get the same one."""
    link = StatementLink.objects.filter(contact=contact, replaced_at=None).first()
    if link is None:
        StatementLink.objects.bulk_create([StatementLink(contact=contact, token=new_token())], ignore_conflicts=True)
        link = StatementLink.objects.get(contact=contact, replaced_at=None)
    return link


def statement_url(contact: Contact) -> str:
    """The whole address, as it stands in a text; the link is made if there is none."""
    return _address(statement_link_for(contact))


def living_statement_url(contact: Contact) -> str:
    """The address where a link was made, else ""."""
    link = StatementLink.objects.filter(contact=contact, replaced_at=None).first()
    return _address(link) if link else ""


def _address(link: StatementLink) -> str:
    return f"{settings.SITE_URL}/s/{link.token}/"


def contact_of(token: str) -> Contact | None:
    """The contact that a living link is of; None for an unknown or replaced one."""
    if not could_be_token(token):
        return None
    link = StatementLink.objects.select_related("contact").filter(token=token, replaced_at=None).first()
    return link.contact if link else None


@transaction.atomic
def replace_statement_link(contact: Contact, *, with_invoices: bool, actor: User) -> StatementLink:
    """End the living link and make another; ``with_invoices`` also those of the contact's invoices, which it led to."""
    end_statement_links(contact)
    text = "The statement has a new link; the old one no longer works"
    if with_invoices:
        _replace_invoice_links(contact)
        text = "The statement and the invoices have new links; the old ones no longer work"
    record("contact", contact, verb="contact.statement_replaced", actor=actor, origin="staff", text=text)
    return statement_link_for(contact)


def end_statement_links(contact: Contact) -> None:
    Contact.objects.select_for_update().get(pk=contact.pk)
    StatementLink.objects.filter(contact=contact, replaced_at=None).update(replaced_at=timezone.now())


def _replace_invoice_links(contact: Contact) -> None:
    living = PublicLink.objects.filter(invoice__contact=contact, replaced_at=None)
    invoices = list(living.values_list("invoice", flat=True))
    living.update(replaced_at=timezone.now())
    PublicLink.objects.bulk_create(
        [PublicLink(invoice_id=pk, token=new_token()) for pk in invoices], ignore_conflicts=True
    )
