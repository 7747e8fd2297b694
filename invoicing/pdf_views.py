"""An invoice and its receipt to keep: PDFs for the customer behind the link, and for staff. A GET changes nothing."""

import re
from collections.abc import Callable

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_GET

from crm.limiter import too_often
from crm.roles import allowed
from invoicing.models import Invoice
from invoicing.pdf import invoice_pdf, receipt_pdf
from invoicing.public import of_invoice
from invoicing.public_guard import GUESSES, nothing
from invoicing.views import BIGGEST_PK

Typeset = Callable[[Invoice], bytes]


@require_GET
@of_invoice
def public_invoice(request: HttpRequest, token: str, invoice: Invoice) -> HttpResponse:
    return _limited(request, invoice, "invoice", invoice_pdf)


@require_GET
@of_invoice
def public_receipt(request: HttpRequest, token: str, invoice: Invoice) -> HttpResponse:
    return _limited(request, invoice, "receipt", receipt_pdf) if invoice.has_receipt() else nothing(request)


@allowed("invoices.view")
@require_GET
def staff_invoice(request: HttpRequest, pk: int) -> HttpResponse:
    return _download(_invoice(pk), "invoice", invoice_pdf)


@allowed("invoices.view")
@require_GET
def staff_receipt(request: HttpRequest, pk: int) -> HttpResponse:
    invoice = _invoice(pk)
    if not invoice.has_receipt():
        raise Http404
    return _download(invoice, "receipt", receipt_pdf)


def _invoice(pk: int) -> Invoice:
    if pk > BIGGEST_PK:
        raise Http404
    return get_object_or_404(Invoice, pk=pk)


def _limited(request: HttpRequest, invoice: Invoice, name: str, typeset: Typeset) -> HttpResponse:
    """Typesetting costs more than a page does, so who has a link is counted too."""
    if too_often(request, "public_pdf", most=GUESSES):
        return render(request, "public/slow.html", status=429)
    return _download(invoice, name, typeset)


def _download(invoice: Invoice, name: str, typeset: Typeset) -> HttpResponse:
    response = HttpResponse(typeset(invoice), content_type="application/pdf")
    # To be saved rather than shown: browsers' own viewers do not work under a policy as strict as ours.
    response["Content-Disposition"] = content_disposition_header(True, _file_name(invoice, name))
    return response


def _file_name(invoice: Invoice, name: str) -> str:
    """``invoice-1042.pdf``: letters and digits that every file system and header takes."""
    number = re.sub(r"[^A-Za-z0-9]+", "-", invoice.number).strip("-")
    return f"{name}-{number}.pdf" if number else f"{name}.pdf"
