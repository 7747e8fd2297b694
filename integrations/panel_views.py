"""What QuickBooks has to say on the pages of contacts and invoices, and the list of conflicts."""

from django.db.models import Count, OuterRef, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from crm.paging import paginate
from crm.roles import allowed
from integrations.models import QuickBooksLink
from integrations.quickbooks.weblinks import customer_page, invoice_page


@require_GET
@allowed("contacts.view")
def contact_panel(request: HttpRequest, pk: int) -> HttpResponse:
    """The customers that stand for a contact, with links to QuickBooks."""
    links = QuickBooksLink.objects.filter(entity="customer", contact__pk=pk).select_related("connection").order_by("id")
    rows = [{"link": link, "name": _name(link), "url": customer_page(link.external_id)} for link in links[:20]]
    return render(request, "integrations/_contact_panel.html", {"rows": rows})


@require_GET
@allowed("invoices.view")
def invoice_panel(request: HttpRequest, pk: int) -> HttpResponse:
    """Where the invoice stands in QuickBooks, and why its customer is no contact, if it is in conflict."""
    link = QuickBooksLink.objects.filter(entity="invoice", invoice__pk=pk).select_related("connection").first()
    context: dict[str, object] = {"link": link}
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


@require_GET
@allowed("imports")
def conflict_list(request: HttpRequest) -> HttpResponse:
    """The customers that were left out, why, and how many invoices wait for each."""
    waiting = (
        QuickBooksLink.objects.filter(
            connection=OuterRef("connection"), entity="invoice", customer_id=OuterRef("external_id")
        )
        .exclude(customer_id="")  # the index has no blanks, and SQLite has to be told
        .order_by()
        .values("customer_id")
        .annotate(number=Count("pk"))
        .values("number")
    )
    conflicts = (
        QuickBooksLink.objects.filter(entity="customer", state=QuickBooksLink.State.CONFLICT)
        .exclude(state=QuickBooksLink.State.LINKED)  # as above
        .select_related("clashes_with")
        .annotate(waiting=Coalesce(Subquery(waiting), 0))
    )
    page = paginate(request, conflicts, orders={"newest": ("-id",)}, default="newest")
    rows = [{"link": link, "name": _name(link), "url": customer_page(link.external_id)} for link in page.items]
    return render(request, "integrations/conflict_list.html", {"page": page, "rows": rows})


def _name(link: QuickBooksLink) -> str:
    return str(link.document.get("DisplayName") or f"Customer {link.external_id}")
