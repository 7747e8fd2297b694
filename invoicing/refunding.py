"""Money that goes back to a customer: recorded once per reference, and what it had settled is owed again."""

from decimal import Decimal

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.dateformat import format as date_format

from crm import audit
from crm.models import Business, User
from invoicing.models import Invoice, Payment, Refund, RefundShare
from invoicing.models.invoices import ZERO
from invoicing.money import quantize
from invoicing.recording import record_payment
from invoicing.settlement import settle
from invoicing.signals import invoice_reopened, payment_refunded, payment_reversed

Status = Refund.Status
GONE = (Status.DONE, Status.RETURNED)
WORDS = {Refund.Kind.REFUND: "was refunded", Refund.Kind.DISPUTE: "was taken back by the customer's bank"}
MORE_THAN_LEFT = "More went back to the customer than was left of the payment. Compare it with the gateway."


@transaction.atomic
def record_refund(
    payment: Payment,
    *,
    source: str,
    reference: str,
    amount: Decimal,
    left: Decimal | None = None,
    kind: str = Refund.Kind.REFUND,
    key: str = "",
    reason: str = "",
    origin: str,
) -> Refund:
    """Record money that went back, once per ``source`` and ``reference``; ``key`` is ours where we asked for it.

    ``left`` is what the gateway still has of the payment. Where the books have lowered it to that already, nothing is
    lowered a second time.
    """
    invoices, payment = _locked(payment)
    refund = _row(payment, source, reference, key) or Refund(
        payment=payment, kind=kind, source=source, amount=amount, currency=payment.currency, reason=reason[:200]
    )
    if refund.status in GONE:
        return refund
    refund.reference, refund.amount, refund.status = reference, amount, Status.DONE
    refund.error, refund.not_before, refund.ended_at = "", None, timezone.now()
    refund.save()
    before = {"amount": payment.amount, "refunded": payment.refunded}
    part = min(amount, payment.amount)
    if left is not None:
        part = min(part, max(ZERO, payment.amount - left))
    shares = _lower(payment, part)
    payment.refunded += amount
    payment.is_void = payment.is_void or not (payment.amount or payment.credit)
    payment.save(update_fields=["amount", "refunded", "unapplied", "is_void", "changed_at"])
    RefundShare.objects.bulk_create(
        RefundShare(refund=refund, invoice_id=pk, amount=share) for pk, share in shares.items()
    )
    _owe(invoices, shares, refund, origin)
    if part < amount and left is None:
        Invoice.objects.filter(pk__in=invoices).update(attention=MORE_THAN_LEFT)
    after = {"amount": payment.amount, "refunded": payment.refunded}
    audit.record(
        "payment",
        payment,
        verb="payment.refunded",
        actor=refund.actor,
        origin=origin,
        contact_id=payment.contact_id,
        text=f"{words_of(refund)}{f': {refund.reason}' if refund.reason else ''}",
        changes=audit.differences(before, after),
    )
    _tell(payment, refund, list(shares), was_emptied=bool(before["amount"]) and payment.is_void, origin=origin)
    return refund


def note_on_its_way(payment: Payment, *, source: str, reference: str, amount: Decimal, key: str = "") -> Refund:
    """A refund that a bank has yet to carry out: the money is not gone before it arrives."""
    with transaction.atomic():
        _, payment = _locked(payment)
        refund = _row(payment, source, reference, key) or Refund(
            payment=payment, source=source, amount=amount, currency=payment.currency
        )
        if refund.status not in GONE:
            refund.reference, refund.status = reference, Status.ASKED
            refund.save()
    return refund


def refund_failed(refund: Refund, why: str) -> None:
    """It will not happen: nothing was lowered, and nothing is."""
    Refund.objects.filter(pk=refund.pk, status=Status.ASKED).update(
        status=Status.FAILED, error=why[:600], not_before=None, ended_at=timezone.now()
    )


@transaction.atomic
def money_came_back(refund: Refund, invoice: Invoice, *, method: str, origin: str) -> None:
    """A dispute was won, or a bank sent a refund back: that money is a payment of its own, once."""
    share = refund.shares.order_by("-amount", "pk").select_related("invoice").first()
    record_payment(
        share.invoice if share is not None else invoice,
        source=refund.source,
        reference=refund.reference,
        amount=refund.amount,
        received_on=timezone.localdate(timezone=Business.load().zone),
        method=method,
        memo=refund.reference,
        origin=origin,
    )
    Refund.objects.filter(pk=refund.pk, status=Status.DONE).update(status=Status.RETURNED)


@transaction.atomic
def start_chasing(invoice: Invoice, seen: str, *, by: User) -> bool:
    """End the hold that ``by`` has read; False if something else stands there by now."""
    found = Invoice.objects.present().filter(pk=invoice.pk, hold=seen).exclude(hold="")
    if not found.update(hold=""):
        return False
    audit.record(
        "invoice",
        invoice.pk,
        verb="invoice.started",
        actor=by,
        origin="staff",
        contact_id=invoice.contact_id,
        text="Started again: the customer may be reminded",
        changes={"hold": [seen, ""]},
    )
    return True


def words_of(refund: Refund) -> str:
    """ "20.00 USD was refunded"."""
    return f"{quantize(refund.amount, refund.currency):,f} {refund.currency} {WORDS[Refund.Kind(refund.kind)]}"


def _locked(payment: Payment) -> tuple[dict[int, Invoice], Payment]:
    """The invoices first, as everybody locks who moves money, then the payment; both as they are now."""
    pks = sorted(payment.allocations.values_list("invoice", flat=True))
    invoices = _lock(Invoice.objects.filter(pk__in=pks))
    payment = Payment.objects.select_for_update().get(pk=payment.pk)
    # Spread anew between the two: rare, and the payment is ours now.
    later = set(payment.allocations.values_list("invoice", flat=True)) - invoices.keys()
    return {**invoices, **_lock(Invoice.objects.filter(pk__in=later))}, payment


def _lock(rows: QuerySet[Invoice]) -> dict[int, Invoice]:
    return {invoice.pk: invoice for invoice in rows.order_by("pk").select_for_update()}


def _row(payment: Payment, source: str, reference: str, key: str) -> Refund | None:
    found = Refund.objects.filter(source=source, reference=reference).first() if reference else None
    return found or (Refund.objects.filter(payment=payment, key=key).first() if key else None)


def _lower(payment: Payment, by: Decimal) -> dict[int, Decimal]:
    """Take so much of a payment: first what is not applied, then its allocations, the latest first; what each invoice
    loses. Credit memos are not money. What is left after that was on documents that are not held here.
    """
    payment.amount -= by
    spare = min(payment.unapplied, by)
    payment.unapplied -= spare
    by -= spare
    lost: dict[int, Decimal] = {}
    for allocation in payment.allocations.order_by("-pk"):
        part = min(by, allocation.amount - allocation.credit)
        if part <= 0:
            continue
        by -= part
        lost[allocation.invoice_id] = part
        allocation.amount -= part
        if allocation.amount:
            allocation.save(update_fields=["amount"])
        else:
            allocation.delete()
    return lost


def _owe(invoices: dict[int, Invoice], shares: dict[int, Decimal], refund: Refund, origin: str) -> None:
    """These are owed again, and chasing them waits for staff. A void one asks for nothing whatever went back."""
    text = f"{words_of(refund)} on {date_format(timezone.localdate(timezone=Business.load().zone), 'j M Y')}."
    owed = [pk for pk in shares if invoices[pk].status not in {Invoice.Status.VOID, Invoice.Status.DRAFT}]
    reopened = [pk for pk in owed if invoices[pk].status == Invoice.Status.PAID]
    for pk in owed:
        balance = invoices[pk].balance + shares[pk]
        Invoice.objects.filter(pk=pk).update(balance=balance, status=Invoice.Status.OPEN, hold=text)
    settle(shares, origin=origin)
    for invoice in Invoice.objects.present().filter(pk__in=reopened):
        invoice_reopened.send(sender=Invoice, invoice=invoice, origin=origin)
    audit.record_many(
        audit.entry(
            "invoice",
            pk,
            verb="invoice.held",
            actor=refund.actor,
            origin=origin,
            contact_id=invoices[pk].contact_id,
            text=f"{text} The customer is not reminded until somebody presses Start.",
        )
        for pk in owed
    )


def _tell(payment: Payment, refund: Refund, invoices: list[int], *, was_emptied: bool, origin: str) -> None:
    payment_refunded.send(sender=Payment, payment=payment, refund=refund, invoices=invoices, origin=origin)
    if was_emptied:
        payment_reversed.send(sender=Payment, payment=payment, origin=origin)
