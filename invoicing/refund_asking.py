"""Giving money back because staff say so: the wish is a row before the gateway hears of it, and survives any answer."""

from datetime import timedelta
from decimal import Decimal

from django.db import transaction
from django.db.models import F, Sum
from django.utils import timezone

from crm import audit
from crm.models import User
from invoicing.gateways import GatewayError, PaymentGateway, known_gateways
from invoicing.models import Payment, Refund
from invoicing.models.invoices import ZERO
from invoicing.money import quantize
from invoicing.refunding import refund_failed

Status = Refund.Status
CLAIM = timedelta(minutes=2)
LONGEST_WAIT = timedelta(minutes=30)


class CannotRefund(Exception):
    """Nothing was asked; the text says why, in words for the page."""


def gateway_of(payment: Payment) -> PaymentGateway | None:
    """Who can give this money back: the gateway that it came by."""
    gateway = known_gateways(payment.currency).get(payment.source)
    return gateway if gateway is not None and gateway.can_refund(payment) else None


def refundable(payment: Payment) -> Decimal:
    """What is left of it and is not on its way back already."""
    asked = payment.refunds.filter(status=Status.ASKED).aggregate(sum=Sum("amount"))["sum"] or ZERO
    return max(ZERO, payment.amount - asked)


def ask_refund(payment: Payment, *, key: str, amount: Decimal, reason: str, actor: User) -> Refund:
    """Ask the gateway to give money back, once per ``key``; the refund as it stands then. Raises CannotRefund.

    While no answer came it stays ASKED, and ``sweep`` goes on with it.
    """
    gateway = gateway_of(payment)
    if gateway is None:
        raise CannotRefund("This payment cannot be refunded from here. Refund it where it was taken.")
    refund, is_new = _wish(payment, key, amount, reason, actor)
    if is_new:
        _ask(gateway, refund, again=False)
        refund.refresh_from_db()
    return refund


def sweep() -> None:
    """Go on with refunds whose answer was lost, or whose bank takes its time."""
    now = timezone.now()
    due = Refund.objects.filter(status=Status.ASKED).exclude(not_before__gt=now)
    for refund in due.select_related("payment").order_by("not_before", "pk")[:20]:
        # Asked for is asked for, whatever is left of the payment by now: the gateway says what comes of it.
        gateway = known_gateways(refund.currency).get(refund.source)
        if gateway is not None and due.filter(pk=refund.pk).update(not_before=now + CLAIM) == 1:
            _ask(gateway, refund, again=True)


@transaction.atomic
def _wish(payment: Payment, key: str, amount: Decimal, reason: str, actor: User) -> tuple[Refund, bool]:
    payment = Payment.objects.select_for_update().get(pk=payment.pk)
    earlier = Refund.objects.filter(key=key).first()
    if earlier is not None:
        return earlier, False
    most = refundable(payment)
    if not 0 < amount <= most or amount != quantize(amount, payment.currency):
        raise CannotRefund(f"At most {quantize(most, payment.currency):,f} {payment.currency} can be refunded.")
    refund = Refund.objects.create(
        payment=payment,
        source=payment.source,
        key=key,
        amount=amount,
        currency=payment.currency,
        reason=reason[:200],
        actor=actor,
        not_before=timezone.now() + CLAIM,
    )
    audit.record(
        "payment",
        payment,
        verb="payment.refund_asked",
        actor=actor,
        origin="staff",
        contact_id=payment.contact_id,
        text=f"Refund of {quantize(amount, payment.currency):,f} {payment.currency} asked for",
    )
    return refund, True


def _ask(gateway: PaymentGateway, refund: Refund, *, again: bool) -> None:
    asked = Refund.objects.filter(pk=refund.pk, status=Status.ASKED)
    try:
        gateway.refund(refund, again=again)
    except GatewayError as error:
        if error.permanent:
            refund_failed(refund, str(error))
            return
        asked.update(error=str(error)[:600], faults=F("faults") + int(error.is_fault))
    # Still asked: looked after again, the later the longer it lasts.
    age = timezone.now() - refund.created_at
    asked.update(not_before=timezone.now() + min(LONGEST_WAIT, max(timedelta(minutes=1), age)))
