"""How old the open invoices are: in words, as filters, and as sums. Days are the business's own."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Count, Q, Sum

from invoicing.models import Invoice
from invoicing.models.invoices import ZERO, InvoiceQuerySet
from invoicing.money import quantize


@dataclass(frozen=True)
class Age:
    """An age of debts: from ``least`` to ``most`` days past due (None: no bound on that side)."""

    name: str
    label: str
    least: int | None
    most: int | None

    def due(self, on: date) -> Q:
        """The invoices of this age on the day ``on``, by their due date."""
        found = Q()
        if self.least is not None:
            found &= Q(due_on__lte=on - timedelta(days=self.least))
        if self.most is not None:
            found &= Q(due_on__gte=on - timedelta(days=self.most))
        return found


AGES = {
    age.name: age
    for age in (
        Age("current", "Not due yet", None, 0),
        Age("1-30", "1–30 days overdue", 1, 30),
        Age("31-60", "31–60 days overdue", 31, 60),
        Age("61-90", "61–90 days overdue", 61, 90),
        Age("over-90", "Over 90 days overdue", 91, None),
    )
}


@dataclass(frozen=True)
class AgeSum:
    """What is owed at one age; ``share`` is 0 to 100 of the currency's largest, the length of its bar."""

    age: Age
    count: int
    balance: Decimal
    share: int


@dataclass(frozen=True)
class OpenSum:
    """What is owed in one currency, whole and by age."""

    currency: str
    count: int
    balance: Decimal
    overdue_count: int
    overdue_balance: Decimal
    ages: list[AgeSum]


def open_by_currency(invoices: InvoiceQuerySet, on: date) -> list[OpenSum]:
    """One row a currency, never mixed, in one query."""
    sums: dict[str, Count | Sum] = {"count": Count("id"), "balance_all": Sum("balance")}
    for number, age in enumerate(AGES.values()):
        sums[f"count_{number}"] = Count("id", filter=age.due(on))
        sums[f"balance_{number}"] = Sum("balance", filter=age.due(on), default=ZERO)
    owed = invoices.filter(status=Invoice.Status.OPEN, balance__gt=0)
    return [_open_sum(dict(row)) for row in owed.order_by("currency").values("currency").annotate(**sums)]


def nothing_open(currency: str) -> OpenSum:
    """The row of a currency in which nothing is owed."""
    return OpenSum(currency, 0, ZERO, 0, ZERO, [])


def _open_sum(row: dict[str, Any]) -> OpenSum:
    currency = row["currency"]
    balances = [quantize(row[f"balance_{number}"], currency) for number in range(len(AGES))]
    counts = [row[f"count_{number}"] for number in range(len(AGES))]
    largest = max(balances)
    return OpenSum(
        currency=currency,
        count=row["count"],
        balance=quantize(row["balance_all"], currency),
        overdue_count=sum(counts[1:]),
        overdue_balance=sum(balances[1:], ZERO),
        ages=[
            AgeSum(age, count, balance, _share(balance, largest))
            for age, count, balance in zip(AGES.values(), counts, balances, strict=True)
        ],
    )


def _share(balance: Decimal, largest: Decimal) -> int:
    """At least 1 for anything owed at all, so that a small debt beside a large one is still seen."""
    return max(1, round(balance * 100 / largest)) if balance and largest else 0
