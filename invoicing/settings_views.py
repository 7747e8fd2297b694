"""Settings > Payments."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from crm.audit import actor_of
from crm.roles import allowed
from invoicing.forms_settings import PaymentSettingsForm
from invoicing.models import PaymentSettings
from invoicing.payment_settings import change_payment_settings


@require_http_methods(["GET", "POST"])
@allowed("settings")
def payments(request: HttpRequest) -> HttpResponse:
    posted = request.POST if request.method == "POST" else None
    form = PaymentSettingsForm(posted, instance=PaymentSettings.load())
    if posted is not None and form.is_valid():
        change_payment_settings(form.values(), by=actor_of(request))
        messages.success(request, "How customers pay is saved.")
        return redirect("payments:settings")
    return render(request, "invoicing/payment_settings.html", {"form": form}, status=422 if form.errors else 200)
