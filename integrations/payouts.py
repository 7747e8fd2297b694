"""Payouts as a person compares them with the bank and with the books."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.db.models import Count, QuerySet, Sum
from django.http import QueryDict
from django.utils import timezone

from integrations.models import BookingSettings, Payout, PayoutLine, QuickBooksConnection, QuickBooksLink
from integrations.quickbooks.mapping.values import Doc, decimal, ref
from invoicing.models import Allocation, Payment
from invoicing.money import by_currency, quantize

ZERO = Decimal(0)
Kind = PayoutLine.Kind
UNKNOWN = "unknown"
# Gateways whose money goes straight to the bank, and that tell no fee.
SILENT = {"crezco": "Crezco"}
HEADER = [
    *("Payout", "Arrives on", "What", "Day", "Invoice", "Customer", "Reference"),
    *("Gross", "Fee", "Net", "Currency", "Booked in Undeposited Funds", "Its currency"),
]


class PayoutFilters(forms.Form):
    """From which day to which they arrive. What the URL says wrongly is passed over, as if it were not there."""

    since = forms.DateField(required=False, label="From", widget=forms.DateInput(attrs={"type": "date"}))
    until = forms.DateField(required=False, label="To", widget=forms.DateInput(attrs={"type": "date"}))

    def __init__(self, query: QueryDict) -> None:
        query = query.copy()
        super().__init__(query, label_suffix="", auto_id="filter-%s")
        for name in list(self.errors):
            query.pop(name, None)  # or the page would show a day that is not applied
        self.days = {name: day for name, day in self.cleaned_data.items() if day}

    @property
    def query(self) -> str:
        """These days as they stand in a URL, with ``?`` in front; "" for none."""
        words = "&".join(f"{name}={day.isoformat()}" for name, day in self.days.items())
        return f"?{words}" if words else ""

    def payouts(self) -> QuerySet[Payout]:
        return Payout.objects.filter(**self._within("arrives_on"))

    def silent_payments(self) -> QuerySet[Payment]:
        """Payments of these days that went straight to the bank."""
        return Payment.objects.filter(source__in=SILENT, **self._within("received_on"))

    def _within(self, column: str) -> dict[str, Any]:
        ends = {"since": "gte", "until": "lte"}
        return {f"{column}__{ends[name]}": day for name, day in self.days.items()}


@dataclass
class Figures:
    """What is in one payout: ``payments`` - ``fees`` + ``refunds`` + ``disputes`` + ``other`` is what was paid out."""

    payout: Payout
    number: int = 0
    payments: Decimal = ZERO
    fees: Decimal = ZERO
    refunds: Decimal = ZERO
    disputes: Decimal = ZERO
    other: Decimal = ZERO
    undeposited: dict[str, Decimal] = field(default_factory=dict)

    def add(self, kind: str, gross: Decimal, fee: Decimal, number: int) -> None:
        names = {Kind.PAYMENT: "payments", Kind.REFUND: "refunds", Kind.DISPUTE: "disputes", Kind.OTHER: "other"}
        setattr(self, names[Kind(kind)], gross)
        self.fees += fee
        if kind == Kind.PAYMENT:
            self.number = number


def figures(payouts: Sequence[Payout]) -> list[Figures]:
    """The sums of these payouts; a handful of queries for all of them."""
    found = {payout.pk: Figures(payout) for payout in payouts}
    lines = PayoutLine.objects.filter(payout__in=found)
    sums = lines.order_by().values_list("payout", "kind")
    for pk, kind, gross, fee, number in sums.annotate(Sum("gross"), Sum("fee"), Count("pk")):
        found[pk].add(kind, gross, fee, number)
    amounts = defaultdict[int, list[tuple[str, Decimal]]](list)
    account = _undeposited_account()
    booked = lines.filter(kind=Kind.PAYMENT, payment__quickbooks_link__state=QuickBooksLink.State.LINKED)
    for pk, currency, document in booked.values_list(
        "payout", "payment__currency", "payment__quickbooks_link__document"
    ):
        if amount := _in_account(document, account):
            amounts[pk].append((currency, amount))
    for pk, parts in amounts.items():
        found[pk].undeposited = by_currency(parts)
    return list(found.values())


def _undeposited_account() -> str:
    connection = QuickBooksConnection.objects.current()
    return BookingSettings.of(connection).undeposited_id if connection else ""


def _in_account(document: Doc, account: str) -> Decimal:
    """How much of a payment is booked in the account; a deposit may have taken it out, which payments do not tell."""
    is_there = account and ref(document, "DepositToAccountRef") == account
    return decimal(document.get("TotalAmt")) if is_there else ZERO


def csv_rows(payouts: QuerySet[Payout], zone: ZoneInfo, silent: Iterable[Payment] = ()) -> Iterator[list[Any]]:
    """A line for each movement, newest payout first; then the payments whose fee nobody tells."""
    account = _undeposited_account()
    lines = PayoutLine.objects.filter(payout__in=payouts).select_related("payout", "payment__quickbooks_link")
    lines = lines.prefetch_related("payment__allocations__invoice")
    for line in lines.order_by("-payout__arrives_on", "-payout", "happened_at", "id").iterator(chunk_size=500):
        currency = line.payout.currency
        figures = [quantize(amount, currency) for amount in (line.gross, line.fee, line.net)]
        day = timezone.localdate(line.happened_at, timezone=zone)
        facts = [line.payout.reference, line.payout.arrives_on, line.get_kind_display(), day]
        own = line.kind == Kind.PAYMENT
        yield [*facts, *_about(line.payment, line.reference), *figures, currency, *_there(line.payment, account, own)]
    for payment in silent:
        gross = quantize(payment.amount + payment.refunded, payment.currency)
        facts = [SILENT[payment.source], payment.received_on, Kind.PAYMENT.label, payment.received_on]
        silent_ones = [gross, UNKNOWN, UNKNOWN, payment.currency]
        yield [*facts, *_about(payment, payment.reference), *silent_ones, *_there(payment, account, True)]


def _about(payment: Payment | None, reference: str) -> list[str]:
    """Invoices, customer and reference; a movement of an account that also serves others has only the last."""
    if payment is None:
        return ["", "", reference]
    shares: Iterable[Allocation] = payment.allocations.all()
    return [", ".join(share.invoice.number for share in shares), payment.customer_name, payment.reference]


def _there(payment: Payment | None, account: str, is_own: bool) -> list[Any]:
    """What of a payment is booked in Undeposited Funds, and in which currency; told once, with the payment itself."""
    link: QuickBooksLink | None = getattr(payment, "quickbooks_link", None) if is_own else None
    if payment is None or link is None or link.state != QuickBooksLink.State.LINKED:
        return ["", ""]
    return [quantize(_in_account(link.document, account), payment.currency), payment.currency]
