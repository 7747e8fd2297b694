"""The socket for whoever takes a customer's money: a setting names the plugs, and the domain knows no vendor."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from django.conf import settings
from django.db.models import QuerySet
from django.utils.module_loading import import_string

from crm.models import Contact
from invoicing.models import Invoice, Payment, PaymentSettings, Refund
from invoicing.models.invoices import ZERO
from invoicing.money import quantize

logger = logging.getLogger(__name__)


class GatewayError(Exception):
    """The gateway did not do what was asked; the text says why, for staff. ``permanent``: trying again is no use.

    ``is_fault``: it answered that it failed by itself, which it repeats for the same key.
    """

    def __init__(self, text: str, *, permanent: bool = False, is_fault: bool = False) -> None:
        super().__init__(text)
        self.permanent = permanent
        self.is_fault = is_fault


class MoneyCame(GatewayError):
    """No page was made, because a payment of this invoice has just arrived or is on its way."""


@dataclass(frozen=True)
class PayPage:
    """Where the customer pays. ``reference`` is the gateway's own id of it."""

    url: str
    reference: str


@dataclass(frozen=True)
class Bill:
    """What is paid in one go: invoices of one contact in one currency, the oldest due first, and how much of each."""

    invoices: tuple[Invoice, ...]
    amounts: tuple[Decimal, ...]

    @classmethod
    def of(cls, invoice: Invoice, amount: Decimal) -> "Bill":
        return cls((invoice,), (amount,))

    @classmethod
    def of_all(cls, invoices: Iterable[Invoice]) -> "Bill":
        """Everything that is owed on them."""
        oldest_first = tuple(sorted(invoices, key=lambda one: (one.due_on, one.pk)))
        return cls(oldest_first, tuple(quantize(one.balance, one.currency) for one in oldest_first))

    @property
    def amount(self) -> Decimal:
        return sum(self.amounts, ZERO)

    @property
    def currency(self) -> str:
        return self.invoices[0].currency

    @property
    def contact(self) -> Contact | None:
        return self.invoices[0].contact

    @property
    def shares(self) -> dict[int, Decimal]:
        return {invoice.pk: amount for invoice, amount in zip(self.invoices, self.amounts, strict=True)}


class PaymentGateway(Protocol):
    name: str  # stripe, crezco: in addresses and as a payment's source
    label: str  # "Pay by card"
    way: str  # "by card"

    @property
    def origin(self) -> str:
        """Where its pages are, such as https://checkout.stripe.com: browsers let a form lead there."""

    def takes(self, currency: str) -> bool:
        """Whether it is set up and takes this currency."""

    def pay_page(self, bill: Bill, *, back: str) -> PayPage:
        """A page for exactly this; ``back`` is where the browser returns to.

        Asked again for the same while a page is open it gives the same one; other open pages over any of these invoices
        end first. Raises GatewayError, MoneyCame where one of them turns out to be paid.
        """

    def close(self, invoice: Invoice) -> None:
        """End open pages over this invoice: its balance changed. Money that arrives all the same is taken."""

    def waiting(self) -> QuerySet[Invoice]:
        """The invoices that their customers have paid, and a bank has yet to answer. Makes no network call."""

    def confirm(self, whose: Invoice | Contact) -> bool:
        """Ask whether open pages were paid, and record what was; True when it was or will be."""

    def can_refund(self, payment: Payment) -> bool:
        """Whether it can give money of this payment back. Makes no network call."""

    def refund(self, refund: Refund, *, again: bool) -> None:
        """Give money back, and record what came of it (``invoicing.refunding``). Raises GatewayError.

        ``again``: an earlier try got no answer, so it is looked up by its key before it is asked for once more; one
        whose reference is known is only looked at. One that a bank has yet to carry out stays ASKED. An error is
        permanent only where it is sure that nothing went back.
        """


def all_gateways() -> list[PaymentGateway]:
    """Every gateway there is, in the order of the setting."""
    return [import_string(path)() for path in settings.PAYMENT_GATEWAYS]


def known_gateways(currency: str) -> dict[str, PaymentGateway]:
    """The gateways that take this currency, switched on or off: pages may be open that they made before."""
    return {plug.name: plug for plug in all_gateways() if plug.takes(currency)}


def get_gateways(currency: str, chosen: PaymentSettings | None = None) -> dict[str, PaymentGateway]:
    """The gateways that customers are offered for this currency, by name, in the order of the setting."""
    chosen = chosen or PaymentSettings.load()
    return {name: plug for name, plug in known_gateways(currency).items() if not chosen.is_off(name, currency)}


def ask_gateways(whose: Invoice | Contact, gateways: Iterable[PaymentGateway]) -> bool:
    """Record what was paid, whoever tells first; True when money came or will. Each is asked."""
    return any([_came(gateway, whose) for gateway in gateways])  # noqa: C419


def _came(gateway: PaymentGateway, whose: Invoice | Contact) -> bool:
    try:
        return gateway.confirm(whose)
    except Exception:
        logger.exception("%s could not be asked after a payment; its webhook or the sweep will tell", gateway.name)
        return True
