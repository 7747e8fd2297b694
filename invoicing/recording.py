"""Money that arrives here, by a gateway or noted by staff: recorded once per reference, however often it is told."""

from datetime import date
from decimal import Decimal

from django.db import transaction

from crm import audit
from crm.models import User
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


@transaction.atomic
def record_payment(
    invoice: Invoice,
    *,
    source: str,
    reference: str,
    amount: Decimal,
    received_on: date,
    method: str,
    memo: str = "",
    actor: User | None = None,
    origin: str,
) -> Payment:
    """Record money for an invoice, once per ``source`` and ``reference``; the payment that stands, new or earlier.

    ``amount`` is in the invoice's currency and is never refused for being too much: what is owed is settled, the rest
    is the contact's credit, and staff are told. Raises CannotRecord for no amount, or one finer than the currency.
    """
    invoice = Invoice.objects.select_for_update().get(pk=invoice.pk)
    earlier = Payment.objects.filter(source=source, reference=reference).first()
    if earlier is not None:
        return earlier
    if amount <= 0 or amount != quantize(amount, invoice.currency):
        raise CannotRecord(f"Write an amount of {invoice.currency} above 0.")
    share = min(amount, invoice.balance) if invoice.status == Invoice.Status.OPEN else ZERO
    payment = Payment.objects.create(
        contact=invoice.contact,
        customer_name=invoice.customer_name,
        source=source,
        reference=reference,
        received_on=received_on,
        currency=invoice.currency,
        exchange_rate=invoice.exchange_rate,
        amount=amount,
        unapplied=amount - share,
        method=method,
        memo=memo,
    )
    if share:
        Allocation.objects.create(payment=payment, invoice=invoice, amount=share)
        # The row is locked. Not F("balance") - share: SQLite subtracts decimals as floats.
        Invoice.objects.filter(pk=invoice.pk).update(balance=invoice.balance - share)
        settle([invoice.pk], origin=origin)
    if payment.unapplied:
        _flag(invoice, payment)
    audit.record(
        "payment",
        payment,
        verb="payment.recorded",
        actor=actor,
        origin=origin,
        contact=invoice.contact,
        text=payment_words(payment, "payment.recorded"),
    )
    payment_recorded.send(sender=Payment, payment=payment, origin=origin)
    return payment


def _flag(invoice: Invoice, payment: Payment) -> None:
    """Money above what was owed is not hidden."""
    over = f"{quantize(payment.unapplied, payment.currency):,f} {payment.currency}"
    words = f"{over} more than was owed came in. It is the contact's credit now: apply it, or pay it back."
    Invoice.objects.filter(pk=invoice.pk).update(attention=words)
