"""The page of everything that a customer owes, without logging in. A GET changes nothing."""

import logging
from datetime import timedelta

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from crm.limiter import too_often
from crm.models import Contact
from invoicing.gateways import GatewayError, MoneyCame, all_gateways, ask_gateways, get_gateways
from invoicing.hosted import JUST_NOW
from invoicing.links import invoice_of, link_for
from invoicing.models import Invoice
from invoicing.public_guard import GUESSES, behind
from invoicing.statement_links import contact_of, statement_url
from invoicing.statements import bill_of_all, credit_of, paid_lately, statement_of

logger = logging.getLogger(__name__)

ROWS = 100  # invoices on one page
of_contact = behind(contact_of)


@require_safe
@of_contact
def statement_page(request: HttpRequest, token: str, contact: Contact) -> HttpResponse:
    """What is owed in each currency, invoice by invoice, what is credit and what was paid; always as it is now."""
    business = request.business  # type: ignore[attr-defined]
    with timezone.override(business.zone):
        today = timezone.localdate()
        owed = statement_of(contact, today)
        page = Paginator([row for one in owed for row in one.rows], ROWS).get_page(request.GET.get("page"))
        payments = paid_lately(contact, today)
        # What came long ago, and was heard of only now, is no news to whoever paid it.
        news = [one for one in payments if one.received_on >= today - timedelta(days=1)]
        arrived = [one for one in news if timezone.now() - one.created_at < JUST_NOW]
        is_waiting = any(row.is_waiting for one in owed for row in one.rows)
        context = {
            "contact": contact,
            "token": token,
            "owed": owed,
            "page": page,
            "shown": {row.invoice.pk for row in page},
            "credit": credit_of(contact),
            "payments": payments,
            "arrived": arrived[:1],
            "is_waiting": is_waiting,
            "has_just_paid": request.GET.get("paid") == "1" and bool(owed) and not arrived and not is_waiting,
            "sorry": request.GET.get("sorry", "") in {gateway.name for gateway in all_gateways()},
        }
        response = render(request, "public/statement.html", context)
    # A form may lead to the gateways, and nowhere else.
    origins = sorted({way.gateway.origin for one in owed for way in one.ways})
    response._csp_update = {"form-action": origins}  # type: ignore[attr-defined]
    return response


# The secret in the address lets one in, and no cookie does: there is nothing that another site could misuse.
@csrf_exempt
@require_POST
@of_contact
def statement_pay(request: HttpRequest, token: str, contact: Contact) -> HttpResponse:
    """To the gateway's page over all that is owed in one currency at this moment, the books asked once more."""
    if too_often(request, "public_pay", most=GUESSES):  # each asks the books and the gateway
        return render(request, "public/slow.html", status=429)
    currency = request.POST.get("currency", "")
    gateway = get_gateways(currency).get(request.POST.get("gateway", ""))
    bill = bill_of_all(contact, currency) if gateway else None
    if gateway is None or bill is None:
        return redirect("public:statement", token)
    try:
        page = gateway.pay_page(bill, back=statement_url(contact))
    except MoneyCame:
        return redirect(f"{reverse('public:statement', args=[token])}?paid=1")
    except GatewayError as error:
        logger.warning("%s made no page for contact %s: %s", gateway.name, contact.pk, error)
        return redirect(f"{reverse('public:statement', args=[token])}?sorry={gateway.name}")
    return HttpResponseRedirect(page.url)


@require_safe
@of_contact
def statement_paid(request: HttpRequest, token: str, contact: Contact) -> HttpResponse:
    """Back from the gateway: what it says is recorded at once, whoever tells first, and only once."""
    if too_often(request, "public_paid", most=GUESSES):  # each asks the gateway
        return redirect("public:statement", token)
    came = ask_gateways(contact, all_gateways())
    return redirect(f"{reverse('public:statement', args=[token])}{'?paid=1' if came else ''}")


# The same.
@csrf_exempt
@require_POST
@of_contact
def statement_invoice(request: HttpRequest, token: str, contact: Contact) -> HttpResponse:
    """To one invoice's own page; its address is made now if there is none."""
    written = request.POST.get("invoice", "")
    pk = int(written) if written.isascii() and written.isdecimal() and len(written) < 19 else 0
    invoice = Invoice.objects.present().filter(contact=contact, pk=pk).first()
    link = link_for(invoice) if invoice else None
    if link is None or invoice_of(link.token) is None:
        return redirect("public:statement", token)
    return redirect("public:invoice", link.token)
