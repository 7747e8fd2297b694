"""The page of an invoice that its customer sees, without logging in. A GET changes nothing.

Void, deleted, replaced and unknown are one and the same page, byte for byte: nobody learns from it what there was.
"""

import logging

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from crm.limiter import too_often
from invoicing.books import fresh
from invoicing.gateways import Bill, GatewayError, MoneyCame, ask_gateways, get_gateways, known_gateways
from invoicing.hosted import PLAIN, Visit, page_of
from invoicing.links import invoice_of, url_of
from invoicing.looks import find
from invoicing.models import Invoice
from invoicing.part_payments import WrongAmount, amount_to_pay
from invoicing.public_guard import GUESSES, behind, nothing, unlisted
from invoicing.seen import note_view
from invoicing.statement_links import statement_link_for
from invoicing.statements import has_more_open

logger = logging.getLogger(__name__)

of_invoice = behind(invoice_of)


@require_safe
def invoice_page(request: HttpRequest, token: str) -> HttpResponse:
    """What is owed, by when, and for what; always as it is now."""
    told = request.GET
    visit = Visit(came_back=told.get("paid") == "1", sorry=told.get("sorry", "")) if told else PLAIN
    return unlisted(_page(request, token, visit))


def _page(request: HttpRequest, token: str, visit: Visit) -> HttpResponse:
    found = find(token)
    if found is None:
        return nothing(request)
    page = page_of(token, found, visit)
    response = HttpResponse(page.html, status=422 if visit.wrong else 200)
    # A form may lead to the gateways, and nowhere else.
    response._csp_update = {"form-action": page.origins}  # type: ignore[attr-defined]
    return response


@require_safe
@of_invoice
def invoice_paid(request: HttpRequest, token: str, invoice: Invoice) -> HttpResponse:
    """Back from the gateway: what it says is recorded at once, whoever tells first, and only once."""
    if too_often(request, "public_paid", most=GUESSES):  # each asks the gateway
        return redirect("public:invoice", token)
    came = ask_gateways(invoice, known_gateways(invoice.currency).values())
    return redirect(f"{reverse('public:invoice', args=[token])}{'?paid=1' if came else ''}")


# The secret in the address lets one in, and no cookie does: there is nothing that another site could misuse.
@csrf_exempt
@require_POST
@of_invoice
def invoice_pay(request: HttpRequest, token: str, invoice: Invoice) -> HttpResponse:
    """To the gateway's page over what is owed at this moment, the books asked once more, or over a part of it."""
    if too_often(request, "public_pay", most=GUESSES):  # each asks the books and the gateway
        return render(request, "public/slow.html", status=429)
    invoice = fresh(invoice)
    gateway = get_gateways(invoice.currency).get(request.POST.get("gateway", ""))
    if gateway is None or invoice.balance <= 0 or invoice.status != Invoice.Status.OPEN or invoice.removed_at:
        return redirect("public:invoice", token)
    if not request.user.is_authenticated:
        note_view(invoice)
    try:
        bill = Bill.of(invoice, amount_to_pay(invoice, request.POST.get("amount", "")[:40]))
        page = gateway.pay_page(bill, back=url_of(invoice))
    except WrongAmount as error:
        return _page(request, token, Visit(typed=request.POST["amount"][:40], wrong=str(error)))
    except MoneyCame:
        return redirect("public:invoice", token)
    except GatewayError as error:
        logger.warning("%s made no page for invoice %s: %s", gateway.name, invoice.pk, error)
        return redirect(f"{reverse('public:invoice', args=[token])}?sorry={gateway.name}")
    return HttpResponseRedirect(page.url)


# The same.
@csrf_exempt
@require_POST
@of_invoice
def invoice_seen(request: HttpRequest, token: str, invoice: Invoice) -> HttpResponse:
    """A person has had the page before their eyes; told by its script, which previews and robots do not run so long."""
    if not request.user.is_authenticated:
        note_view(invoice)
    return HttpResponse(status=204)


# The same.
@csrf_exempt
@require_POST
@of_invoice
def invoice_all(request: HttpRequest, token: str, invoice: Invoice) -> HttpResponse:
    """To everything that the contact owes; the address is made now if there is none."""
    if not has_more_open(invoice) or invoice.contact is None:
        return redirect("public:invoice", token)
    return redirect("public:statement", statement_link_for(invoice.contact).token)
