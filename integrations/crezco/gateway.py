"""Pay by bank: a pay demand at Crezco over exactly what is owed, one open demand an invoice, or for all of a contact.

Nothing that is documented ends a demand at Crezco. One that is closed here is not handed out again, stays asked for a
while, and money that arrives on it all the same is taken.
"""

from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone

from crm.models import Contact
from integrations import pay_pages
from integrations.crezco import client, payments
from integrations.crezco.mapping import bank_reference, link_from, made_from
from integrations.errors import IntegrationError, Rejected, Transient
from integrations.models import PaySession
from invoicing.gateways import Bill, GatewayError, MoneyCame, PayPage
from invoicing.models import Invoice, Payment, Refund
from invoicing.money import quantize

CURRENCY = "GBP"
FIRST_LOOK = timedelta(minutes=10)  # a payer needs some; then it is asked whether the page was paid
LINK_LASTS = timedelta(hours=1)
ASKED_ON_RETURN = 3
APPS = {"api.crezco.com": "https://app.crezco.com", "api.sandbox.crezco.com": "https://app.sandbox.crezco.com"}
Status = PaySession.Status
ALIVE = [Status.OPEN, Status.WAITING]


class CrezcoGateway:
    name = "crezco"
    way = "by bank"
    label = f"Pay {way}"

    def takes(self, currency: str) -> bool:
        return currency == CURRENCY and bool(settings.CREZCO_API_KEY and settings.CREZCO_USER_ID)

    @property
    def origin(self) -> str:
        """Where its pages are; a sandbox's are beside its API."""
        parts = urlsplit(settings.CREZCO_API_URL)
        return APPS.get(parts.hostname or "", f"{parts.scheme}://{parts.netloc}")

    def pay_page(self, bill: Bill, *, back: str) -> PayPage:
        if bill.amount != quantize(bill.amount, bill.currency):
            raise GatewayError("No bank transfers less than a penny.", permanent=True)
        try:
            # Its page takes no second thought: whoever comes back here may have paid there.
            alive = PaySession.objects.in_the_way_of(bill).filter(gateway=self.name, status__in=ALIVE)
            if any([payments.take(row.reference) for row in alive.exclude(reference="")]):  # noqa: C419 - each is asked
                raise MoneyCame("A payment of this has arrived or is on its way.", permanent=True)
            row, others = pay_pages.open_pages(self.name, bill)
            if row is not None:
                return self._again(row, back)
            for other in others:
                _let_go(other)
            # One whose making was cut off has a key that finds the demand that may be there.
            row = pay_pages.cut_off(self.name, bill) or pay_pages.new_row(self.name, bill, lasts=FIRST_LOOK)
            return self._make(row, bill, back)
        except IntegrationError as error:
            raise GatewayError(error.in_full, permanent=not isinstance(error, Transient)) from error

    def close(self, invoice: Invoice) -> None:
        for row in PaySession.objects.of(invoice).filter(gateway=self.name, status=Status.OPEN):
            _let_go(row)  # first, as it holds while Crezco is away too
            payments.take(row.reference)

    def waiting(self) -> QuerySet[Invoice]:
        return pay_pages.waiting(self.name)

    def confirm(self, whose: Invoice | Contact) -> bool:
        """Ask for the newest pages whether they were paid; True when money was recorded or is on its way."""
        pages = PaySession.objects.of(whose).filter(gateway=self.name).exclude(reference="")
        unpaid = pages.exclude(status=Status.PAID).order_by("-pk")[:ASKED_ON_RETURN]
        return any([payments.take(row.reference) for row in unpaid])  # noqa: C419

    def can_refund(self, payment: Payment) -> bool:
        """No: nothing that Crezco documents gives money back. The business sends it from its own bank."""
        return False

    def refund(self, refund: Refund, *, again: bool) -> None:
        raise GatewayError("Crezco gives no money back. Send it from your bank.", permanent=True)

    def _again(self, row: PaySession, back: str) -> PayPage:
        """The same page; after a while by a new link, as links may end."""
        if timezone.now() - row.created_at > LINK_LASTS:
            row.url = self._link(row.reference, "", back)
            row.save(update_fields=["url"])
        return PayPage(row.url, row.reference)

    def _make(self, row: PaySession, bill: Bill, back: str) -> PayPage:
        made = made_from(client.create_demand(_request(row), idempotency_id=str(row.key)))
        url = self._link(made.pk, made.url, back)
        making = PaySession.objects.filter(pk=row.pk, status=Status.MAKING)
        try:
            with transaction.atomic():
                making.update(reference=made.pk, url=url, status=Status.OPEN)
        except IntegrityError:  # another tab was quicker: its page counts, and this one was shown to nobody
            making.update(reference=made.pk, url=url, status=Status.CLOSED)
        first, _ = pay_pages.open_pages(self.name, bill)
        if first is None:
            raise Transient("Somebody else pays at this very moment.", vendor=client.VENDOR)
        return PayPage(first.url, first.reference)

    def _link(self, reference: str, plain: str, back: str) -> str:
        """A link that comes back to us; where there is none, the demand's plain page."""
        try:
            url = link_from(client.link_to_pay(reference, back=f"{back}paid/"))
        except IntegrationError:
            if not self._is_theirs(plain):
                raise
            url = plain
        fitting = [one for one in (url, plain) if self._is_theirs(one)]
        if not fitting:
            raise Rejected(f"Crezco's page is not at {self.origin}, where browsers may go.", vendor=client.VENDOR)
        return fitting[0]

    def _is_theirs(self, url: str) -> bool:
        parts = urlsplit(url)
        return f"{parts.scheme}://{parts.netloc}" == self.origin


def _let_go(row: PaySession) -> None:
    PaySession.objects.filter(pk=row.pk, status=Status.OPEN).update(status=Status.LINGERING)


def _request(row: PaySession) -> dict[str, Any]:
    of = {"invoice": str(row.invoice_id)} if row.invoice_id else {"contact": str(row.contact_id)}
    return {
        "currency": row.currency,
        "amount": f"{row.amount:.2f}",
        "reference": _bank_reference(row),
        "metadata": {**of, "key": str(row.key)},
    }


def _bank_reference(row: PaySession) -> str:
    """The invoice's number; of several how many, and the number of the oldest."""
    first, *more = row.invoices
    return bank_reference(f"{len(more) + 1} inv. {first.number}" if more else first.number, first.pk)
