"""Where somebody who got a mail says that no more shall come. Without a login; the address holds the proof."""

from django.core.signing import BadSignature, Signer
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST

from crm.limiter import too_often
from invoicing.models import Invoice
from invoicing.public import of_invoice
from messaging.models import Message, Suppression
from messaging.receiving import receive_question
from messaging.suppressing import suppress

LONGEST_QUESTION = 1000
QUESTIONS = 5  # a minute


# Whoever has the address may ask; a forged click could say no more than its own words.
@csrf_exempt
@require_POST
@of_invoice
def ask(request: HttpRequest, token: str, invoice: Invoice) -> HttpResponse:
    """A question about the invoice, which lands in the customer's conversation."""
    words = request.POST.get("question", "").replace("\r\n", "\n").replace("\x00", "").strip()[:LONGEST_QUESTION]
    if too_often(request, "public_ask", most=QUESTIONS):
        return render(request, "public/slow.html", status=429)
    if not words or receive_question(invoice, words) is None:
        return redirect("public:invoice", token)
    return render(request, "public/asked.html", {"token": token, "invoice": invoice, "words": words})


# Mail programs post here by themselves (RFC 8058) and have no token of ours. What opens the page changes nothing.
@csrf_exempt
@require_http_methods(["GET", "POST"])
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    try:
        address = str(Signer(salt="messaging.unsubscribe").unsign_object(token))
    except BadSignature:
        return render(request, "public/nothing.html", status=404)
    if request.method == "POST":
        suppress(
            Message.Channel.EMAIL,
            address,
            reason=Suppression.Reason.OPTED_OUT,
            words="The unsubscribe link of a mail",
            origin="email",
        )
    done = request.method == "POST"
    return render(request, "public/unsubscribe.html", {"address": address, "is_done": done})
