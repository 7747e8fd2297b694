"""The customer's address of an invoice: made once, found again, replaced when it got into wrong hands."""

import secrets
from collections.abc import Iterable

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from crm.audit import record
from crm.models import User
from invoicing.models import Invoice, PublicLink
from invoicing.models.invoices import InvoiceQuerySet

BYTES = 16  # 128 bits of secret, 22 characters in the address
LONGEST = 32


def link_for(invoice: Invoice) -> PublicLink:
    """The living link of an invoice, made the first time; two at once get the same one."""
    link = PublicLink.objects.filter(invoice=invoice, replaced_at=None).first()
    if link is None:
        PublicLink.objects.bulk_create(
            [PublicLink(invoice=invoice, token=secrets.token_urlsafe(BYTES))], ignore_conflicts=True
        )
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
    """End the living link and make another: a wrong number had it, or a phone changed hands."""
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


def invoice_of(token: str) -> Invoice | None:
    """The invoice that a living link shows; None for an unknown or replaced one, and for a void or removed invoice."""
    if not may_be_token(token):
        return None
    return next(iter(behind(token)), None)


def may_be_token(text: str) -> bool:
    return len(text) <= LONGEST and text.isprintable()  # PostgreSQL cannot even look for a NUL


def behind(token: str) -> InvoiceQuerySet:
    """What a link shows, one invoice at most."""
    shown = Invoice.objects.present().exclude(status__in=[Invoice.Status.VOID, Invoice.Status.DRAFT])
    return shown.filter(public_links__token=token, public_links__replaced_at=None)
