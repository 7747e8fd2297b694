"""Settings > Payments > Payouts: what gateways kept and paid out."""

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_GET

from crm.csv_export import stream_csv
from crm.paging import paginate, render_list
from crm.roles import allowed
from integrations import payouts
from integrations.models import Payout
from integrations.payouts import PayoutFilters

SIZE = 25


@require_GET
@allowed("settings")
def payout_list(request: HttpRequest) -> HttpResponse:
    """The newest first, each with what is in it."""
    filters = PayoutFilters(request.GET)
    orders = {"newest": ("-arrives_on", "-id")}
    page = paginate(request, filters.payouts(), orders=orders, default="newest", size=SIZE)
    context = {
        "page": page,
        "rows": payouts.figures(page.items),
        "filters": filters,
        "has_silent": filters.silent_payments().exists(),
    }
    rows = "integrations/_payout_rows.html"
    return render_list(request, page="integrations/payouts.html", rows=rows, context=context)


@require_GET
@allowed("settings")
def payout_export(request: HttpRequest) -> StreamingHttpResponse:
    """All payouts of the days asked for, movement by movement, and the payments whose fee nobody tells."""
    filters = PayoutFilters(request.GET)
    silent = filters.silent_payments().select_related("quickbooks_link").prefetch_related("allocations__invoice")
    zone = request.business.zone  # type: ignore[attr-defined]
    rows = payouts.csv_rows(filters.payouts(), zone, silent.order_by("-received_on", "-id").iterator(chunk_size=500))
    return stream_csv("payouts.csv", payouts.HEADER, rows)


@require_GET
@allowed("settings")
def one_payout_export(request: HttpRequest, pk: int) -> StreamingHttpResponse:
    """One payout, movement by movement."""
    payout = get_object_or_404(Payout, pk=pk)
    zone = request.business.zone  # type: ignore[attr-defined]
    name = f"payout-{payout.arrives_on.isoformat()}-{payout.pk}.csv"
    return stream_csv(name, payouts.HEADER, payouts.csv_rows(Payout.objects.filter(pk=payout.pk), zone))
