"""Settings: the cards, and the business."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from crm.audit import actor_of
from crm.business import change_business
from crm.forms_business import BusinessForm
from crm.models import Business, Invitation, User
from crm.navigation import address
from crm.roles import allowed


@require_GET
@allowed("settings")
def settings_index(request: HttpRequest) -> HttpResponse:
    context = {
        "people": User.objects.filter(is_active=True).count(),
        "invited": Invitation.objects.filter(accepted_at=None).count(),
        "payments_url": address("payments:settings"),
        "messages_url": address("messaging:settings"),
        "integrations_url": address("integrations:settings"),
    }
    return render(request, "staff/settings.html", context)


@require_http_methods(["GET", "POST"])
@allowed("settings")
def business(request: HttpRequest) -> HttpResponse:
    form = BusinessForm(request.POST or None, request.FILES or None, instance=Business.load())
    if request.method == "POST" and form.is_valid():
        values = {name: form.cleaned_data[name] for name in form.Meta.fields if name != "logo"}
        logo = False if form.cleaned_data.get("remove_logo") else form.cleaned_data["logo"] or None
        change_business(
            values, by=actor_of(request), logo=logo if "logo" in form.changed_data or logo is False else None
        )
        messages.success(request, "The business is saved.")
        return redirect("staff:business")
    return render(request, "staff/business.html", {"form": form}, status=422 if form.errors else 200)


@require_POST
@allowed("people")
def second_factor(request: HttpRequest) -> HttpResponse:
    """Require a second factor of everybody, or no longer."""
    required = request.POST.get("required") == "on"
    change_business({"second_factor_required": required}, by=actor_of(request))
    if required:
        messages.success(
            request, "From now on everybody needs a second factor. Who has none sets it up at the next click."
        )
    else:
        messages.success(request, "A second factor is no longer required. Who has one keeps it.")
    return redirect("staff:people")
