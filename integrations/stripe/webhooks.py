"""Where Stripe tells what happened: ``POST /webhooks/stripe/`` checks, keeps and answers; a worker does the rest."""

import json
import logging

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseForbidden, HttpResponseNotFound
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from integrations import gateway_events
from integrations.quickbooks.webhooks import read

logger = logging.getLogger(__name__)

HEARD = frozenset(
    {
        "checkout.session.completed",
        "checkout.session.async_payment_succeeded",
        "checkout.session.async_payment_failed",
        "checkout.session.expired",
        *(kind for gateway, kind in gateway_events.TAKES_KIND if gateway == "stripe"),
    }
)


@csrf_exempt
@require_POST
def receive(request: HttpRequest) -> HttpResponse:
    """Keep what a signed body tells, once; what is none of our business is answered and forgotten."""
    import stripe

    if not settings.STRIPE_WEBHOOK_SECRET:
        return HttpResponseNotFound()
    body = read(request)
    if body is None:
        return HttpResponse(status=413)
    try:
        signed = request.headers.get("Stripe-Signature", "")
        stripe.WebhookSignature.verify_header(body.decode(), signed, settings.STRIPE_WEBHOOK_SECRET, tolerance=300)
        event = json.loads(body)
        kept = str(event["id"]), str(event["type"]), str(event["data"]["object"]["id"])
        if not "".join(kept).isprintable():  # NUL and halves of surrogate pairs: PostgreSQL takes neither
            raise ValueError
    except stripe.SignatureVerificationError:
        return HttpResponseForbidden()
    except (ValueError, KeyError, TypeError, RecursionError):
        logger.warning("A webhook of Stripe of %s bytes was not understood. Nothing of it is kept.", len(body))
        return HttpResponse(status=400)
    external_id, kind, object_id = kept
    if kind in HEARD:
        gateway_events.accept("stripe", external_id, kind, object_id)
    return HttpResponse()
