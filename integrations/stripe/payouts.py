"""What Stripe paid out: each payout is read with all that is in it, whoever told of it."""

from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from integrations import gateway_events
from integrations.errors import Transient
from integrations.models import GatewayFee, Payout, PayoutLine
from integrations.stripe import fees
from integrations.stripe.amounts import from_stripe
from integrations.stripe.client import VENDOR, client, errors
from invoicing.models import Payment

SOURCE = fees.SOURCE
LOOKS_BACK = timedelta(days=30)
ADDING_UP = "Stripe is still adding up this payout. It is asked for again by itself."
Kind = PayoutLine.Kind
# By Stripe's reporting category; all others are OTHER.
KINDS = {
    "charge": Kind.PAYMENT,
    "refund": Kind.REFUND,
    "refund_failure": Kind.REFUND,
    "dispute": Kind.DISPUTE,
    "dispute_reversal": Kind.DISPUTE,
}


def take(payout_id: str) -> None:
    """Keep one payout as it is now; one that is still on its way is told of again. Raises IntegrationError."""
    with errors():
        api = client().v1
        payout = api.payouts.retrieve(payout_id)
        if payout.status not in Payout.Status.values:
            return
        if getattr(payout, "reconciliation_status", "") == "in_progress":
            raise Transient(ADDING_UP, vendor=VENDOR)
        # Of one that was made by hand Stripe does not tell.
        params: Any = {"payout": payout_id, "limit": 100, "expand": ["data.source"]}
        moved = list(api.balance_transactions.list(params=params).auto_paging_iter()) if payout.automatic else []
    _keep(payout, [one for one in reversed(moved) if one.reporting_category != "payout"])


def look_back() -> None:
    """Have payouts taken that no webhook told of. Raises IntegrationError."""
    if not settings.STRIPE_SECRET_KEY:
        return
    since = int((timezone.now() - LOOKS_BACK).timestamp())
    with errors():
        params: Any = {"created": {"gte": since}, "limit": 100}
        told = list(client().v1.payouts.list(params=params).auto_paging_iter())
    held = Payout.objects.filter(gateway=SOURCE, reference__in=[one.id for one in told])
    known = dict(held.values_list("reference", "status"))
    for one in told:
        if one.status in Payout.Status.values and known.get(one.id) != one.status:
            gateway_events.accept(SOURCE, f"seen:{one.id}:{one.status}", "payout.paid", one.id)


@transaction.atomic
def _keep(payout: Any, moved: list[Any]) -> None:
    currency = str(payout.currency).upper()
    row, _ = Payout.objects.update_or_create(
        gateway=SOURCE,
        reference=payout.id,
        defaults={
            "amount": from_stripe(payout.amount, currency),
            "currency": currency,
            "arrives_on": datetime.fromtimestamp(payout.arrival_date, UTC).date(),
            "status": payout.status,
            "is_told": bool(payout.automatic),
        },
    )
    ours = _payments(moved)
    PayoutLine.objects.bulk_create(
        [_line(row, one, ours.get(_intent(one))) for one in moved],
        update_conflicts=True,
        unique_fields=["reference"],
        update_fields=["payout", "payment"],
    )
    charges = [one for one in moved if KINDS.get(one.reporting_category) == Kind.PAYMENT]
    for one in charges:
        if payment := ours.get(_intent(one)):
            fees.keep(payment, one)
    GatewayFee.objects.filter(reference__in=[one.id for one in charges]).update(payout=row)


def _line(row: Payout, one: Any, payment: Payment | None) -> PayoutLine:
    gross, fee, net = (from_stripe(units, row.currency) for units in (one.amount, one.fee, one.net))
    return PayoutLine(
        payout=row,
        reference=one.id,
        kind=KINDS.get(one.reporting_category, Kind.OTHER),
        payment=payment,
        happened_at=datetime.fromtimestamp(one.created, UTC),
        gross=gross,
        fee=fee,
        net=net,
    )


def _payments(moved: list[Any]) -> dict[str, Payment]:
    """Our payments by their PaymentIntent."""
    intents = {_intent(one) for one in moved} - {""}
    return {one.reference: one for one in Payment.objects.filter(source=SOURCE, reference__in=intents)}


def _intent(one: Any) -> str:
    """The PaymentIntent behind a movement: charges, refunds and disputes name it; "" for all else."""
    return str(getattr(one.source, "payment_intent", None) or "")
