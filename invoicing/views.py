"""The pages of invoices: list, export and detail."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.db.models import Prefetch, Q
from django.http import HttpRequest, HttpResponse, QueryDict, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_GET, require_POST
from django_htmx.http import push_url

from crm.audit import actor_of
from crm.badges import badges_for
from crm.csv_export import stream_csv
from crm.models import Activity, Contact
from crm.paging import Page, is_fragment, paginate
from crm.roles import allowed, may
from crm.timeline import Entry, entries
from invoicing.aging import AGES
from invoicing.attention import clear_attention
from invoicing.display import display_status, shown
from invoicing.document import document_of
from invoicing.filters import InvoiceFilters, sums_by_currency, years_of
from invoicing.links import living_url
from invoicing.models import Allocation, Invoice
from invoicing.models.invoices import InvoiceQuerySet
from invoicing.money import quantize
from invoicing.money_shown import money_of
from invoicing.recording import why_no_payment
from invoicing.removals import is_deleted_here
from invoicing.seen import looks_at, seen_of
from invoicing.sent import why_not_send

ORDERS = {
    "-issued": ["-issued_on", "-id"],
    "issued": ["issued_on", "id"],
    "due": ["due_on", "id"],
    "-due": ["-due_on", "-id"],
    "-total": ["-total", "-id"],
    "total": ["total", "id"],
    "-balance": ["-balance", "-id"],
    "balance": ["balance", "id"],
}
# Label, and the sorts of a first and a second click; both point at an index.
COLUMNS = (
    ("Number",),
    ("Customer",),
    ("Issued", "-issued", "issued"),
    ("Due", "due", "-due"),
    ("Total", "-total", "total"),
    ("Balance", "-balance", "balance"),
    ("Status, last action",),
)
EXPORTED = [
    *("number", "customer_name", "issued_on", "due_on", "currency", "total", "paid", "credited", "balance"),
    *("status", "sent_at", "viewed_at", "owner", "contact"),
]
MOST_ENTRIES = 50


@allowed("invoices.view")
@require_GET
def invoice_list(request: HttpRequest) -> HttpResponse:
    """Whole page, or for htmx the results alone; every filter stands in the URL."""
    today = timezone.localdate()
    request.GET = _without_blanks(request.GET)  # type: ignore[assignment]
    filters = InvoiceFilters(request.GET)
    found = filters.apply(Invoice.objects.present(), today)
    page = paginate(request, found.for_list().select_related("last_sent_by"), orders=ORDERS, default="-issued")
    badges = badges_for(request.user, "invoice", [invoice.pk for invoice in page.items])
    context = {
        "filters": filters,
        "page": page,
        "rows": [shown(invoice, today, badges.get(invoice.pk)) for invoice in page.items],
        "columns": [_column(page, *column) for column in COLUMNS],
        "sums": sums_by_currency(found) if page.items else [],
        "narrowed": _narrowed(request, filters),
        "export_url": f"{reverse('invoicing:export')}?{urlencode(filters.chosen)}",
        "may_import": may(request.user, "imports"),
    }
    if is_fragment(request):
        response = render(request, "invoicing/_invoice_results.html", context)
        # The address that htmx puts into the address bar, without the fields left empty.
        push_url(response, f"{request.path}?{request.GET.urlencode()}")
    else:
        response = render(request, "invoicing/invoice_list.html", context | _offer(filters))
    patch_vary_headers(response, ["HX-Request"])
    return response


@dataclass(frozen=True)
class Column:
    """The head of a column: where a click leads, and how the list is sorted by it now ("" for not)."""

    label: str
    url: str = ""
    direction: str = ""
    is_number: bool = False


def _column(page: Page[Invoice], label: str, first: str = "", second: str = "") -> Column:
    if not first:
        return Column(label)
    directions = {name: "descending" if name.startswith("-") else "ascending" for name in (first, second)}
    clicked = second if page.order == first else first
    is_number = first in {"-total", "-balance"}
    return Column(label, page.sort_urls[clicked], directions.get(page.order, ""), is_number)


def _narrowed(request: HttpRequest, filters: InvoiceFilters) -> list[tuple[str, str]]:
    """(label, address without it) of the filters that come by links and have no control of their own."""
    labels = {}
    if age := filters.chosen.get("age"):
        labels["age"] = AGES[age].label
    if pk := filters.chosen.get("contact"):
        contact = Contact.objects.filter(pk=pk).only("name").first()
        labels["contact"] = contact.name if contact else "an unknown contact"
    return [(label, f"{request.path}?{_query_without(request, name)}") for name, label in labels.items()]


def _query_without(request: HttpRequest, name: str) -> str:
    query = request.GET.copy()
    for gone in (name, "after", "before"):
        query.pop(gone, None)
    return query.urlencode()


def _offer(filters: InvoiceFilters) -> dict[str, object]:
    """The choices of the filters, which only the whole page shows."""
    everything = Invoice.objects.present()
    currencies = list(everything.order_by("currency").values_list("currency", flat=True).distinct())
    filters.offer(currencies, years_of(everything))
    return {"currencies": currencies}


def _without_blanks(query: QueryDict) -> QueryDict:
    """A form sends its empty fields too; addresses are kept and shared without them."""
    kept = QueryDict(mutable=True)
    for name, values in query.lists():
        if any(values):
            kept.setlist(name, [value for value in values if value])
    return kept


@allowed("invoices.view")
@require_GET
def invoice_export(request: HttpRequest) -> StreamingHttpResponse:
    """The filtered list as CSV, with plain figures in the invoice's own currency."""
    today = timezone.localdate()
    found = InvoiceFilters(request.GET).apply(Invoice.objects.present(), today)
    header = ["Number", "Customer", "Issued", "Due", "Currency", "Total", "Paid", "Credited", "Balance"]
    header += ["Status", "Origin", "Conflict"]
    return stream_csv(f"invoices-{today}.csv", header, _export_rows(found, today))


def _export_rows(invoices: InvoiceQuerySet, today: date) -> Iterator[list[object]]:
    for invoice in invoices.only(*EXPORTED).order_by("-issued_on", "-id").iterator(chunk_size=1000):
        amounts = (invoice.total, invoice.paid, invoice.credited, invoice.balance)
        yield [
            invoice.number,
            invoice.customer_name,
            invoice.issued_on,
            invoice.due_on,
            invoice.currency,
            *(quantize(amount, invoice.currency) for amount in amounts),
            display_status(invoice, today).word,
            invoice.get_owner_display(),
            "yes" if invoice.is_in_conflict else "",
        ]


@allowed("invoices.view")
@require_GET
def invoice_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One invoice with everything known of it; nothing on it can be changed here."""
    allocations = Allocation.objects.select_related("payment").order_by("payment__received_on", "id")
    rows = Invoice.objects.select_related("contact", "last_sent_by").prefetch_related(
        "lines", Prefetch("allocations", allocations)
    )
    invoice = get_object_or_404(rows, pk=pk)
    today = timezone.localdate()
    row = shown(invoice, today, badges_for(request.user, "invoice", [pk]).get(pk))
    business = request.business  # type: ignore[attr-defined]
    received = money_of(invoice, may_refund=may(request.user, "invoices.refund"))
    context = {
        "invoice": invoice,
        "row": row,
        "status": row.status,
        "document": document_of(invoice, invoice.lines.all(), business.country, received.refunded),
        "received": received,
        "may_start": may(request.user, "invoices.pay"),
        "is_foreign": invoice.currency != business.currency,
        "removal": {"is_deleted_here": is_deleted_here(invoice), "may_delete": may(request.user, "invoices.delete")},
        "may_pay": may(request.user, "invoices.pay") and not (invoice.removed_at or why_no_payment(invoice)),
        "may_send": may(request.user, "messages.send") and not why_not_send(invoice),
        "may_see_messages": may(request.user, "messages.view"),
        "link": _link(invoice),
        "entries": _timeline(invoice),
    }
    return render(request, "invoicing/invoice_detail.html", context)


def _link(invoice: Invoice) -> dict[str, Any] | None:
    """The customer's page and who has seen it; None for an invoice that has none."""
    if invoice.removed_at or invoice.status in {Invoice.Status.VOID, Invoice.Status.DRAFT}:
        return None
    seen = seen_of(invoice)
    return {"url": living_url(invoice), "seen": seen, "looks": looks_at(invoice) if seen.is_more else []}


@allowed("invoices.view")
@require_POST
def invoice_looked_at(request: HttpRequest, pk: int) -> HttpResponse:
    """Somebody has looked at what the invoice asked attention for."""
    invoice = get_object_or_404(Invoice, pk=pk)
    # A browser sends the line ends of a form in its own way; a NUL, which PostgreSQL cannot look for, none sends.
    seen = request.POST.get("seen", "").replace("\r\n", "\n").replace("\0", "")
    if clear_attention(invoice, seen, by=actor_of(request)):
        messages.success(request, f"{invoice} needs no look any more.")
    else:
        messages.info(request, f"Something else has happened to {invoice} meanwhile. Nothing was changed.")
    return redirect("invoicing:detail", pk)


def _timeline(invoice: Invoice) -> list[Entry]:
    """What happened to the invoice and to the payments on it, newest first."""
    payments = [allocation.payment_id for allocation in invoice.allocations.all()]
    of_invoice = Q(subject_type="invoice", subject_id=invoice.pk)
    activities = Activity.objects.filter(of_invoice | Q(subject_type="payment", subject_id__in=payments))
    return entries(activities.select_related("actor").order_by("-id")[:MOST_ENTRIES])
