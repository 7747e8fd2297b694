"""What all gateways do with the rows of their pages: find the ones in the way, make one, and record what was paid."""

from datetime import timedelta
from typing import Unpack

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from integrations.models import PaySession, PaySessionShare
from invoicing.gateways import Bill
from invoicing.models import Invoice, Payment
from invoicing.recording import Received, record_payment, record_payment_of_all

Status = PaySession.Status


def open_pages(gateway: str, bill: Bill) -> tuple[PaySession | None, list[PaySession]]:
    """The open page for exactly this bill, and the others that may not be open beside it."""
    found = list(PaySession.objects.in_the_way_of(bill).filter(gateway=gateway, status=Status.OPEN))
    same = next((row for row in found if row.is_for(bill)), None)
    return same, [row for row in found if row != same]


def waiting(gateway: str) -> QuerySet[Invoice]:
    """The invoices that wait for a bank, alone or with others."""
    pages = PaySession.objects.filter(gateway=gateway, status=Status.WAITING)
    alone = Exists(pages.filter(invoice=OuterRef("pk")))
    return Invoice.objects.filter(alone | Exists(pages.filter(shares__invoice=OuterRef("pk"))))


@transaction.atomic
def new_row(gateway: str, bill: Bill, *, lasts: timedelta) -> PaySession:
    alone = len(bill.invoices) == 1
    row = PaySession.objects.create(
        invoice=bill.invoices[0] if alone else None,
        contact=None if alone else bill.contact,
        gateway=gateway,
        amount=bill.amount,
        currency=bill.currency,
        expires_at=timezone.now() + lasts,
    )
    if not alone:
        PaySessionShare.objects.bulk_create(
            [PaySessionShare(session=row, invoice_id=pk, amount=amount) for pk, amount in bill.shares.items()]
        )
    return row


def cut_off(gateway: str, bill: Bill) -> PaySession | None:
    """The newest row for this bill whose making was cut off: its key finds what may have been made."""
    rows = PaySession.objects.in_the_way_of(bill).filter(gateway=gateway, status=Status.MAKING, reference="")
    return next((row for row in rows.order_by("-pk") if row.is_for(bill)), None)


def record(row: PaySession, **received: Unpack[Received]) -> Payment:
    """Money that was paid on a page, on what it was for."""
    if row.invoice is not None:
        return record_payment(row.invoice, **received)
    assert row.contact is not None  # the database holds that it is one or the other
    return record_payment_of_all(row.contact, row.invoices, **received)
