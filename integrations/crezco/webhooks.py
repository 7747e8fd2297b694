"""Where Crezco tells what happened: the view checks, keeps and answers; a worker does the rest.

Crezco signs nothing, so the address holds a secret, and what it tells is a hint only.
"""

import hmac
import json
import logging
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotFound
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from integrations import gateway_events
from integrations.quickbooks.webhooks import read

logger = logging.getLogger(__name__)

HEARD = frozenset({"PaymentPending", "PaymentFailed", "PaymentCompleted"})
MOST = 1000  # events in one body


@csrf_exempt
@require_POST
def receive(request: HttpRequest, secret: str) -> HttpResponse:
    """Keep what is told, once. Crezco may switch a webhook off after any answer but 2xx, so riddles get one too."""
    if not is_ours(secret):
        return HttpResponseNotFound()
    body = read(request)
    if body is None:
        return HttpResponse(status=413)
    for external_id, kind, demand_id in _told(body):
        gateway_events.accept("crezco", external_id, kind, demand_id)
    return HttpResponse()


def is_ours(secret: str) -> bool:
    ours = settings.CREZCO_WEBHOOK_SECRET
    return bool(ours) and hmac.compare_digest(secret.encode(), ours.encode())


def _told(body: bytes) -> list[tuple[str, str, str]]:
    """The events of a body: one, or a list of them."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        document = None
    rows = document if isinstance(document, list) else [document]
    told = [event for row in rows[:MOST] if (event := _event(row))]
    if not told:
        logger.warning("A webhook of Crezco of %s bytes was not understood. Nothing of it is kept.", len(body))
    return told


def _event(row: Any) -> tuple[str, str, str] | None:
    """An id of its own, its kind, and the demand that it is about: an event carries no id that is only its."""
    if not isinstance(row, dict) or str(row.get("eventType")) not in HEARD:
        return None
    metadata = row.get("metadata")
    demand = (metadata.get("payDemandId") if isinstance(metadata, dict) else None) or row.get("id")
    if not isinstance(demand, str) or not demand or not demand.isprintable():
        return None
    kind = str(row["eventType"])
    return f"{kind} {row.get('id')!a} {row.get('timestamp')!a}", kind, demand
