"""Where Intuit tells what changed: ``POST /webhooks/quickbooks/`` checks, keeps and answers; a worker does the rest."""

import base64
import hashlib
import hmac
import logging

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseForbidden, HttpResponseNotFound
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from integrations import inbox
from integrations.quickbooks import events

MOST_BYTES = 2_000_000  # a POST of 100 events, Intuit's most, has about 50,000

logger = logging.getLogger(__name__)


@csrf_exempt
@require_POST
def receive(request: HttpRequest) -> HttpResponse:
    """Keep what a signed body tells, once, and answer 200 at once.

    Intuit sends again whatever is answered otherwise, with everything after it, so a body that nobody understands is
    answered with 200 as well.
    """
    tokens = settings.QUICKBOOKS_WEBHOOK_VERIFIER_TOKENS
    if not tokens:
        return HttpResponseNotFound()  # without a page, which would need all that pages have
    body = read(request)
    if body is None:
        return HttpResponse(status=413)
    if not is_signed(body, request.headers.get("intuit-signature", ""), tokens):
        return HttpResponseForbidden()
    try:
        told = events.parse(body)
    except events.NotUnderstood as error:
        logger.warning("A signed webhook of %s bytes was not understood. %s Nothing of it is kept.", len(body), error)
        return HttpResponse()
    inbox.accept(told)
    return HttpResponse()


def read(request: HttpRequest) -> bytes | None:
    """The raw body; None when it is too large, which is not read further than that."""
    try:
        announced = int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        announced = 0
    if announced > MOST_BYTES:
        return None
    body = request.read(MOST_BYTES + 1)
    return body if len(body) <= MOST_BYTES else None


def is_signed(body: bytes, header: str, tokens: list[str]) -> bool:
    """Whether the header is base64 of the body's HMAC-SHA256 under one of the tokens. All are tried, whichever fits."""
    try:
        given = base64.b64decode(header, validate=True)
    except ValueError:  # no base64, or not even ASCII
        return False
    ours = [hmac.new(token.encode(), body, hashlib.sha256).digest() for token in tokens]
    return any([hmac.compare_digest(given, one) for one in ours])  # noqa: C419 - a list does not stop early
