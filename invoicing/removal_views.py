"""Deleting an invoice of the books here, which leaves QuickBooks alone, and bringing it back."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from crm.audit import actor_of
from crm.roles import allowed
from invoicing.models import Allocation, Invoice
from invoicing.removals import bring_back, delete_here


@require_http_methods(["GET", "POST"])
@allowed("invoices.delete")
def invoice_delete(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask first; then take it out of the lists and sums."""
    invoice = _of_the_books(pk)
    if request.method == "GET" and invoice.removed_at is None:
        payments = Allocation.objects.filter(invoice=invoice).values("payment").distinct().count()
        return render(request, "invoicing/invoice_delete.html", {"invoice": invoice, "payments": payments})
    if request.method == "POST" and delete_here(invoice, actor=actor_of(request)):
        messages.success(request, f"{invoice} is deleted here. QuickBooks still has it.")
        return redirect("invoicing:list")
    messages.info(request, f"{invoice} is gone from the lists already.")
    return redirect("invoicing:detail", pk)


@require_POST
@allowed("invoices.delete")
def invoice_bring_back(request: HttpRequest, pk: int) -> HttpResponse:
    invoice = _of_the_books(pk)
    if bring_back(invoice, actor=actor_of(request)):
        messages.success(request, f"{invoice} is back. What QuickBooks says of it is read again.")
    elif invoice.removed_at is None:
        messages.info(request, f"{invoice} is in the lists.")
    else:
        messages.error(request, f"{invoice} cannot be brought back: it was {invoice.removed_why}.")
    return redirect("invoicing:detail", pk)


def _of_the_books(pk: int) -> Invoice:
    return get_object_or_404(Invoice, pk=pk, owner=Invoice.Owner.BOOKS)
