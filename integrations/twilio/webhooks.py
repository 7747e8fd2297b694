"""Where Twilio brings replies and tells what became of texts. Signed over the public address and the form."""

import logging
import uuid
from collections.abc import Callable
from functools import wraps
from urllib.parse import parse_qsl

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseForbidden, HttpResponseNotFound
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from integrations.quickbooks.webhooks import read
from integrations.twilio.reasons import reason_of
from integrations.twilio.transport import STATUSES
from messaging.models import Message
from messaging.receiving import receive_text, update_delivery

logger = logging.getLogger(__name__)

MOST_FIELDS = 200
EMPTY = '<?xml version="1.0" encoding="UTF-8"?><Response/>'  # TwiML: say nothing back
LONGEST_REFERENCE = 200
# Told of a text that waits at Twilio: nothing to be said to staff.
ON_ITS_WAY = frozenset({"accepted", "scheduled", "queued", "sending"})

Heard = Callable[[HttpRequest, dict[str, str]], HttpResponse]


def signed(view: Heard) -> Callable[[HttpRequest], HttpResponse]:
    """Let only Twilio in. The address it signed is the public one, whatever stands between."""

    @csrf_exempt
    @require_POST
    @wraps(view)
    def guarded(request: HttpRequest) -> HttpResponse:
        from twilio.request_validator import RequestValidator

        if not settings.TWILIO_AUTH_TOKEN:
            return HttpResponseNotFound()
        body = read(request)
        if body is None:
            return HttpResponse(status=413)
        try:
            pairs = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=MOST_FIELDS)
        except ValueError:
            return HttpResponse(status=400)
        told = dict(pairs)
        url = f"{settings.SITE_URL}{request.get_full_path()}"
        signature = request.headers.get("X-Twilio-Signature", "")
        if not signature.isascii() or not RequestValidator(settings.TWILIO_AUTH_TOKEN).validate(url, told, signature):
            return HttpResponseForbidden()
        # No database of ours keeps a NUL.
        return view(request, {name: value.replace("\x00", "") for name, value in told.items()})

    return guarded


@signed
def inbound(request: HttpRequest, told: dict[str, str]) -> HttpResponse:
    """A text came in. Kept before it is answered: Twilio does not bring it again."""
    reference, sender = told.get("MessageSid", ""), told.get("From", "")
    if not 0 < len(reference) <= LONGEST_REFERENCE or not 0 < len(sender) <= 254:
        logger.warning("A signed text of Twilio had no id or sender. Nothing of it is kept.")
        return HttpResponse(EMPTY, content_type="text/xml", status=400)
    media = told.get("NumMedia", "")
    receive_text(
        reference=reference,
        sender=sender,
        body=told.get("Body", ""),
        keyword=told.get("OptOutType", "").casefold() if told.get("OptOutType") in {"STOP", "START", "HELP"} else "",
        media=int(media) if media.isascii() and media.isdigit() and len(media) < 4 else 0,
    )
    return HttpResponse(EMPTY, content_type="text/xml")


@signed
def status(request: HttpRequest, told: dict[str, str]) -> HttpResponse:
    """How far a text is. Reports come in any order; a later state is never overwritten by an earlier one."""
    word, reference = told.get("MessageStatus", ""), told.get("MessageSid", "")
    if 0 < len(reference) <= LONGEST_REFERENCE and word not in ON_ITS_WAY and (now := STATUSES.get(word)):
        failed = now == Message.Status.FAILED
        code = told.get("ErrorCode", "") if failed else ""
        reason = reason_of(code)
        update_delivery(
            reference=reference,
            key=_key(request.GET.get("message", "")),
            status=now,
            error=reason.words if failed else "",
            code=code,
            suppress_as=reason.suppress if failed else "",
        )
    return HttpResponse(status=204)


def _key(text: str) -> str:
    try:
        return str(uuid.UUID(text))
    except ValueError:
        return ""
