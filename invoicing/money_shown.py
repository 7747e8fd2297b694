"""An invoice's money as staff see it: what came in, what went back, and what an admin can give back."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery, Sum

from invoicing.gateways import known_gateways
from invoicing.models import Allocation, Invoice, Payment, Refund, RefundShare
from invoicing.models.invoices import ZERO

Status = Refund.Status


@dataclass(frozen=True)
class PaymentShown:
    """A payment's part in an invoice; without an allocation it is the customer's credit."""

    payment: Payment
    allocation: Allocation | None
    can_refund: bool

    @property
    def received(self) -> Decimal:
        """What came in before some of it went back."""
        return self.payment.amount + self.payment.refunded


@dataclass(frozen=True)
class MoneyShown:
    invoice: Invoice
    payments: list[PaymentShown]
    credits: list[PaymentShown]
    refunds: Sequence[Refund]  # each with ``share``: what of it this invoice lost

    @property
    def refunded(self) -> Decimal:
        return sum((refund.share for refund in self.refunds if refund.status == Status.DONE), ZERO)  # type: ignore[attr-defined]

    @property
    def paid(self) -> Decimal:
        """What came in before some of it went back."""
        return self.invoice.paid + self.refunded


def money_of(invoice: Invoice, *, may_refund: bool) -> MoneyShown:
    """Its allocations should be prefetched with their payments."""
    gateways = known_gateways(invoice.currency) if may_refund else {}

    def can_refund(payment: Payment) -> bool:
        gateway = gateways.get(payment.source)
        return gateway is not None and gateway.can_refund(payment)

    payments = [PaymentShown(one.payment, one, can_refund(one.payment)) for one in invoice.allocations.all()]
    credits = _credits(invoice, list(gateways)) if gateways and invoice.contact_id else []
    shown = {row.payment.pk for row in payments}
    others = [PaymentShown(payment, None, can_refund(payment)) for payment in credits if payment.pk not in shown]
    return MoneyShown(invoice, payments, [row for row in others if row.can_refund], list(_refunds(invoice)))


def refunded_of(invoice: Invoice) -> Decimal:
    """What of its payments went back for good."""
    return gone_back(invoice).aggregate(sum=Sum("amount"))["sum"] or ZERO


def gone_back(invoice: Invoice | OuterRef) -> QuerySet[RefundShare]:
    return RefundShare.objects.filter(invoice=invoice, refund__status=Status.DONE)


def _refunds(invoice: Invoice) -> Sequence[Refund]:
    """What went back, and what was asked for of payments that are on it."""
    share = RefundShare.objects.filter(refund=OuterRef("pk"), invoice=invoice).values("amount")
    of_it = Allocation.objects.filter(payment=OuterRef("payment"), invoice=invoice)
    rows = Refund.objects.annotate(share=Subquery(share)).filter(
        Q(share__isnull=False) | Q(Exists(of_it), status__in=[Status.ASKED, Status.FAILED])
    )
    return list(rows.select_related("payment", "actor").order_by("created_at", "pk"))


def _credits(invoice: Invoice, sources: list[str]) -> list[Payment]:
    """The customer's money of this currency that settles nothing."""
    found = Payment.objects.filter(
        contact=invoice.contact_id, currency=invoice.currency, source__in=sources, unapplied__gt=0, is_void=False
    )
    return list(found.order_by("received_on", "pk")[:10])
