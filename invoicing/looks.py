"""What the database knows of a customer's page at one moment, in two questions: the lines, and all the rest."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS
from django.db.models import Exists, F, Model, OuterRef, QuerySet, Subquery, Sum
from django.db.models.functions import JSONObject
from django.utils import timezone

from crm.models import Business
from crm.prepared import A_NUMBER, A_TEXT, Prepared, Rows
from invoicing.gateways import all_gateways
from invoicing.links import shown_by
from invoicing.models import Allocation, Invoice, InvoiceLine, PaymentSettings
from invoicing.models.invoices import ZERO
from invoicing.money_shown import gone_back
from invoicing.statements import second_open
from invoicing.tokens import could_be_token


def _columns(model: type[Model], names: str) -> list[str]:
    """In the model's own order, as ``from_db`` wants them."""
    return [field.attname for field in model._meta.concrete_fields if field.attname in names.split()]


# All that a customer sees; a field that is not here would be asked for by itself.
INVOICE = _columns(
    Invoice,
    "id status number issued_on due_on currency customer_name terms customer_note tax_mode subtotal discount"
    " discount_percent shipping tax taxes total deposit paid credited balance removed_at",
)
LINE = _columns(
    InvoiceLine,
    "id kind code name description quantity rate discount_percent amount amount_with_tax tax_name tax_percent",
)
BUSINESS = ("name", "logo", "phone", "email", "country", "time_zone")
CHOSEN = ("switched_off", "allows_part", "least_part")


class Found(NamedTuple):
    """As the database says it: two that are equal say the same in every word and figure."""

    about: Rows
    lines: Rows
    currency: str
    today: date  # of the business's own calendar


@dataclass(frozen=True)
class Look:
    invoice: Invoice
    lines: list[InvoiceLine]
    business: Business
    chosen: PaymentSettings
    refunded: Decimal
    has_more_open: bool
    last_received_on: date | None
    waiting: frozenset[str]  # the gateways where a bank has yet to answer
    today: date


def find(token: str) -> Found | None:
    """What stands behind a living link; None where ``links.invoice_of`` finds nothing either."""
    about = _about(tuple(settings.PAYMENT_GATEWAYS)).ask(token) if could_be_token(token) else ()
    if not about:
        return None
    pk, currency, zone, *_ = about[0]
    today = timezone.localdate(timezone=ZoneInfo(zone) if zone else Business().zone)
    return Found(about, _lines.ask(pk), currency, today)


def read(found: Found) -> Look:
    (row,) = _about(tuple(settings.PAYMENT_GATEWAYS)).read(found.about)
    (_, _, _, *said), gateways = row, [gateway.name for gateway in all_gateways()]

    def take(number: int) -> list[Any]:
        taken, said[:number] = said[:number], []
        return taken

    return Look(
        invoice=Invoice.from_db(DEFAULT_DB_ALIAS, INVOICE, take(len(INVOICE))),
        business=Business(**(take(1)[0] or {})),
        chosen=PaymentSettings(pk=1, **_known(CHOSEN, take(len(CHOSEN)))),
        last_received_on=take(1)[0],
        refunded=take(1)[0] or ZERO,
        has_more_open=bool(take(1)[0]),
        waiting=frozenset(name for name in gateways if take(1)[0]),
        lines=[InvoiceLine.from_db(DEFAULT_DB_ALIAS, LINE, line) for line in _lines.read(found.lines)],
        today=found.today,
    )


def _known(names: tuple[str, ...], values: list[Any]) -> dict[str, Any]:
    """Without those of a row that was never written: its defaults hold."""
    return {name: value for name, value in zip(names, values, strict=True) if value is not None}


@lru_cache(maxsize=8)
def _about(gateways: tuple[str, ...]) -> Prepared:
    """First what ``find`` needs, then what ``read`` takes, in its order."""

    def make(token: str) -> QuerySet[Any, Any]:
        business, chosen = Business.objects.filter(pk=1), PaymentSettings.objects.filter(pk=1)
        this = OuterRef("pk")
        standing = Allocation.objects.filter(invoice=this).standing()
        share = gone_back(this).order_by().values("invoice").annotate(sum=Sum("amount")).values("sum")
        asked = {
            "zone": Subquery(business.values("time_zone")),
            "business": Subquery(business.values(all=JSONObject(**{name: name for name in BUSINESS}))),
            **{f"chosen_{name}": Subquery(chosen.values(name)) for name in CHOSEN},
            "last_received_on": Subquery(standing.reverse().values("payment__received_on")[:1]),
            "refunded": Subquery(share),
            "has_more_open": Exists(second_open(OuterRef("contact"))),
            **{f"at_{gateway.name}": Exists(gateway.waiting().filter(pk=this)) for gateway in all_gateways()},
        }
        zone, *others = asked
        return shown_by(token).annotate(**asked).values_list(F("pk"), F("currency"), zone, *INVOICE, *others)

    return Prepared(make, A_TEXT)


def _ask_for_lines(pk: int) -> QuerySet[Any, Any]:
    return InvoiceLine.objects.filter(invoice=pk).order_by("position").values_list(*LINE)


_lines = Prepared(_ask_for_lines, A_NUMBER)
