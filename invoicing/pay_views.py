"""Noting by hand that an invoice was paid: QuickBooks gets the payment too."""

import uuid

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from crm.audit import actor_of
from crm.models import Business
from crm.roles import allowed
from invoicing.forms_payment import PaymentForm
from invoicing.models import Invoice, Payment
from invoicing.money import quantize
from invoicing.recording import CannotRecord, record_payment, why_no_payment

SOURCE = "staff"


@require_http_methods(["GET", "POST"])
@allowed("invoices.pay")
def invoice_record_payment(request: HttpRequest, pk: int) -> HttpResponse:
    """Amount, day and method; the invoice is paid here at once and in QuickBooks as soon as it answers."""
    invoice = get_object_or_404(Invoice.objects.present(), pk=pk)
    why_not = why_no_payment(invoice)
    if why_not and not _is_repeat(request):
        messages.error(request, why_not)
        return redirect("invoicing:detail", pk)
    today = timezone.localdate(timezone=Business.load().zone)
    initial = {"key": uuid.uuid4(), "amount": quantize(invoice.balance, invoice.currency), "received_on": today}
    form = PaymentForm(request.POST or None, initial=initial, invoice=invoice, today=today)
    if request.method == "POST" and (_is_repeat(request) or form.is_valid()):
        return _record(request, invoice, form)
    status = 422 if form.errors else 200
    return render(request, "invoicing/record_payment.html", {"invoice": invoice, "form": form}, status=status)


def _is_repeat(request: HttpRequest) -> bool:
    """Whether this very form was sent before: a second click, or the page loaded again."""
    key = request.POST.get("key", "")
    return bool(key) and key.isprintable() and Payment.objects.filter(source=SOURCE, reference=key[:100]).exists()


def _record(request: HttpRequest, invoice: Invoice, form: PaymentForm) -> HttpResponse:
    if _is_repeat(request):
        messages.info(request, "This payment is noted already.")
        return redirect("invoicing:detail", invoice.pk)
    values = form.cleaned_data
    try:
        payment = record_payment(
            invoice,
            source=SOURCE,
            reference=str(values["key"]),
            amount=values["amount"],
            received_on=values["received_on"],
            method=values["method"],
            memo=values["memo"],
            actor=actor_of(request),
            origin="staff",
        )
    except CannotRecord as error:
        messages.error(request, str(error))
    else:
        amount = f"{quantize(payment.amount, payment.currency):,f} {payment.currency}"
        messages.success(request, f"{amount} is noted. QuickBooks gets the payment as soon as it answers.")
    return redirect("invoicing:detail", invoice.pk)
