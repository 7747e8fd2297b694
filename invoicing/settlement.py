"""When an invoice counts as paid. The one place that knows."""

from collections.abc import Iterable
from decimal import Decimal

from django.db.models import DecimalField, F, OuterRef, Q, Subquery, Sum
from django.db.models.functions import Coalesce, Round
from django.dispatch import Signal

from invoicing.models import Allocation, Invoice
from invoicing.models.invoices import ZERO
from invoicing.signals import invoice_paid, invoice_reopened

Status = Invoice.Status


def status_for(*, total: Decimal, balance: Decimal, paid: Decimal, is_void: bool) -> str:
    """``paid`` is money, a deposit included. Balance 0 alone is not "paid": a credit memo leaves it SETTLED."""
    if is_void:
        return Status.VOID
    if balance:
        return Status.OPEN
    return Status.PAID if total > 0 and paid > 0 else Status.SETTLED


def settle(invoice_ids: Iterable[int], *, origin: str) -> None:
    """Bring what is allocated, and the status that follows, in step with the allocations of these invoices."""
    known = Invoice.objects.filter(pk__in=list(invoice_ids)).exclude(status=Status.DRAFT)
    known.update(paid=_allocated(F("amount") - F("credit")), credited=_allocated(F("credit")))
    touched = known.exclude(status=Status.VOID)
    were_paid = set(touched.filter(status=Status.PAID).values_list("pk", flat=True))
    settled = touched.filter(balance=0)
    with_money = Q(total__gt=0) & (Q(paid__gt=0) | Q(deposit__gt=0))
    became_paid = list(settled.filter(with_money).exclude(status=Status.PAID))
    Invoice.objects.filter(pk__in=[invoice.pk for invoice in became_paid]).update(status=Status.PAID)
    settled.exclude(with_money).exclude(status=Status.SETTLED).update(status=Status.SETTLED)
    reopened = list(touched.exclude(balance=0).filter(status=Status.PAID))
    touched.exclude(balance=0).exclude(status=Status.OPEN).update(status=Status.OPEN)
    lost = list(settled.exclude(with_money).filter(pk__in=were_paid))
    _announce(became_paid, Status.PAID, invoice_paid, origin)
    _announce(reopened, Status.OPEN, invoice_reopened, origin)
    _announce(lost, Status.SETTLED, invoice_reopened, origin)


def _announce(invoices: Iterable[Invoice], status: str, fact: Signal, origin: str) -> None:
    """Tombstones announce nothing."""
    for invoice in invoices:
        if invoice.removed_at is None:
            invoice.status = status
            fact.send(sender=Invoice, invoice=invoice, origin=origin)


def _allocated(what: F | object) -> Round:
    """Sum over an invoice's allocations, rounded to the column: SQLite adds decimals as floats."""
    money: DecimalField = DecimalField(max_digits=19, decimal_places=4)
    sums = Allocation.objects.filter(invoice=OuterRef("pk")).order_by().values("invoice")
    return Round(Coalesce(Subquery(sums.annotate(sum=Sum(what)).values("sum"), output_field=money), ZERO), 4)
