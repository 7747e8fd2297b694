"""What other pages show of invoices: a fragment for htmx, a plain page without it."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from django.db.models import Count, Sum
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.http import require_GET

from crm.models import Contact
from crm.paging import render_list
from crm.roles import allowed
from invoicing.aging import OpenSum, nothing_open, open_by_currency
from invoicing.display import shown
from invoicing.models import Invoice, Payment
from invoicing.models.invoices import ZERO
from invoicing.money import quantize
from invoicing.statements import credit_of

LAST_INVOICES = 5
RECENT_DAYS = 30
BIGGEST_PK = 2**63 - 1


@allowed("invoices.view")
@require_GET
def contact_panel(request: HttpRequest, pk: int) -> HttpResponse:
    """A contact's open balance and credit in each currency, and the last invoices."""
    if pk > BIGGEST_PK:
        raise Http404
    contact = get_object_or_404(Contact, pk=pk)
    today = timezone.localdate()
    invoices = Invoice.objects.present().filter(contact=contact)
    latest = invoices.for_list().order_by("-issued_on", "-id")[:LAST_INVOICES]
    context = {
        "contact": contact,
        "open": open_by_currency(invoices, today),
        "credit": credit_of(contact),
        "rows": [shown(invoice, today) for invoice in latest],
    }
    return render_list(
        request, page="invoicing/contact_panel.html", rows="invoicing/_contact_panel.html", context=context
    )


@dataclass(frozen=True)
class MoneySum:
    """What is owed and what came in lately, in one currency."""

    currency: str
    open: OpenSum
    payments: int
    received: Decimal


@allowed("invoices.view")
@require_GET
def dashboard_panel(request: HttpRequest) -> HttpResponse:
    """What is owed and what came in: the home currency large, the others in a table, none added to another."""
    today = timezone.localdate()
    home = request.business.currency  # type: ignore[attr-defined]
    owed = {row.currency: row for row in open_by_currency(Invoice.objects.present(), today)}
    received = _received_since(today - timedelta(days=RECENT_DAYS))
    sums = {
        currency: MoneySum(currency, owed.get(currency) or nothing_open(currency), *received.get(currency, (0, ZERO)))
        for currency in sorted({home, *owed, *received})
    }
    context = {"home": sums.pop(home), "others": list(sums.values()), "days": RECENT_DAYS}
    return render_list(
        request, page="invoicing/dashboard_panel.html", rows="invoicing/_dashboard_panel.html", context=context
    )


def _received_since(day: date) -> dict[str, tuple[int, Decimal]]:
    """Payments and money received on or after ``day``, by currency; credit memos bring no money."""
    money = Payment.objects.filter(received_on__gte=day, is_void=False, amount__gt=0)
    sums = money.order_by("currency").values_list("currency").annotate(Count("id"), Sum("amount"))
    return {currency: (count, quantize(amount, currency)) for currency, count, amount in sums}
