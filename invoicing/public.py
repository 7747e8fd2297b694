"""The page of an invoice that its customer sees, without logging in. A GET changes nothing.

Void, deleted, replaced and unknown are one and the same page, byte for byte: nobody learns from it what there was.
"""

from collections.abc import Callable
from functools import wraps

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

from crm.limiter import too_often
from invoicing.display import due_words
from invoicing.document import document_of
from invoicing.links import invoice_of
from invoicing.models import Invoice
from invoicing.seen import note_view

GUESSES = 20  # a minute, of addresses that lead nowhere
View = Callable[..., HttpResponse]


def unlisted(view: View) -> View:
    """Nobody keeps the page, lists it, or learns its address from a link on it."""

    @wraps(view)
    def guarded(request: HttpRequest, token: str) -> HttpResponse:
        response = view(request, token)
        response["X-Robots-Tag"] = "noindex, nofollow"
        response["Referrer-Policy"] = "no-referrer"
        response["Cache-Control"] = "no-store"
        return response

    return guarded


@require_GET
@unlisted
def invoice_page(request: HttpRequest, token: str) -> HttpResponse:
    """What is owed, by when, and for what; always as it is now."""
    invoice = invoice_of(token)
    if invoice is None:
        return _nothing(request)
    business = request.business  # type: ignore[attr-defined]
    with timezone.override(business.zone):
        today = timezone.localdate()
        owed = invoice.status == Invoice.Status.OPEN and invoice.balance > 0
        payments = invoice.allocations.filter(payment__is_void=False).select_related("payment")
        context = {
            "invoice": invoice,
            "document": document_of(invoice, business.country),
            "is_owed": owed,
            "is_late": owed and invoice.due_on < today,
            "due": due_words(invoice.due_on, today) if owed else "",
            "last": payments.order_by("payment__received_on", "pk").last(),
        }
        return render(request, "public/invoice.html", context)


# The secret in the address is what lets one in, and no cookie does: there is nothing that another site could misuse.
@csrf_exempt
@require_POST
@unlisted
def invoice_seen(request: HttpRequest, token: str) -> HttpResponse:
    """A person has had the page before their eyes; told by its script, which previews and robots do not run so long."""
    invoice = invoice_of(token)
    if invoice is None:
        return _nothing(request)
    if not request.user.is_authenticated:
        note_view(invoice)
    return HttpResponse(status=204)


def _nothing(request: HttpRequest) -> HttpResponse:
    """Whoever tries many addresses is slowed down; who has a living one never is."""
    if too_often(request, "public_page", most=GUESSES):
        return render(request, "public/slow.html", status=429)
    return render(request, "public/nothing.html", status=404)
