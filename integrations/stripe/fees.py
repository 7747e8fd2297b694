"""What Stripe keeps of each payment: its balance transaction tells, which may be there a moment after the money."""

import logging
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.utils import timezone

from integrations.errors import Rejected
from integrations.models import GatewayFee
from integrations.stripe.amounts import from_stripe
from integrations.stripe.client import client, errors
from invoicing.models import Payment

SOURCE = "stripe"
LOOKS_BACK = timedelta(days=90)
AT_ONCE = 100

logger = logging.getLogger(__name__)


def keep(payment: Payment, moved: Any) -> None:
    """Keep fee and net of a payment, once; ``moved`` is its balance transaction, or None where there is none yet."""
    if moved is None or isinstance(moved, str):
        return  # the look back finds it
    currency = str(moved.currency).upper()
    fee = GatewayFee(
        payment=payment,
        gateway=SOURCE,
        reference=moved.id,
        fee=from_stripe(moved.fee, currency),
        net=from_stripe(moved.net, currency),
        currency=currency,
    )
    GatewayFee.objects.bulk_create([fee], ignore_conflicts=True)


def look_back() -> None:
    """Ask for fees that were not known when the money came. Raises IntegrationError."""
    if not settings.STRIPE_SECRET_KEY:
        return
    since = timezone.now() - LOOKS_BACK
    of_stripe = Payment.objects.filter(source=SOURCE, reference__startswith="pi_", created_at__gte=since)
    for payment in of_stripe.filter(gateway_fee=None).order_by("-id")[:AT_ONCE]:
        try:
            _ask(payment)
        except Rejected as error:
            # As of an account that was left: the others need not wait for it.
            logger.warning("The fee of %s could not be asked for: %s", payment.reference, error.in_full)


def _ask(payment: Payment) -> None:
    with errors():
        params: Any = {"expand": ["latest_charge.balance_transaction"]}
        charge = client().v1.payment_intents.retrieve(payment.reference, params=params).latest_charge
    if charge is not None and not isinstance(charge, str):
        keep(payment, charge.balance_transaction)
