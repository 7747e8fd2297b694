"""Where an email service tells what became of mails and brings replies.

Anymail checks and reads it; without a secret nobody is let in.
"""

from typing import Any

from anymail.exceptions import AnymailWebhookValidationFailure
from anymail.webhooks.base import AnymailBasicAuthMixin
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseForbidden, HttpResponseNotFound
from django.urls import Resolver404, resolve
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from integrations.quickbooks.webhooks import MOST_BYTES

MOST = {"tracking": MOST_BYTES, "inbound": 15_000_000}  # replies have pictures with them, which are not kept


@csrf_exempt
@require_http_methods(["HEAD", "POST"])  # some services look with HEAD whether anybody is there
def tracking(request: HttpRequest, service: str, what: str = "tracking") -> HttpResponse:
    """``service`` is its name as anymail knows it, such as postmark; ``what`` it brings: "tracking" or "inbound"."""
    if not settings.ANYMAIL.get("WEBHOOK_SECRET"):
        return HttpResponseNotFound()
    length = request.META.get("CONTENT_LENGTH") or "0"
    if not (length.isascii() and length.isdigit()) or int(length) > MOST[what]:
        return HttpResponse(status=413)
    try:
        view: Any = resolve(f"/{service}/{what}/", urlconf="anymail.urls").func
    except Resolver404:
        return HttpResponseNotFound()
    try:
        AnymailBasicAuthMixin.validate_request(view.view_class(**view.view_initkwargs), request)
        request._body = request.read()  # as Django keeps it, but with more room than a form has
        answer: HttpResponse = view(request)
    except AnymailWebhookValidationFailure:
        return HttpResponseForbidden()
    except (ValueError, KeyError, TypeError):
        return HttpResponse(status=400)
    return answer
