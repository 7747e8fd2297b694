"""Everything that one contact owes, by currency, as the contact may see and pay it."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import groupby

from django.db.models import OuterRef, Sum

from crm.models import Contact
from invoicing.books import payable_together, refresh
from invoicing.display import due_words
from invoicing.gateways import Bill, PaymentGateway, all_gateways, get_gateways
from invoicing.models import Invoice, Payment
from invoicing.models.invoices import ZERO, InvoiceQuerySet
from invoicing.money import format_money, quantize

LATELY = timedelta(days=90)
MOST_PAYMENTS = 10


@dataclass(frozen=True)
class StatementRow:
    invoice: Invoice
    due: str
    is_late: bool
    is_waiting: bool  # it is paid, and a bank has yet to answer


@dataclass(frozen=True)
class Way:
    """A button: which gateway, and what stands on it."""

    gateway: PaymentGateway
    words: str


@dataclass(frozen=True)
class Owed:
    """What is owed in one currency. ``payable`` is less than ``total`` where a payment is on its way."""

    currency: str
    rows: list[StatementRow]
    total: Decimal
    payable: Decimal
    ways: list[Way]

    @property
    def is_late(self) -> bool:
        return any(row.is_late for row in self.rows)

    @property
    def is_part(self) -> bool:
        return self.payable != self.total


def statement_of(contact: Contact, today: date) -> list[Owed]:
    """What is owed, by currency, each with its invoices, the oldest due first."""
    invoices = list(_open(contact.pk))
    waiting = _waiting(invoices)
    return [
        _owed(currency, list(group), waiting, today) for currency, group in groupby(invoices, lambda one: one.currency)
    ]


def bill_of_all(contact: Contact, currency: str) -> Bill | None:
    """All that can be paid in one go, as the books have it at this moment; None where that is nothing."""
    refresh(_payable(contact, currency))
    invoices = _payable(contact, currency)
    return Bill.of_all(invoices) if invoices and payable_together(invoices) else None


def has_more_open(invoice: Invoice) -> bool:
    """Whether its contact owes more than one invoice."""
    return invoice.contact_id is not None and second_open(invoice.contact_id).exists()


def second_open(contact_id: int | OuterRef) -> InvoiceQuerySet:
    """Of all that a contact owes the second, if there is one."""
    return _open(contact_id)[1:2]


def credit_of(contact: Contact) -> list[tuple[str, Decimal]]:
    """(currency, amount) of what the contact paid and no invoice has used up."""
    unapplied = Payment.objects.filter(contact=contact, is_void=False, unapplied__gt=0)
    sums = unapplied.order_by("currency").values_list("currency").annotate(Sum("unapplied"))
    return [(currency, quantize(amount, currency)) for currency, amount in sums]


def paid_lately(contact: Contact, today: date) -> list[Payment]:
    """The last payments of money, newest first."""
    paid = Payment.objects.filter(contact=contact, is_void=False, amount__gt=0, received_on__gte=today - LATELY)
    return list(paid.order_by("-received_on", "-id")[:MOST_PAYMENTS])


def _open(contact_id: int | OuterRef) -> InvoiceQuerySet:
    owed = Invoice.objects.present().open().filter(contact=contact_id, balance__gt=0)
    return owed.select_related("contact").for_list().order_by("currency", "due_on", "pk")


def _payable(contact: Contact, currency: str) -> list[Invoice]:
    invoices = [invoice for invoice in _open(contact.pk) if invoice.currency == currency]
    waiting = _waiting(invoices)
    return [invoice for invoice in invoices if invoice.pk not in waiting]


def _waiting(invoices: list[Invoice]) -> set[int]:
    """Also at a gateway that is not offered any more."""
    pks = {invoice.pk for invoice in invoices}
    found = [gateway.waiting().filter(pk__in=pks) for gateway in all_gateways()] if pks else []
    return {pk for rows in found for pk in rows.values_list("pk", flat=True)}


def _owed(currency: str, invoices: list[Invoice], waiting: set[int], today: date) -> Owed:
    payable = [invoice for invoice in invoices if invoice.pk not in waiting]
    gateways = get_gateways(currency).values() if payable and payable_together(payable) else ()
    left = sum((invoice.balance for invoice in payable), ZERO)
    words = f"Pay {format_money(left, currency)}"
    if len(payable) > 1:
        words = f"Pay {'all' if payable == invoices else 'the other'} {len(payable):,} invoices"
    return Owed(
        currency=currency,
        rows=[
            StatementRow(invoice, due_words(invoice.due_on, today), invoice.due_on < today, invoice.pk in waiting)
            for invoice in invoices
        ],
        total=sum((invoice.balance for invoice in invoices), ZERO),
        payable=left,
        ways=[Way(gateway, f"{words} {gateway.way}") for gateway in gateways],
    )
