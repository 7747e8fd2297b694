"""The dashboard, the page of one's own login, and the logo."""

from allauth.mfa.models import Authenticator
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_GET, require_safe

from crm.models import Business, Contact
from crm.navigation import address
from crm.roles import allowed, may


@require_GET
@allowed("dashboard.view")
def dashboard(request: HttpRequest) -> HttpResponse:
    """What is open and what came in. The figures of invoices come from their own floor, by address."""
    context = {
        "contacts": Contact.objects.live().count(),
        "panel_url": address("invoicing:dashboard-panel"),
        "invoices_url": address("invoicing:list"),
        "contacts_url": address("contacts:list"),
        "integrations_url": address("integrations:settings") if may(request.user, "integrations") else "",
    }
    return render(request, "staff/dashboard.html", context)


@require_GET
@allowed("dashboard.view")
def account(request: HttpRequest) -> HttpResponse:
    kinds = set(Authenticator.objects.filter(user=request.user).values_list("type", flat=True))
    return render(request, "staff/account.html", {"has_second_factor": Authenticator.Type.TOTP in kinds})


@require_safe
@cache_control(public=True, max_age=3600)
def logo(request: HttpRequest) -> HttpResponseBase:
    """The logo, for everybody: customers see it too. It was redrawn by us on upload, so it is a PNG and no more."""
    business = Business.load()
    try:
        picture = business.logo.open("rb") if business.logo else None
    except FileNotFoundError:
        picture = None
    if picture is None:
        raise Http404
    response = FileResponse(picture, content_type="image/png", filename="logo.png")
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response
