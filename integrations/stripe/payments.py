"""Money that Stripe took: fetched, never believed from a webhook, and recorded once per PaymentIntent."""

from contextlib import suppress
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils import timezone

from crm.models import Business
from integrations import gateway_events, pay_pages
from integrations.errors import Rejected
from integrations.models import PaySession
from integrations.stripe import fees
from integrations.stripe.amounts import from_stripe
from integrations.stripe.client import client, errors, noted
from invoicing.models import Invoice

SOURCE = "stripe"
METHOD = "Card"
EXPANDED = ["payment_intent.latest_charge.balance_transaction"]
Status = PaySession.Status


def take(session_id: str) -> bool:
    """Ask for a Checkout Session and record what was paid; True when it was, or is on its way. Raises IntegrationError.

    A session of an account that also serves others is none of ours: in ours stands the key of a row.
    """
    session = _ask(session_id)
    row = _row(session) if session else None
    if row is None:
        return False
    page = PaySession.objects.filter(pk=row.pk)
    if session.status == "expired":
        page.exclude(status=Status.PAID).update(status=Status.CLOSED)
        return False
    if session.status != "complete":
        return False
    if session.payment_status == "unpaid":
        page.filter(status__in=[Status.MAKING, Status.OPEN]).update(status=Status.WAITING, reference=session.id)
        return _is_under_way(session, page)
    _record(session, row)
    page.update(status=Status.PAID, reference=session.id)
    return True


def _ask(session_id: str) -> Any:
    """The session; None where this account has none of that name, as after another key was set. Its page is over."""
    try:
        with errors():
            return client().v1.checkout.sessions.retrieve(session_id, params={"expand": EXPANDED})
    except Rejected as error:
        if error.code != "resource_missing":
            raise
    pages = PaySession.objects.filter(gateway=SOURCE, reference=session_id)
    pages.exclude(status=Status.PAID).update(status=Status.CLOSED)
    return None


def _row(session: Any) -> PaySession | None:
    """One whose making was cut off before we had Stripe's id is known by the key that went along."""
    known = Q(reference=session.id)
    with suppress(ValueError):  # somebody else's reference may be anything
        known |= Q(key=UUID(session.client_reference_id or ""))
    return PaySession.objects.filter(known, gateway=SOURCE).select_related("invoice", "contact").first()


def _is_under_way(session: Any, page: QuerySet[PaySession]) -> bool:
    intent = session.payment_intent
    if intent is not None and intent.status == "processing":
        return True
    page.update(status=Status.CLOSED)
    return False


def named(on: Any) -> Invoice | None:
    """The invoice that a charge of ours was made for, by what stands with it."""
    known = noted(on, "invoice")
    return Invoice.objects.filter(pk=int(known)).first() if known.isascii() and known.isdigit() else None


def _record(session: Any, row: PaySession) -> None:
    intent = session.payment_intent
    charge = intent.latest_charge
    at = datetime.fromtimestamp(charge.created if charge is not None else intent.created, UTC)
    payment = pay_pages.record(
        row,
        source=SOURCE,
        reference=intent.id,
        amount=from_stripe(intent.amount_received, row.currency),
        received_on=timezone.localdate(at, timezone=Business.load().zone),
        method=METHOD,
        memo=intent.id,
        origin=SOURCE,
    )
    if charge is not None:
        fees.keep(payment, charge.balance_transaction)
    if charge is not None and (charge.amount_refunded or charge.disputed):
        # Heard of late: some of it went back before we knew that it came.
        gateway_events.accept(SOURCE, f"late:{charge.id}", "charge.refunded", charge.id)
