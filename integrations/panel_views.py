"""What QuickBooks has to say on the pages of contacts and invoices."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from crm.roles import allowed, may
from integrations.models import QuickBooksLink
from integrations.quickbooks.weblinks import customer_page, invoice_page


@require_GET
@allowed("contacts.view")
def contact_panel(request: HttpRequest, pk: int) -> HttpResponse:
    """The customers that stand for a contact, with links to QuickBooks."""
    links = QuickBooksLink.objects.filter(entity="customer", contact__pk=pk).select_related("connection").order_by("id")
    rows = [{"link": link, "name": link.display_name, "url": customer_page(link.external_id)} for link in links[:20]]
    clashing = QuickBooksLink.objects.filter(
        entity="customer", clashes_with__pk=pk, state=QuickBooksLink.State.CONFLICT
    ).exclude(choice=QuickBooksLink.Choice.IGNORE)
    context = {"rows": rows, "clashing": clashing.order_by("id")[:20], "may_resolve": may(request.user, "imports")}
    return render(request, "integrations/_contact_panel.html", context)


@require_GET
@allowed("invoices.view")
def invoice_panel(request: HttpRequest, pk: int) -> HttpResponse:
    """Where the invoice stands in QuickBooks, and why its customer is no contact, if it is in conflict."""
    link = QuickBooksLink.objects.filter(entity="invoice", invoice__pk=pk).select_related("connection").first()
    context: dict[str, object] = {"link": link, "may_resolve": may(request.user, "imports")}
    if link is not None:
        context["url"] = invoice_page(link.external_id)
        context["customer"] = (
            QuickBooksLink.objects.filter(
                connection=link.connection,
                entity="customer",
                external_id=link.customer_id,
                state=QuickBooksLink.State.CONFLICT,
            )
            .select_related("clashes_with")
            .first()
        )
    return render(request, "integrations/_invoice_panel.html", context)
