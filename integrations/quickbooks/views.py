"""Connecting to QuickBooks: out to Intuit, back again, and off."""

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from crm.audit import actor_of
from crm.roles import allowed
from integrations.errors import IntegrationError, told_now
from integrations.models import QuickBooksConnection
from integrations.quickbooks import card, connect, oauth, states
from integrations.quickbooks.connect import NotConnected
from integrations.quickbooks.discovery import form_action_origins
from integrations.quickbooks.states import Verdict

REFUSED = "You did not give Tallybook access, so nothing was connected and nothing was changed."
VERDICTS = {
    Verdict.USED: "This sign-in was used already. Nothing more was connected; please start again.",
    Verdict.EXPIRED: "The sign-in took longer than a quarter of an hour. Nothing was connected; please start again.",
    Verdict.UNKNOWN: "This answer does not belong to a sign-in that you began in this browser. Nothing was connected. "
    "Open Tallybook at {site} and start again.",
}


def may_leave(response: HttpResponse) -> HttpResponse:
    """Let the forms of this page lead to Intuit: browsers hold the policy against the redirect as well."""
    response._csp_update = {"form-action": form_action_origins()}  # type: ignore[attr-defined]
    return response


@require_POST
@allowed("integrations")
def quickbooks_connect(request: HttpRequest) -> HttpResponse:
    missing = card.missing_settings()
    if missing:
        return _not_connected(request, NotConnected(f"{' and '.join(missing)} must be set first.", status=503))
    try:
        url = oauth.authorization_url(states.begin(request.session, actor_of(request)))
    except IntegrationError as error:
        return _not_connected(request, NotConnected(f"{told_now(error)} Nothing was changed.", status=502, cause=error))
    return redirect(url)


@never_cache
@require_GET
@allowed("integrations")
@sensitive_variables()
def quickbooks_callback(request: HttpRequest) -> HttpResponse:
    """Where Intuit sends the person back. Opened again, it says how things stand and changes nothing."""
    user = actor_of(request)
    verdict = states.redeem(request.session, user, request.GET.get("state", ""))
    if verdict is Verdict.USED and card.current().state is card.State.CONNECTED:
        messages.info(request, "QuickBooks is connected already.")
        return redirect("integrations:quickbooks-connected")
    if verdict is not Verdict.GOOD:
        return _not_connected(request, NotConnected(VERDICTS[verdict].format(site=settings.SITE_URL)))
    if "error" in request.GET:
        return _not_connected(request, _refusal(request.GET["error"]))
    try:
        connect.finish(request.GET.get("code", ""), request.GET.get("realmId", ""), by=user)
    except NotConnected as problem:
        return _not_connected(request, problem)
    return redirect("integrations:quickbooks-connected")


@require_GET
@allowed("integrations")
def quickbooks_connected(request: HttpRequest) -> HttpResponse:
    """The confirmation, which can be closed."""
    shown = card.current()
    if shown.state is not card.State.CONNECTED:
        return redirect("integrations:settings")
    return render(request, "integrations/quickbooks_connected.html", {"card": shown})


@require_http_methods(["GET", "POST"])
@allowed("integrations")
def quickbooks_disconnect(request: HttpRequest) -> HttpResponse:
    """Says what stops, and after a second press stops it."""
    connection = QuickBooksConnection.objects.current()
    if connection is None or connection.status == QuickBooksConnection.Status.DISCONNECTED:
        messages.info(request, "QuickBooks is not connected.")
        return redirect("integrations:settings")
    if request.method == "GET":
        return render(request, "integrations/quickbooks_disconnect.html", {"connection": connection})
    if connect.disconnect(connection, by=actor_of(request)):
        messages.success(request, f"{connection.company_name} is disconnected.")
    else:
        messages.warning(
            request,
            f"{connection.company_name} is disconnected here, but Intuit could not be told. "
            "Remove Tallybook in QuickBooks too, under Apps.",
        )
    return redirect("integrations:settings")


def _refusal(error: str) -> NotConnected:
    if error == "access_denied":
        return NotConnected(REFUSED, status=200)
    return NotConnected(f"Intuit ended the sign-in ({error[:60]}). Nothing was connected.")


def _not_connected(request: HttpRequest, problem: NotConnected) -> HttpResponse:
    """Why not, what still stands, and the way to try again."""
    context = {"problem": problem, "card": card.current()}
    return may_leave(render(request, "integrations/quickbooks_not_connected.html", context, status=problem.status))
