"""Settings > Integrations: a card for each vendor."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from crm.roles import allowed
from integrations.forms import SyncForm
from integrations.quickbooks import card, following
from integrations.quickbooks.views import may_leave
from integrations.sync_views import moment


@require_GET
@allowed("integrations")
def integration_cards(request: HttpRequest) -> HttpResponse:
    shown = card.current()
    context: dict[str, Any] = {"card": shown}
    if shown.connection is not None and shown.state is card.State.CONNECTED:
        context["following"] = following.of(shown.connection, moment(request))
        context["sync_form"] = SyncForm(instance=context["following"].state)
    return may_leave(render(request, "integrations/integrations.html", context))
