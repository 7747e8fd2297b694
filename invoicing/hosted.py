"""What a customer's page says, as plain words, and the page that these make."""

from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from typing import NamedTuple

from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.dateformat import format as format_date

from invoicing.display import due_words
from invoicing.document import LineShown, document_of
from invoicing.gateways import PaymentGateway, all_gateways, get_gateways, known_gateways
from invoicing.looks import Found, Look, read
from invoicing.models import Allocation, Invoice
from invoicing.money import quantize
from invoicing.part_payments import least_of
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


@dataclass(frozen=True)
class Visit:
    """What the address and an earlier answer add to a look: all empty for most."""

    came_back: bool = False  # from the gateway, which says that it was paid
    sorry: str = ""  # the gateway that made no page
    typed: str = ""  # an amount that cannot be paid
    wrong: str = ""  # and why


class Page(NamedTuple):
    html: bytes
    origins: tuple[str, ...]  # where its form may lead


PLAIN = Visit()


def page_of(token: str, found: Found, visit: Visit = PLAIN) -> Page:
    """The page as it is now."""
    if visit != PLAIN:
        return _render(token, found, visit)
    known = [gateway for gateway in all_gateways() if gateway.takes(found.currency)]
    return _plain(token, found, tuple((gateway.label, gateway.origin) for gateway in known))


# Keyed by all that the database said just now, so it can never show what was.
@lru_cache(maxsize=256)
def _plain(token: str, found: Found, gateways: tuple[tuple[str, str], ...]) -> Page:
    return _render(token, found, PLAIN)


def _render(token: str, found: Found, visit: Visit) -> Page:
    look = read(found)
    gateways = get_gateways(look.invoice.currency, look.chosen) if look.invoice.is_owed() else {}
    shown = shown_to(token, look, visit, gateways)
    html = render_to_string("public/invoice.html", {"shown": shown, "business": shown.sender})
    return Page(html.encode(), tuple(gateway.origin for gateway in gateways.values()))


def shown_to(token: str, look: Look, visit: Visit, gateways: dict[str, PaymentGateway]) -> Shown:
    """``gateways`` are those that take what is owed."""
    invoice, business, last = look.invoice, look.business, look.last_received_on
    document = document_of(invoice, look.lines, business.country, look.refunded)
    owed = invoice.is_owed()
    came_back = owed and visit.came_back
    arrived = _just_arrived(invoice) if came_back else None
    least = least_of(invoice, look.chosen) if gateways else None
    sorry = gateways.get(visit.sorry)
    return Shown(
        token=token,
        sender=Sender(business.name, business.logo.name or "", business.phone, business.email),
        name=str(invoice),
        customer=invoice.customer_name,
        status=invoice.status,
        is_owed=owed,
        is_late=owed and invoice.due_on < look.today,
        due=due_words(invoice.due_on, look.today) if owed else "",
        due_on=format_date(invoice.due_on, "j F Y"),
        balance=money(invoice.balance, invoice.currency),
        total=money(invoice.total, invoice.currency),
        paid_on=format_date(last, "j F Y") if last and invoice.status == Invoice.Status.PAID else "",
        has_credit=bool(invoice.credited),
        has_receipt=invoice.has_receipt(),
        gateways=tuple((gateway.name, gateway.label) for gateway in gateways.values()),
        is_waiting=owed and not look.waiting.isdisjoint(known_gateways(invoice.currency)),
        has_just_paid=came_back and not arrived,
        arrived=money(arrived.amount, invoice.currency) if arrived else "",
        sorry=sorry.label if sorry else "",
        least=money(least, invoice.currency) if least else "",
        typed=visit.typed or f"{quantize(invoice.balance, invoice.currency)}",
        wrong=visit.wrong,
        rows=tuple(_row(row, invoice.currency) for row in document.lines),
        totals=tuple(Total(row.label, money(row.amount, invoice.currency), row.strong) for row in document.totals),
        note=invoice.customer_note,
        issued_on=format_date(invoice.issued_on, "j F Y"),
        terms=invoice.terms,
        currency=invoice.currency,
        has_more=look.has_more_open,
    )


def _just_arrived(invoice: Invoice) -> Allocation | None:
    last = invoice.received().last()
    return last if last and timezone.now() - last.payment.created_at < JUST_NOW else None


def _row(row: LineShown, currency: str) -> Row:
    line = row.line
    text = line.description or ("" if row.title else line.code)
    counted = f"{number(line.quantity)} × {number(line.rate)}" if line.quantity else ""
    tax = f", {row.tax_said}" if counted and row.tax_said else ""
    return Row(row.is_bundled, row.title, text, f"{counted}{tax}", money(row.amount, currency))
