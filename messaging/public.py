"""Where somebody who got a mail says that no more shall come. Without a login; the address holds the proof."""

from django.core.signing import BadSignature, Signer
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from messaging.models import Message, Suppression
from messaging.suppressing import suppress


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
