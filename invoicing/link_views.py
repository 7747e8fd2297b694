"""The customer's link on the staff's page of an invoice: shown, opened, replaced."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from crm.audit import actor_of
from crm.navigation import address
from crm.roles import allowed, may
from invoicing.links import link_for, replace_link
from invoicing.models import Invoice
from invoicing.views import BIGGEST_PK


@require_POST
@allowed("invoices.link")
def invoice_make_link(request: HttpRequest, pk: int) -> HttpResponse:
    """Make the link, for whoever wants to hand it on."""
    invoice = _invoice(pk)
    link_for(invoice)
    messages.success(request, f"{invoice} has a link. Whoever has it sees the invoice without logging in.")
    return _to_the_link(pk)


@require_http_methods(["GET", "POST"])
@allowed("invoices.link")
def invoice_replace_link(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask first, for the old link ends; then make another."""
    invoice = _invoice(pk)
    if request.method == "GET":
        return render(request, "invoicing/replace_link.html", {"invoice": invoice})
    replace_link(invoice, actor=actor_of(request))
    messages.success(request, f"{invoice} has a new link. The old one leads nowhere now.")
    send = address("messaging:compose", pk) if "send" in request.POST and may(request.user, "messages.send") else ""
    return redirect(send) if send else _to_the_link(pk)


def _to_the_link(pk: int) -> HttpResponse:
    """Back to the invoice, where the link stands: it is far down the page."""
    return redirect(f"{reverse('invoicing:detail', args=[pk])}#link")


def _invoice(pk: int) -> Invoice:
    if pk > BIGGEST_PK:
        raise Http404
    invoices = Invoice.objects.present().exclude(status__in=[Invoice.Status.VOID, Invoice.Status.DRAFT])
    return get_object_or_404(invoices.select_related("contact"), pk=pk)
