"""Money that Stripe gave back, or that a bank took back: fetched, never believed from a webhook, recorded once each.

Whatever tells of it leads to the charge: all that became of it is read, and what is not recorded yet is.
"""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from integrations import gateway_events
from integrations.errors import Rejected, Transient
from integrations.stripe import payments
from integrations.stripe.amounts import from_stripe, to_stripe
from integrations.stripe.client import client, errors, noted
from invoicing.models import Invoice, Payment, Refund
from invoicing.refunding import GONE, money_came_back, note_on_its_way, record_refund, refund_failed

SOURCE = payments.SOURCE
KEY = "refund"  # in the metadata of those that we asked for
NOT_CARRIED_OUT = "The bank did not take the refund: nothing went back. Refund it another way."
# By its state at Stripe: ours, where that has been recorded. All others are GONE.
ENDS = {
    "failed": (Refund.Status.FAILED, Refund.Status.RETURNED),
    "canceled": (Refund.Status.FAILED, Refund.Status.RETURNED),
    "won": (Refund.Status.RETURNED,),
}
# Of Stripe's own words for why; what it calls otherwise is told in full.
REASONS = {"requested_by_customer": "", "duplicate": "Paid twice", "fraudulent": "Fraud"}


@dataclass(frozen=True)
class _Charge:
    """What became of a charge: its refunds and disputes, the oldest first."""

    charge: Any
    refunds: list[Any]
    disputes: list[Any]

    @property
    def currency(self) -> str:
        return str(self.charge.currency).upper()

    def amount(self, of: Any) -> Decimal:
        """Of the charge, a refund or a dispute. A bank may dispute in the card's own currency: that is all of it."""
        told = of if str(of.currency).upper() == self.currency else self.charge
        return from_stripe(told.amount, self.currency)


def make(refund: Refund, *, again: bool) -> None:
    """Ask for a refund, and record what came of it. Raises IntegrationError; Rejected only where nothing was made.

    ``again``: it may have been made by a try whose answer was lost, so its key is looked for first. One that Stripe has
    told its id of is made already, whoever made it: it is looked at, and never asked for.
    """
    with _no_refusal():
        if refund.reference:
            take_refund(refund.reference)
            return
        made = _made(refund) if again else None
    made = made or _ask(refund)
    Refund.objects.filter(pk=refund.pk, status=Refund.Status.ASKED).update(reference=made.id)
    with _no_refusal():
        take_charge(str(made.charge))


@contextmanager
def _no_refusal() -> Iterator[None]:
    """Where the refund may be made, a refusal of what is asked beside it does not mean that it failed."""
    try:
        yield
    except Rejected as error:
        raise Transient(str(error), detail=error.detail, vendor=error.vendor) from error


def take_charge(charge_id: str) -> None:
    """Record what became of a charge; one that is none of ours is left alone. Raises IntegrationError."""
    with errors():
        api, of = client().v1, {"charge": charge_id, "limit": 100}
        charge = api.charges.retrieve(charge_id)
        refunds = list(api.refunds.list(params=of).auto_paging_iter())  # type: ignore[arg-type]
        disputes = list(api.disputes.list(params=of).auto_paging_iter()) if charge.disputed else []  # type: ignore[arg-type]
    payment = _payment(charge)
    if payment is not None:
        _record(_Charge(charge, refunds[::-1], disputes[::-1]), payment)


def take_refund(refund_id: str) -> None:
    with errors():
        refund = client().v1.refunds.retrieve(refund_id)
    if refund.charge:  # else of money that no card or bank account gave
        take_charge(str(refund.charge))


def take_dispute(dispute_id: str) -> None:
    with errors():
        dispute = client().v1.disputes.retrieve(dispute_id)
    take_charge(str(dispute.charge))


def look_back() -> None:
    """Have charges looked at whose refund or dispute nobody told us of: Stripe gives up telling after three days."""
    if not settings.STRIPE_SECRET_KEY:
        return
    now = timezone.now()
    with errors():
        api = client().v1
        told: list[Any] = []
        for table, days in ((api.refunds, 7), (api.disputes, 120)):
            since = int((now - timedelta(days=days)).timestamp())
            told += table.list(params={"created": {"gte": since}, "limit": 100}).auto_paging_iter()
    ended = Refund.objects.filter(source=SOURCE).exclude(status=Refund.Status.ASKED)
    known = dict(ended.values_list("reference", "status"))
    for one in told:
        if one.charge and known.get(one.id) not in ENDS.get(one.status, GONE):
            # Once for each state that it is in.
            gateway_events.accept(SOURCE, f"seen:{one.id}:{one.status}", "charge.refunded", str(one.charge))


def _made(refund: Refund) -> Any | None:
    with errors():
        found = client().v1.refunds.list(params={"payment_intent": refund.payment.reference, "limit": 100})
        return next((one for one in found.auto_paging_iter() if _key_of(one) == str(refund.key)), None)


def _ask(refund: Refund) -> Any:
    key = f"{refund.key}-{refund.faults}" if refund.faults else str(refund.key)
    try:
        with errors():
            return client().v1.refunds.create(
                params={
                    "payment_intent": refund.payment.reference,
                    "amount": to_stripe(refund.amount, refund.currency),
                    "metadata": {KEY: str(refund.key)},
                },
                options={"idempotency_key": key},
            )
    except Rejected:
        _catch_up(refund.payment)  # refunded or disputed there, and nobody has told us
        raise


def _catch_up(payment: Payment) -> None:
    with errors():
        charge = client().v1.payment_intents.retrieve(payment.reference).latest_charge
    if charge:
        take_charge(str(charge))


def _payment(charge: Any) -> Payment | None:
    """The payment of ours that the charge is. A refund may be told of before the payment itself was."""
    intent = str(charge.payment_intent or "")
    ours = Payment.objects.filter(source=SOURCE, reference=intent)
    payment = ours.first() if intent else None
    if payment is None and intent:
        with errors():
            sessions = client().v1.checkout.sessions.list(params={"payment_intent": intent}).data
        for session in sessions:
            payments.take(session.id)
        payment = ours.first()
    return payment


def _record(told: _Charge, payment: Payment) -> None:
    known = Refund.objects.filter(payment=payment).exclude(reference="")
    gone_before = set(known.filter(status__in=GONE).values_list("reference", flat=True))
    gone = [one for one in told.refunds if one.status == "succeeded" or one.id in gone_before]
    withdrawn = [one for one in told.disputes if _is_withdrawn(one, gone_before)]
    left = told.amount(told.charge) - sum((told.amount(one) for one in [*gone, *withdrawn]), Decimal(0))
    for one in told.refunds:
        _take_refund(told, one, payment, left)
    for one in withdrawn:
        _take_dispute(told, one, payment, left)


def _take_refund(told: _Charge, one: Any, payment: Payment, left: Decimal) -> None:
    facts = {"source": SOURCE, "reference": one.id, "amount": told.amount(one), "key": _key_of(one)}
    if one.status == "succeeded":
        record_refund(payment, **facts, left=left, reason=_reason(one), origin=SOURCE)
    elif one.status in {"failed", "canceled"}:
        _is_back(told, payment, one.id, "Refund that came back")
        ours = _ours(payment, one)
        if ours is not None:
            refund_failed(ours, NOT_CARRIED_OUT)
    else:
        note_on_its_way(payment, **facts)


def _take_dispute(told: _Charge, one: Any, payment: Payment, left: Decimal) -> None:
    facts = {"source": SOURCE, "reference": one.id, "amount": told.amount(one), "kind": Refund.Kind.DISPUTE}
    record_refund(payment, **facts, left=left, reason=str(one.reason).replace("_", " ").capitalize(), origin=SOURCE)
    if _is_given_back(one):
        _is_back(told, payment, one.id, "Dispute won")


def _is_withdrawn(dispute: Any, gone_before: set[str]) -> bool:
    """Whether the bank has the money, or had it when we last looked. What it took and gave back unheard is no news."""
    if dispute.id in gone_before:
        return True
    return any(one.amount < 0 for one in dispute.balance_transactions) and not _is_given_back(dispute)


def _is_given_back(dispute: Any) -> bool:
    return any(one.amount > 0 for one in dispute.balance_transactions)


def _is_back(told: _Charge, payment: Payment, reference: str, method: str) -> None:
    refund = Refund.objects.filter(source=SOURCE, reference=reference, status=Refund.Status.DONE).first()
    invoice = _invoice(told.charge, payment)
    if refund is not None and invoice is not None:
        money_came_back(refund, invoice, method=method, origin=SOURCE)


def _invoice(charge: Any, payment: Payment) -> Invoice | None:
    """What it was paid for: the page's words, which Stripe keeps with the charge, or where the money is now."""
    return payments.named(charge) or Invoice.objects.filter(allocations__payment=payment).first()


def _ours(payment: Payment, one: Any) -> Refund | None:
    is_it, key = Q(source=SOURCE, reference=one.id), _key_of(one)
    return Refund.objects.filter(is_it | Q(key=key) if key else is_it, payment=payment).first()


def _key_of(refund: Any) -> str:
    """The key that we made it with; "" for one made elsewhere, whatever stands in its metadata."""
    try:
        return str(uuid.UUID(noted(refund, KEY)))
    except ValueError:
        return ""


def _reason(refund: Any) -> str:
    told = str(refund.reason or "")
    return REASONS.get(told, told)
