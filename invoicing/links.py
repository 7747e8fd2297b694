"""The customer's address of an invoice: made once, found again, replaced when it got into wrong hands."""

from collections.abc import Iterable

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from crm.audit import record
from crm.models import Contact, User
from invoicing.models import Invoice, PublicLink
from invoicing.models.invoices import InvoiceQuerySet
from invoicing.statement_links import end_statement_links
from invoicing.tokens import could_be_token, new_token


def link_for(invoice: Invoice) -> PublicLink:
    """The living link of an invoice, made the first time; two at once get the same one."""
    link = PublicLink.objects.filter(invoice=invoice, replaced_at=None).first()
    if link is None:
        PublicLink.objects.bulk_create([PublicLink(invoice=invoice, token=new_token())], ignore_conflicts=True)
        link = PublicLink.objects.get(invoice=invoice, replaced_at=None)
    return link


def url_of(invoice: Invoice) -> str:
    """The whole address, as it stands in a text; the link is made if there is none."""
    return _address(link_for(invoice))


def living_url(invoice: Invoice) -> str:
    """The address where a link was made, else ""."""
    link = PublicLink.objects.filter(invoice=invoice, replaced_at=None).first()
    return _address(link) if link else ""


def living_urls(invoices: Iterable[int]) -> dict[int, str]:
    """The addresses of many, by invoice; those without a link are left out."""
    links = PublicLink.objects.filter(invoice__in=list(invoices), replaced_at=None)
    return {link.invoice_id: _address(link) for link in links}


def _address(link: PublicLink) -> str:
    return f"{settings.SITE_URL}/i/{link.token}/"


@transaction.atomic
def replace_link(invoice: Invoice, *, actor: User) -> PublicLink:
    """End the living link and make another: a wrong number had it, or a phone changed hands.

    The statement's link ends with it: whoever had the one may have opened the other, which leads to the new one.
    """
    if invoice.contact is not None:
        end_statement_links(invoice.contact)
    Invoice.objects.select_for_update().get(pk=invoice.pk)
    PublicLink.objects.filter(invoice=invoice, replaced_at=None).update(replaced_at=timezone.now())
    record(
        "invoice",
        invoice,
        verb="invoice.link_replaced",
        actor=actor,
        origin="staff",
        contact=invoice.contact,
        text=f"{invoice} has a new link; the old one no longer works",
    )
    return link_for(invoice)


@transaction.atomic
def replace_links_of(contact: Contact, *, actor: User) -> int:
    """End the links of a contact's invoices and make others: a phone changed hands. How many there were.

    Those of paid ones too, for each leads to the others. The statement's link ends as well, and is made anew when it
    is needed.
    """
    end_statement_links(contact)
    linked = PublicLink.objects.filter(invoice__contact=contact, replaced_at=None)
    invoices = list(Invoice.objects.filter(pk__in=linked.values("invoice")).order_by("pk"))
    for invoice in invoices:
        replace_link(invoice, actor=actor)
    return len(invoices)


def invoice_of(token: str) -> Invoice | None:
    """The invoice that a living link shows; None for an unknown or replaced one, and for a void or removed invoice."""
    if not could_be_token(token):
        return None
    return next(iter(shown_by(token)), None)


def shown_by(token: str) -> InvoiceQuerySet:
    """What a link shows, one invoice at most."""
    shown = Invoice.objects.present().exclude(status__in=[Invoice.Status.VOID, Invoice.Status.DRAFT])
    return shown.filter(public_links__token=token, public_links__replaced_at=None)
