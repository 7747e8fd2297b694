"""Money that came by bank: read back from Crezco, never believed from a webhook, and recorded once per payment."""

import logging
import uuid
from datetime import timedelta
from decimal import Decimal

from django.utils import timezone

from crm.models import Business
from integrations import pay_pages
from integrations.crezco import client
from integrations.crezco.mapping import Demand, Paid, State, demand_from, payments_from
from integrations.errors import Rejected
from integrations.models import PaySession
from invoicing.models import Payment
from invoicing.recording import CannotRecord

logger = logging.getLogger(__name__)

SOURCE = "crezco"
METHOD = "Bank"
SOON = timedelta(minutes=2)
Status = PaySession.Status


def take(demand_id: str) -> bool:
    """Ask for a demand and record what was paid; True when it was, or is on its way. Raises IntegrationError.

    A demand of an account that also serves others is none of ours. One that is closed here can still be paid there.
    """
    document = client.demand(demand_id)
    if document is None:
        return _is_gone(demand_id)
    demand = demand_from(document)
    row = _row(demand)
    if row is None:
        logger.warning("Crezco tells of a pay demand that no page here belongs to; nothing is recorded.")
        return False
    payments = _payments(demand)
    completed = [payment for payment in payments if payment.state == State.COMPLETED]
    if completed:
        _record(row, demand, completed)
        PaySession.objects.filter(pk=row.pk).update(status=Status.PAID)
        return True
    return _still_open(row, payments)


def _is_gone(demand_id: str) -> bool:
    unpaid = PaySession.objects.filter(gateway=SOURCE, reference=demand_id).exclude(status=Status.PAID)
    if not unpaid.exists():
        return False
    raise Rejected("Crezco no longer knows a pay demand of ours. Look for its money there.", vendor=client.VENDOR)


def _row(demand: Demand) -> PaySession | None:
    rows = PaySession.objects.filter(gateway=SOURCE).select_related("invoice", "contact")
    row = rows.filter(reference=demand.pk).first()
    if row is not None or not _is_uuid(demand.key):
        return row
    # A page whose making was cut off before we had its id: it carries our key.
    row = rows.filter(key=demand.key, reference="").first()
    if row is not None:
        PaySession.objects.filter(pk=row.pk, reference="").update(reference=demand.pk)
    return row


def _is_uuid(text: str) -> bool:
    try:
        uuid.UUID(text)
    except ValueError:
        return False
    return True


def _payments(demand: Demand) -> list[Paid]:
    """The payments as they are listed; where they are not, what the demand tells of itself."""
    listed = client.payments(demand.pk)
    if listed is None and demand.state is not None:
        return [Paid(demand.pk, demand.state, demand.amount, demand.currency, None)]
    return payments_from(listed)


def _still_open(row: PaySession, payments: list[Paid]) -> bool:
    """No money yet: on its way, failed, or not begun."""
    states = [payment.state for payment in payments]
    unpaid = PaySession.objects.filter(pk=row.pk).exclude(status=Status.PAID)
    if State.PENDING in states:
        # Asked again soon: bank transfers take seconds, and the webhook may be lost.
        unpaid.exclude(status=Status.WAITING).update(status=Status.WAITING, expires_at=timezone.now() + SOON)
        return True
    if states[:1] == [State.FAILED]:
        unpaid.filter(status__in=[Status.OPEN, Status.WAITING]).update(status=Status.LINGERING)
    elif State.UNKNOWN in states:
        logger.warning("Crezco tells of a payment in a state that is not known here; it is asked for again later.")
    return False


def _record(row: PaySession, demand: Demand, completed: list[Paid]) -> None:
    """Each payment once: by its own id, or by the demand's where it came to be known by that."""
    known = set(Payment.objects.filter(source=SOURCE).filter(reference=demand.pk).values_list("reference", flat=True))
    for payment in reversed(completed):
        if demand.pk in known and payment.pk != demand.pk:
            known.clear()  # the first of them is the one that the demand's id stands for
            continue
        _record_one(row, demand, payment)


def _record_one(row: PaySession, demand: Demand, payment: Paid) -> None:
    if payment.pk == demand.pk and row.status == Status.PAID:
        return  # known by the ids of its payments already
    amount, currency = payment.amount or demand.amount, payment.currency or demand.currency
    if amount is None or currency != row.currency:
        raise Rejected(
            f"Crezco took {amount or 'money'} {currency} for {row.title}, which is in {row.currency}. "
            "Note the payment by hand.",
            vendor=client.VENDOR,
        )
    try:
        _book(row, payment, amount, demand.reference)
    except CannotRecord as error:
        raise Rejected(f"Crezco's payment of {row.title}: {error}", vendor=client.VENDOR) from None


def _book(row: PaySession, payment: Paid, amount: Decimal, reference: str) -> None:
    received_on = timezone.localdate(payment.at or timezone.now(), timezone=Business.load().zone)
    pay_pages.record(
        row,
        source=SOURCE,
        reference=payment.pk,
        amount=amount,
        received_on=received_on,
        method=METHOD,
        memo=reference,
        origin=SOURCE,
    )
