"""Pay by card: a page at Stripe for exactly what is owed, one open page an invoice, or for all of a contact."""

from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone

from crm.models import Contact
from integrations import pay_pages
from integrations.errors import IntegrationError, Transient
from integrations.models import PaySession
from integrations.stripe import payments, refunds
from integrations.stripe.amounts import can_take, to_stripe
from integrations.stripe.client import client, errors
from invoicing.gateways import Bill, GatewayError, MoneyCame, PayPage
from invoicing.models import Invoice, Payment, Refund

LASTS = timedelta(hours=1)  # Stripe takes from half an hour to a day
NEARLY_OVER = timedelta(minutes=5)
MOST_ASKED = 10  # on the way back
Status = PaySession.Status


class StripeGateway:
    name = "stripe"
    way = "by card"
    label = f"Pay {way}"

    def takes(self, currency: str) -> bool:
        return bool(settings.STRIPE_SECRET_KEY)

    @property
    def origin(self) -> str:
        """Where its pages are; a sandbox's are beside its API."""
        parts = urlsplit(settings.STRIPE_API_URL)
        return (
            "https://checkout.stripe.com" if parts.hostname == "api.stripe.com" else f"{parts.scheme}://{parts.netloc}"
        )

    def pay_page(self, bill: Bill, *, back: str) -> PayPage:
        if not can_take(bill.amount, bill.currency):
            raise GatewayError(f"Stripe takes no amount of {bill.currency} as fine as that.", permanent=True)
        if self.waiting().filter(pk__in=bill.shares).exists():
            raise GatewayError("A payment of this is on its way already.", permanent=True)
        session, others = pay_pages.open_pages(self.name, bill)
        if session is not None and not _is_nearly_over(session):
            return PayPage(session.url, session.reference)
        try:
            for old in [*others, *([session] if session else [])]:
                if not self._end(old):
                    raise MoneyCame(f"{old} was paid at this very moment.")
            return self._make(bill, back)
        except IntegrationError as error:
            raise GatewayError(error.in_full, permanent=not isinstance(error, Transient)) from error

    def close(self, invoice: Invoice) -> None:
        for session in PaySession.objects.of(invoice).filter(gateway=self.name, status=Status.OPEN):
            self._end(session)

    def waiting(self) -> QuerySet[Invoice]:
        return pay_pages.waiting(self.name)

    def confirm(self, whose: Invoice | Contact) -> bool:
        """Ask for pages that are open or wait whether they were paid; True when money was recorded or is on its way."""
        pages = PaySession.objects.of(whose).filter(gateway=self.name, status__in=[Status.OPEN, Status.WAITING])
        alive = pages.exclude(reference="").order_by("-pk")[:MOST_ASKED]
        return any([payments.take(session.reference) for session in alive])  # noqa: C419 - each is asked

    def can_refund(self, payment: Payment) -> bool:
        """Money that came back from a bank belongs to a charge that Stripe refunds no more."""
        return payment.source == self.name and payment.reference.startswith("pi_") and payment.amount > 0

    def refund(self, refund: Refund, *, again: bool) -> None:
        try:
            refunds.make(refund, again=again)
        except IntegrationError as error:
            # A 502 to 504 is a proxy's: Stripe may still be at it, and the key must stay the same.
            is_fault = error.status == 500
            raise GatewayError(error.in_full, permanent=not isinstance(error, Transient), is_fault=is_fault) from error

    def _make(self, bill: Bill, back: str) -> PayPage:
        row = pay_pages.new_row(self.name, bill, lasts=LASTS)
        with errors():
            made = client().v1.checkout.sessions.create(
                params=_params(row, back), options={"idempotency_key": str(row.key)}
            )
        row.reference, row.url, row.status = made.id, made.url or "", Status.OPEN
        try:
            with transaction.atomic():
                row.save(update_fields=["reference", "url", "status"])
        except IntegrityError:  # another tab was quicker: its page counts
            row.status = Status.CLOSED
            row.save(update_fields=["reference", "url", "status"])
            self._expire(made.id)
            first, _ = pay_pages.open_pages(self.name, bill)
            if first is None:
                raise Transient("Somebody else pays at this very moment.") from None
            return PayPage(first.url, first.reference)
        return PayPage(row.url, row.reference)

    def _end(self, session: PaySession) -> bool:
        """End a page; False for one that was paid at this very moment: its money is taken."""
        if payments.take(session.reference) or not self._expire(session.reference):
            return False
        PaySession.objects.filter(pk=session.pk, status=Status.OPEN).update(status=Status.CLOSED)
        return True

    def _expire(self, reference: str) -> bool:
        import stripe

        with errors():
            try:
                client().v1.checkout.sessions.expire(reference)
            except stripe.InvalidRequestError:
                return not payments.take(reference)  # over already: expired, or paid after all
        return True


def _is_nearly_over(session: PaySession) -> bool:
    return session.expires_at is not None and session.expires_at - timezone.now() < NEARLY_OVER


def _params(row: PaySession, back: str) -> Any:
    contact, title = row.contact or row.invoices[0].contact, row.title[:200]
    known = _known(row)
    email = contact.email if contact else ""
    return {
        "mode": "payment",
        "line_items": [
            {
                "quantity": 1,
                "price_data": {
                    "currency": row.currency.lower(),
                    "unit_amount": to_stripe(row.amount, row.currency),
                    "product_data": {"name": title},
                },
            }
        ],
        "client_reference_id": str(row.key),
        "metadata": known,
        "payment_intent_data": {"metadata": known, "description": title},
        "success_url": f"{back}paid/",
        "cancel_url": back,
        "expires_at": int((row.expires_at or timezone.now() + LASTS).timestamp()),
        **({"customer_email": email} if email else {}),
    }


def _known(row: PaySession) -> dict[str, str]:
    """What stands with it at Stripe, for whoever looks there."""
    if row.invoice is not None:
        return {"invoice": str(row.invoice.pk), "number": row.invoice.number[:100]}
    return {"contact": str(row.contact_id), "number": ", ".join(one.number for one in row.invoices)[:500]}
