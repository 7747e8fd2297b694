"""What the list of invoices can be narrowed to, read from the URL."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django import forms
from django.db.models import Count, Sum
from django.http import QueryDict

from invoicing.aging import AGES
from invoicing.models import Invoice
from invoicing.models.invoices import InvoiceQuerySet
from invoicing.money import quantize

MOST_YEARS = 25  # a mistyped year of long ago must not make a list of centuries

Narrow = Callable[[InvoiceQuerySet, date], InvoiceQuerySet]
STATUSES: dict[str, tuple[str, Narrow]] = {
    "open": ("Open", lambda invoices, on: invoices.open()),
    "overdue": ("Overdue", lambda invoices, on: invoices.overdue(on)),
    "part-paid": ("Partly paid", lambda invoices, on: invoices.part_paid()),
    "paid": ("Paid", lambda invoices, on: invoices.filter(status=Invoice.Status.PAID)),
    "settled": ("Settled", lambda invoices, on: invoices.filter(status=Invoice.Status.SETTLED)),
    "void": ("Void", lambda invoices, on: invoices.filter(status=Invoice.Status.VOID)),
    "draft": ("Draft", lambda invoices, on: invoices.filter(status=Invoice.Status.DRAFT)),
    "look": ("Needs a look", lambda invoices, on: invoices.exclude(attention="")),
}


class InvoiceFilters(forms.Form):
    """The filters of one request. What the URL says wrongly is passed over, as if it were not there."""

    q = forms.CharField(required=False, max_length=200, label="Search")
    status = forms.ChoiceField(
        required=False, choices=[("", "Any status"), *((name, label) for name, (label, _) in STATUSES.items())]
    )
    origin = forms.ChoiceField(required=False, choices=[("", "Any origin"), *Invoice.Owner.choices])
    currency = forms.RegexField(r"^[A-Z]{3}$", required=False, widget=forms.Select)
    year = forms.IntegerField(required=False, min_value=1, max_value=9999, widget=forms.Select)
    conflict = forms.ChoiceField(required=False, choices=[("", "All"), ("yes", "In conflict")])
    age = forms.ChoiceField(
        required=False,
        choices=[("", "Any"), *((age.name, age.label) for age in AGES.values())],
        widget=forms.HiddenInput,
    )
    contact = forms.IntegerField(required=False, min_value=1, max_value=2**63 - 1, widget=forms.HiddenInput)

    def __init__(self, query: QueryDict) -> None:
        query = query.copy()
        super().__init__(query, label_suffix="", auto_id="filter-%s")
        for name in list(self.errors):
            query.pop(name, None)  # or the page would show a filter that is not applied

    @property
    def chosen(self) -> dict[str, Any]:
        """The filters in use, by name."""
        return {name: value for name, value in self.cleaned_data.items() if value not in (None, "")}

    def apply(self, invoices: InvoiceQuerySet, on: date) -> InvoiceQuerySet:
        """The invoices that pass every filter on the business's day ``on``."""
        chosen = self.chosen
        if "q" in chosen:
            invoices = invoices.search(chosen["q"])
        if "status" in chosen:
            invoices = STATUSES[chosen["status"]][1](invoices, on)
        if "age" in chosen:
            invoices = invoices.open().filter(AGES[chosen["age"]].due(on), balance__gt=0)
        if "conflict" in chosen:
            invoices = invoices.in_conflict()
        columns = {"origin": "owner", "currency": "currency", "year": "issued_on__year", "contact": "contact_id"}
        exact = {column: chosen[name] for name, column in columns.items() if name in chosen}
        return invoices.filter(**exact)

    def offer(self, currencies: list[str], years: list[int]) -> None:
        """Fill the two lists that depend on the invoices there are; what the URL asks for is always among them."""
        chosen = self.chosen
        for name, known, nothing in (("currency", currencies, "Any currency"), ("year", years, "Any year")):
            values = known if chosen.get(name) in (None, *known) else [*known, chosen[name]]
            field = self.fields[name]
            field.widget.choices = [("", nothing), *((value, value) for value in values)]


def years_of(invoices: InvoiceQuerySet) -> list[int]:
    """The years from the newest invoice back to the oldest: two look-ups in an index."""
    days = invoices.order_by().values_list("issued_on", flat=True)
    newest, oldest = days.order_by("-issued_on").first(), days.order_by("issued_on").first()
    if newest is None or oldest is None:
        return []
    return list(range(newest.year, max(oldest.year, newest.year - MOST_YEARS) - 1, -1))


@dataclass(frozen=True)
class CurrencySum:
    """What the invoices of one currency come to."""

    currency: str
    count: int
    total: Decimal
    balance: Decimal


def sums_by_currency(invoices: InvoiceQuerySet) -> list[CurrencySum]:
    """One row a currency, never mixed, in one query."""
    rows = invoices.order_by("currency").values("currency")
    rows = rows.annotate(count=Count("id"), sum_total=Sum("total"), sum_balance=Sum("balance"))
    return [
        CurrencySum(currency, count, quantize(total, currency), quantize(balance, currency))
        for currency, count, total, balance in rows.values_list("currency", "count", "sum_total", "sum_balance")
    ]
