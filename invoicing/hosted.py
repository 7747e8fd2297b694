"""What a customer's page says, as plain words, and the page that these make. Reads the database once for each look."""

from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.dateformat import format as format_date

from crm.models import Business
from invoicing.display import due_words
from invoicing.document import LineShown, document_of
from invoicing.gateways import PaymentGateway, known_gateways
from invoicing.models import Invoice
from invoicing.money import quantize
from invoicing.money_shown import refunded_of
from invoicing.part_payments import least_of
from invoicing.statements import has_more_open
from invoicing.templatetags.money import money, number

JUST_NOW = timedelta(minutes=15)


@dataclass(frozen=True)
class Sender:
    name: str
    logo: str
    phone: str
    email: str


@dataclass(frozen=True)
class Row:
    """One line; ``counted`` is "2 × 5, VAT 20%"."""

    is_bundled: bool
    title: str
    text: str
    counted: str
    amount: str


@dataclass(frozen=True)
class Total:
    label: str
    amount: str
    strong: bool


@dataclass(frozen=True)
class Shown:
    """All that the page says. The template gets this and nothing else, so two that are equal are the same page."""

    token: str
    sender: Sender
    name: str
    customer: str
    status: str
    is_owed: bool
    is_late: bool
    due: str
    due_on: str
    balance: str
    total: str
    paid_on: str
    has_credit: bool
    has_receipt: bool
    gateways: tuple[tuple[str, str], ...]
    is_waiting: bool
    has_just_paid: bool
    arrived: str
    sorry: str
    least: str
    typed: str
    wrong: str
    rows: tuple[Row, ...]
    totals: tuple[Total, ...]
    note: str
    issued_on: str
    terms: str
    currency: str
    has_more: bool  # of the same contact, to pay


# Keyed by all that it says, so it can never show what was: only words that came out of the database just now find it.
@lru_cache(maxsize=256)
def page_of(shown: Shown) -> bytes:
    return render_to_string("public/invoice.html", {"shown": shown, "business": shown.sender}).encode()


def shown_to(
    request: HttpRequest,
    token: str,
    invoice: Invoice,
    business: Business,
    gateways: dict[str, PaymentGateway],
    *,
    typed: str = "",
    wrong: str = "",
) -> Shown:
    """As it is now; ``gateways`` are those that take what is owed.

    ``typed`` is an amount that cannot be paid, and ``wrong`` says why.
    """
    today = timezone.localdate(timezone=business.zone)
    document = document_of(invoice, business.country, refunded_of(invoice))
    owed = invoice.is_owed()
    came_back = owed and request.GET.get("paid") == "1"
    last = invoice.received().last() if invoice.status == Invoice.Status.PAID or came_back else None
    arrived = last if came_back and last and timezone.now() - last.payment.created_at < JUST_NOW else None
    least = least_of(invoice) if gateways else None
    sorry = gateways.get(request.GET.get("sorry", ""))
    return Shown(
        token=token,
        sender=Sender(business.name, business.logo.name or "", business.phone, business.email),
        name=str(invoice),
        customer=invoice.customer_name,
        status=invoice.status,
        is_owed=owed,
        is_late=owed and invoice.due_on < today,
        due=due_words(invoice.due_on, today) if owed else "",
        due_on=format_date(invoice.due_on, "j F Y"),
        balance=money(invoice.balance, invoice.currency),
        total=money(invoice.total, invoice.currency),
        paid_on=format_date(last.payment.received_on, "j F Y") if last and not owed else "",
        has_credit=bool(invoice.credited),
        has_receipt=invoice.has_receipt(),
        gateways=tuple((gateway.name, gateway.label) for gateway in gateways.values()),
        is_waiting=owed and any(one.waiting([invoice.pk]) for one in known_gateways(invoice.currency).values()),
        has_just_paid=came_back and not arrived,
        arrived=money(arrived.amount, invoice.currency) if arrived else "",
        sorry=sorry.label if sorry else "",
        least=money(least, invoice.currency) if least else "",
        typed=typed or f"{quantize(invoice.balance, invoice.currency)}",
        wrong=wrong,
        rows=tuple(_row(row, invoice.currency) for row in document.lines),
        totals=tuple(Total(row.label, money(row.amount, invoice.currency), row.strong) for row in document.totals),
        note=invoice.customer_note,
        issued_on=format_date(invoice.issued_on, "j F Y"),
        terms=invoice.terms,
        currency=invoice.currency,
        has_more=has_more_open(invoice),
    )


def _row(row: LineShown, currency: str) -> Row:
    line = row.line
    text = line.description or ("" if row.title else line.code)
    counted = f"{number(line.quantity)} × {number(line.rate)}" if line.quantity else ""
    tax = f", {row.tax_said}" if counted and row.tax_said else ""
    return Row(row.is_bundled, row.title, text, f"{counted}{tax}", money(row.amount, currency))
