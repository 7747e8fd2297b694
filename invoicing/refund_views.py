"""Giving a customer's money back, and having the customer reminded again afterwards."""

import uuid

from django.contrib import messages
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from crm.audit import actor_of
from crm.roles import allowed
from invoicing.forms_refund import RefundForm
from invoicing.models import Invoice, Payment, Refund
from invoicing.money import quantize
from invoicing.refund_asking import CannotRefund, ask_refund, gateway_of, refundable
from invoicing.refunding import start_chasing

Status = Refund.Status


@require_http_methods(["GET", "POST"])
@allowed("invoices.refund")
def invoice_refund(request: HttpRequest, pk: int, payment_pk: int) -> HttpResponse:
    """How much goes back and why; then the gateway is asked, and the invoice is owed again."""
    invoice, payment = _found(pk, payment_pk)
    if gateway_of(payment) is None:
        messages.error(request, "This payment cannot be refunded from here. Refund it where it was taken.")
        return redirect("invoicing:detail", pk)
    most = refundable(payment)
    initial = {"key": uuid.uuid4(), "amount": quantize(most, payment.currency)}
    form = RefundForm(request.POST or None, initial=initial, payment=payment, most=most)
    if request.method == "POST" and _is_repeat(payment, request.POST.get("key", "")):
        messages.info(request, "This refund is asked for already.")
        return redirect("invoicing:detail", pk)
    if request.method == "POST" and form.is_valid():
        return _ask(request, invoice, payment, form)
    context = {"invoice": invoice, "payment": payment, "most": most, "form": form}
    return render(request, "invoicing/refund.html", context, status=422 if form.errors else 200)


@require_POST
@allowed("invoices.pay")
def invoice_start(request: HttpRequest, pk: int) -> HttpResponse:
    """The customer may be reminded of the invoice again."""
    invoice = get_object_or_404(Invoice.objects.present(), pk=pk)
    if start_chasing(invoice, request.POST.get("seen", ""), by=actor_of(request)):
        messages.success(request, f"{invoice} is chased again like any other.")
    else:
        messages.info(request, f"Something else has happened to {invoice} meanwhile. Nothing was changed.")
    return redirect("invoicing:detail", pk)


def _found(pk: int, payment_pk: int) -> tuple[Invoice, Payment]:
    """The payment must have to do with the invoice: by what it settled, or as credit of the same customer."""
    invoice = get_object_or_404(Invoice, pk=pk)
    of_it = Q(allocations__invoice=invoice)
    if invoice.contact_id is not None:
        of_it |= Q(contact=invoice.contact_id, currency=invoice.currency, unapplied__gt=0)
    return invoice, get_object_or_404(Payment.objects.filter(of_it).distinct(), pk=payment_pk)


def _is_repeat(payment: Payment, key: str) -> bool:
    """Whether this very form was sent before: a second click, or the page loaded again."""
    try:
        return payment.refunds.filter(key=uuid.UUID(key)).exists()
    except ValueError:
        return False


def _ask(request: HttpRequest, invoice: Invoice, payment: Payment, form: RefundForm) -> HttpResponse:
    values = form.cleaned_data
    amount = f"{quantize(values['amount'], payment.currency):,f} {payment.currency}"
    try:
        refund = ask_refund(
            payment,
            key=str(values["key"]),
            amount=values["amount"],
            reason=values["reason"],
            actor=actor_of(request),
        )
    except CannotRefund as error:
        messages.error(request, str(error))
        return redirect("invoicing:detail", invoice.pk)
    if refund.status == Status.FAILED:
        messages.error(request, f"Nothing was refunded. {refund.error}")
    elif refund.status == Status.ASKED:
        messages.info(request, f"The refund of {amount} is asked for and not confirmed yet. It goes on by itself.")
    else:
        messages.success(request, f"{amount} was refunded. QuickBooks is told as soon as it answers.")
    return redirect("invoicing:detail", invoice.pk)
