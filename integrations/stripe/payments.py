"""Money that Stripe took: fetched, never believed from a webhook, and recorded once per PaymentIntent."""

from contextlib import suppress
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils import timezone

from crm.models import Business
from integrations.models import PaySession
from integrations.stripe.amounts import from_stripe
from integrations.stripe.client import client, errors
from invoicing.models import Invoice
from invoicing.recording import record_payment

SOURCE = "stripe"
METHOD = "Card"
EXPANDED = ["payment_intent.latest_charge"]
Status = PaySession.Status


def take(session_id: str) -> bool:
    """Ask for a Checkout Session and record what was paid; True when it was, or is on its way. Raises IntegrationError.

    A session of an account that also serves others, or of another mode, is none of ours.
    """
    with errors():
        session = client().v1.checkout.sessions.retrieve(
            session_id, params={"expand": ["payment_intent.latest_charge"]}
        )
    rows = _rows(session)
    if session.mode != "payment":
        return False
    if session.status == "expired":
        rows.exclude(status=Status.PAID).update(status=Status.CLOSED)
        return False
    if session.status != "complete":
        return False
    if session.payment_status == "unpaid":
        rows.filter(status=Status.OPEN).update(status=Status.WAITING)
        return _is_under_way(session, rows)
    row = rows.select_related("invoice").first()
    if row is None:
        return False
    _record(session, row.invoice)
    rows.update(status=Status.PAID)
    return True


def _rows(session: Any) -> QuerySet[PaySession]:
    """Our page, by the key that went along: its making may have been cut off before we had Stripe's id of it."""
    ours = Q(reference=session.id)
    with suppress(ValueError):
        ours |= Q(key=UUID(getattr(session.metadata, "page", "")))
    return PaySession.objects.filter(ours, gateway=SOURCE)


def _is_under_way(session: Any, rows: QuerySet[PaySession]) -> bool:
    intent = session.payment_intent
    if intent is not None and intent.status == "processing":
        return True
    rows.update(status=Status.CLOSED)
    return False


def _record(session: Any, invoice: Invoice) -> None:
    intent = session.payment_intent
    charge = intent.latest_charge
    at = datetime.fromtimestamp(charge.created if charge is not None else intent.created, UTC)
    record_payment(
        invoice,
        source=SOURCE,
        reference=intent.id,
        amount=from_stripe(intent.amount_received, invoice.currency),
        received_on=timezone.localdate(at, timezone=Business.load().zone),
        method=METHOD,
        memo=intent.id,
        origin=SOURCE,
    )
