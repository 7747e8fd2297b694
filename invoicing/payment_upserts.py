"""Payments of the books and their allocations, written by the page."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils import timezone
from django.utils.dateformat import format as date_format

from crm.audit import entry, plain, record_many, set_fields
from crm.models import User
from invoicing.bulk import PAYMENT_COLUMNS, PaymentFields
from invoicing.models import Allocation, Payment
from invoicing.money import quantize
from invoicing.settlement import settle
from invoicing.signals import payment_changed, payment_recorded, payment_reversed

Changes = dict[str, list[Any]]
Shares = dict[int, tuple[Decimal, Decimal]]
"""Invoice pk to (amount, of which credit)."""

WRITTEN = [*PAYMENT_COLUMNS, "contact", "changed_at"]


WORDS = {"payment.recorded": "received", "payment.changed": "changed"}
WORDS_OF_CREDIT = {"payment.recorded": "applied", "payment.changed": "changed"}


@dataclass(slots=True)
class PaymentWrite:
    """A payment (new, or as stored with its allocations prefetched) and what it is to become.

    ``shares`` names only invoices that are held here; of the others, their part is simply not allocated.
    """

    payment: Payment
    fields: PaymentFields
    contact_id: int | None
    shares: Shares


def create_payments(writes: Sequence[PaymentWrite], *, actor: User | None, origin: str) -> None:
    """Insert payments once per source and reference, allocate them, settle their invoices, announce each.

    One that was void before we heard of it brought no money, and is not announced.
    """
    for write in writes:
        _set(write)
    payments = Payment.objects.bulk_create([write.payment for write in writes])
    Allocation.objects.bulk_create(_rows(writes))
    settle({invoice_id for write in writes for invoice_id in write.shares}, origin=origin)
    _note([(payment, {}) for payment in payments], "payment.recorded", actor, origin)
    for payment in [payment for payment in payments if not payment.is_void]:
        payment_recorded.send(sender=Payment, payment=payment, origin=origin)


def update_payments(writes: Sequence[PaymentWrite], *, actor: User | None, origin: str) -> dict[int, Changes]:
    """Write what differs, allocations included, and announce it; nothing is done for one without a difference."""
    changed: list[tuple[PaymentWrite, Changes, Shares]] = []
    for write in writes:
        before = stored_shares(write.payment)
        changes = _set(write)
        if before != write.shares:
            changes["allocations"] = [_plain_shares(before), _plain_shares(write.shares)]
        if changes:
            write.payment.changed_at = timezone.now()
            changed.append((write, changes, before))
    Payment.objects.bulk_create(
        [write.payment for write, _, _ in changed], update_conflicts=True, unique_fields=["id"], update_fields=WRITTEN
    )
    respread = [write for write, changes, _ in changed if "allocations" in changes]
    Allocation.objects.filter(payment__in=[write.payment.pk for write in respread]).delete()
    Allocation.objects.bulk_create(_rows(respread))
    settle({pk for write, _, before in changed for pk in {*before, *write.shares}}, origin=origin)
    _note([(write.payment, changes) for write, changes, _ in changed], "payment.changed", actor, origin)
    for write, changes, _ in changed:
        if write.payment.is_void and "is_void" in changes:
            payment_reversed.send(sender=Payment, payment=write.payment, origin=origin)
        else:
            payment_changed.send(sender=Payment, payment=write.payment, changes=changes, origin=origin)
    return {write.payment.pk: changes for write, changes, _ in changed}


def stored_shares(payment: Payment) -> Shares:
    return {row.invoice_id: (row.amount, row.credit) for row in payment.allocations.all()}


def _set(write: PaymentWrite) -> Changes:
    payment = write.payment
    new = {name: getattr(write.fields, name) for name in PAYMENT_COLUMNS}
    new["contact_id"] = write.contact_id
    if not payment.pk:
        for name, value in new.items():
            setattr(payment, name, value)
        return {}
    return set_fields(payment, new)


def _rows(writes: Sequence[PaymentWrite]) -> Iterable[Allocation]:
    return (
        Allocation(payment_id=write.payment.pk, invoice_id=invoice_id, amount=amount, credit=credit)
        for write in writes
        for invoice_id, (amount, credit) in write.shares.items()
    )


def _plain_shares(shares: Shares) -> dict[str, Any]:
    return {str(invoice_id): plain(share) for invoice_id, share in shares.items()}


def _note(rows: Iterable[tuple[Payment, Changes]], verb: str, actor: User | None, origin: str) -> None:
    record_many(
        entry(
            "payment",
            payment,
            verb=verb,
            actor=actor,
            origin=origin,
            contact_id=payment.contact_id,
            changes=changes,
            text=payment_words(payment, verb),
        )
        for payment, changes in rows
    )


def payment_words(payment: Payment, verb: str) -> str:
    """ "Payment of 3,522.17 USD received on 5 Nov 2026". One of no money is credit that was applied, and says so.

    The day is the payment's own, which may be long before the books told of it.
    """
    if payment.is_void and verb == "payment.recorded":
        return f"A payment of {date_format(payment.received_on, 'j M Y')} came in that was void already"
    only_credit = payment.credit and not payment.amount
    amount = payment.credit if only_credit else payment.amount
    what, done = ("Credit", WORDS_OF_CREDIT[verb]) if only_credit else ("Payment", WORDS[verb])
    text = f"{what} of {quantize(amount, payment.currency):,f} {payment.currency} {done}"
    return f"{text} on {date_format(payment.received_on, 'j M Y')}" if verb == "payment.recorded" else text
