"""Settings > Integrations: a card for each vendor."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from crm.roles import allowed
from integrations.quickbooks import card
from integrations.quickbooks.views import may_leave


@require_GET
@allowed("integrations")
def integration_cards(request: HttpRequest) -> HttpResponse:
    return may_leave(render(request, "integrations/integrations.html", {"card": card.current()}))
