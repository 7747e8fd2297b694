"""The socket for whoever takes a customer's money: a setting names the plugs, and the domain knows no vendor."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Protocol

from django.conf import settings
from django.db.models import OuterRef, QuerySet
from django.utils.module_loading import import_string

from invoicing.models import Invoice, Payment, PaymentSettings, Refund


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


class PaymentGateway(Protocol):
    name: str  # stripe, crezco: in addresses and as a payment's source
    label: str  # "Pay by card"

    @property
    def origin(self) -> str:
        """Where its pages are, such as https://checkout.stripe.com: browsers let a form lead there."""

    def takes(self, currency: str) -> bool:
        """Whether it is set up and takes this currency."""

    def pay_page(self, invoice: Invoice, *, amount: Decimal, back: str) -> PayPage:
        """A page for exactly this amount, in the invoice's currency; ``back`` is where the browser returns to.

        Asked again for the same amount while a page is open it gives the same one; another amount ends the old page
        first. Raises GatewayError, MoneyCame where the old page turns out to be paid.
        """

    def close(self, invoice: Invoice) -> None:
        """End an open page of this invoice: its balance changed. Money that arrives all the same is taken."""

    def waiting(self, invoice: Invoice | OuterRef) -> QuerySet[Any]:
        """What the customer has paid and a bank has yet to answer. Makes no network call."""

    def confirm(self, invoice: Invoice) -> bool:
        """Ask whether open pages of this invoice were paid, and record what was; True when it was or will be."""

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
