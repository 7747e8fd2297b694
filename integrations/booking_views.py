"""Settings > Integrations > Booking: where payments are booked, and how staff may say that they came."""

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from crm.audit import actor_of
from crm.roles import allowed
from integrations.errors import IntegrationError, told_now
from integrations.forms_booking import BookingForm
from integrations.models import BookingSettings, QuickBooksConnection
from integrations.quickbooks import accounts, catalogue, methods
from integrations.quickbooks.client import client_for

SECONDS = 15.0


@require_http_methods(["GET", "POST"])
@allowed("integrations")
def booking_settings(request: HttpRequest) -> HttpResponse:
    """What can be chosen is asked of QuickBooks each time: accounts and methods come and go there."""
    connection = QuickBooksConnection.objects.current()
    if connection is None or not connection.is_connected:
        messages.error(request, "QuickBooks is not connected. Connect it first.")
        return redirect("integrations:settings")
    try:
        choices = _ask(connection)
    except IntegrationError as error:
        return render(request, "integrations/booking.html", {"trouble": told_now(error)}, status=502)
    form = _form(request, connection, choices)
    if request.method == "POST" and form.is_valid():
        with transaction.atomic():
            form.apply(actor_of(request))
        messages.success(request, "How payments are booked is saved.")
        return redirect("integrations:settings")
    return render(request, "integrations/booking.html", {"form": form}, status=422 if form.errors else 200)


def _ask(connection: QuickBooksConnection) -> tuple[dict[str, str], dict[str, str]]:
    """Accounts and methods, name by id. Raises IntegrationError."""
    client = client_for(connection, interactive=True)
    try:
        client.start_step(SECONDS)
        found = accounts.others(client, connection.home_currency)
        docs = client.page("PaymentMethod", order="Name")
    finally:
        client.close()
    catalogue.store(connection, {"PaymentMethod": docs})
    return found, {str(doc["Id"]): str(doc["Name"]) for doc in docs if doc.get("Name")}


def _form(
    request: HttpRequest, connection: QuickBooksConnection, choices: tuple[dict[str, str], dict[str, str]]
) -> BookingForm:
    chosen = BookingSettings.of(connection)
    found, known = choices
    initial = {
        "account": chosen.account_id if chosen.account_id in found else "",
        "methods": methods.ids_chosen(connection, known),
    }
    data = request.POST if request.method == "POST" else None
    return BookingForm(data, instance=chosen, accounts=found, methods=known, initial=initial)
