"""Money that Stripe took: fetched, never believed from a webhook, and recorded once per PaymentIntent."""

from datetime import UTC, datetime
from typing import Any

from django.utils import timezone

from crm.models import Business
from integrations import gateway_events
from integrations.models import PaySession
from integrations.stripe.amounts import from_stripe
from integrations.stripe.client import client, errors, noted
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
    rows = PaySession.objects.filter(gateway=SOURCE, reference=session_id)
    if session.mode != "payment":
        return False
    if session.status == "expired":
        rows.exclude(status=Status.PAID).update(status=Status.CLOSED)
        return False
    if session.status != "complete":
        return False
    if session.payment_status == "unpaid":
        rows.filter(status=Status.OPEN).update(status=Status.WAITING)
        return _is_under_way(session)
    invoice = _invoice(session)
    if invoice is None:
        return False
    _record(session, invoice)
    rows.update(status=Status.PAID)
    return True


def _is_under_way(session: Any) -> bool:
    intent = session.payment_intent
    if intent is not None and intent.status == "processing":
        return True
    PaySession.objects.filter(gateway=SOURCE, reference=session.id).update(status=Status.CLOSED)
    return False


def _invoice(session: Any) -> Invoice | None:
    row = PaySession.objects.filter(gateway=SOURCE, reference=session.id).select_related("invoice").first()
    if row is not None:
        return row.invoice
    # A page whose making was cut off before we had its id: Stripe knows what it was for.
    return named(session)


def named(on: Any) -> Invoice | None:
    """The invoice that a session or charge was made for, by what stands with it."""
    known = noted(on, "invoice")
    return Invoice.objects.filter(pk=int(known)).first() if known.isascii() and known.isdigit() else None


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
    if charge is not None and (charge.amount_refunded or charge.disputed):
        # Heard of late: some of it went back before we knew that it came.
        gateway_events.accept(SOURCE, f"late:{charge.id}", "charge.refunded", charge.id)
