"""Money that arrives here, by a gateway or noted by staff: recorded once per reference, however often it is told."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import NotRequired, TypedDict, Unpack

from django.db import transaction

from crm import audit
from crm.models import Contact, User
from invoicing.models import Allocation, Invoice, Payment
from invoicing.models.invoices import ZERO
from invoicing.money import quantize
from invoicing.payment_upserts import payment_words
from invoicing.settlement import settle
from invoicing.signals import payment_recorded


class CannotRecord(Exception):
    """Nothing was recorded; the text says why, in words for the page."""


def why_no_payment(invoice: Invoice) -> str:
    """Why no payment can be noted, in words; "" where one can."""
    if invoice.is_in_conflict:
        return f"{invoice} belongs to a customer that clashes with a contact. Resolve the conflict first."
    if invoice.status != Invoice.Status.OPEN or invoice.balance <= 0:
        return f"Nothing is owed on {invoice}."
    return ""


class Received(TypedDict):
    """What is known of money that came. ``amount`` is in the currency of the invoices that it is for."""

    source: str
    reference: str
    amount: Decimal
    received_on: date
    method: str
    memo: NotRequired[str]
    actor: NotRequired[User | None]
    origin: str


def record_payment(invoice: Invoice, **received: Unpack[Received]) -> Payment:
    """Record money for an invoice, once per ``source`` and ``reference``; the payment that stands, new or earlier.

    ``amount`` is never refused for being too much: what is owed is settled, the rest is the contact's credit, and staff
    are told. Raises CannotRecord for no amount, or one finer than the currency.
    """
    return _record([invoice], None, received)


def record_payment_of_all(contact: Contact, invoices: Sequence[Invoice], **received: Unpack[Received]) -> Payment:
    """The same for several invoices of one contact and currency: the oldest due is settled first.

    An invoice that belongs to another contact meanwhile gets nothing.
    """
    return _record(invoices, contact, received)


def spread(amount: Decimal, invoices: Iterable[Invoice]) -> dict[int, Decimal]:
    """What each open invoice (pk) gets of an amount: the oldest due first, each up to its balance. Pure."""
    shares = {}
    for invoice in sorted(invoices, key=lambda one: (one.due_on, one.pk)):
        share = min(amount, invoice.balance) if invoice.status == Invoice.Status.OPEN else ZERO
        if share > 0:
            shares[invoice.pk] = share
            amount -= share
    return shares


@transaction.atomic
def _record(invoices: Sequence[Invoice], contact: Contact | None, received: Received) -> Payment:
    """Without a ``contact`` it is that of the one invoice. Two that record at once wait for one another: both lock in
    the order of the keys.
    """
    pks = [invoice.pk for invoice in invoices]
    locked = list(Invoice.objects.select_for_update().filter(pk__in=pks).order_by("pk"))
    earlier = Payment.objects.filter(source=received["source"], reference=received["reference"]).first()
    if earlier is not None:
        return earlier
    amount, currency = received["amount"], locked[0].currency
    if amount <= 0 or amount != quantize(amount, currency):
        raise CannotRecord(f"Write an amount of {currency} above 0.")
    shares = spread(amount, [one for one in locked if contact is None or one.contact_id == contact.pk])
    payment = Payment.objects.create(
        contact=contact or locked[0].contact,
        customer_name=contact.name if contact else locked[0].customer_name,
        source=received["source"],
        reference=received["reference"],
        received_on=received["received_on"],
        currency=currency,
        exchange_rate=locked[0].exchange_rate,
        amount=amount,
        unapplied=amount - sum(shares.values(), ZERO),
        method=received["method"],
        memo=received.get("memo", ""),
    )
    _allocate(payment, locked, shares, received["origin"])
    _announce(payment, received)
    return payment


def _allocate(payment: Payment, locked: Sequence[Invoice], shares: Mapping[int, Decimal], origin: str) -> None:
    for invoice in locked:
        if share := shares.get(invoice.pk):
            Allocation.objects.create(payment=payment, invoice=invoice, amount=share)
            # The row is locked. Not F("balance") - share: SQLite subtracts decimals as floats.
            Invoice.objects.filter(pk=invoice.pk).update(balance=invoice.balance - share)
    if shares:
        settle(shares, origin=origin)
    if payment.unapplied:
        # Whoever got nothing was paid another way.
        _flag(next((one for one in locked if one.pk not in shares), locked[-1]), payment)


def _announce(payment: Payment, received: Received) -> None:
    audit.record(
        "payment",
        payment,
        verb="payment.recorded",
        actor=received.get("actor"),
        origin=received["origin"],
        contact=payment.contact,
        text=payment_words(payment, "payment.recorded"),
    )
    payment_recorded.send(sender=Payment, payment=payment, origin=received["origin"])


def _flag(invoice: Invoice, payment: Payment) -> None:
    """Money above what was owed is not hidden."""
    over = f"{quantize(payment.unapplied, payment.currency):,f} {payment.currency}"
    words = f"{over} more than was owed came in. It is the contact's credit now: apply it, or pay it back."
    Invoice.objects.filter(pk=invoice.pk).update(attention=words)
