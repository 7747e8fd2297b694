"""What other pages show of messages: a fragment for htmx, a plain page without it."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_GET

from crm.paging import render_list
from crm.roles import allowed, may
from invoicing import sent
from invoicing.models import Invoice
from messaging.drafts import drafted
from messaging.models import Message

LAST = 5


@allowed("messages.view")
@require_GET
def invoice_panel(request: HttpRequest, pk: int) -> HttpResponse:
    """The last messages about an invoice, and the way to the next one."""
    invoice = get_object_or_404(Invoice, pk=pk)
    found = Message.objects.filter(invoice=invoice).select_related("actor", "repeat").order_by("-id")
    context = {
        "invoice": invoice,
        "found": list(found[:LAST]),
        "why_not": sent.why_not_send(invoice),
        "may_send": may(request.user, "messages.send"),
        "draft": drafted(invoice),
    }
    return render_list(
        request, page="messaging/invoice_panel.html", rows="messaging/_invoice_panel.html", context=context
    )
