"""The customer's statement on the staff's page of a contact: its link is made, copied, opened, replaced."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from crm.audit import actor_of
from crm.models import Contact
from crm.paging import render_list
from crm.roles import allowed
from invoicing.statement_links import living_statement_url, replace_statement_link, statement_link_for
from invoicing.views import BIGGEST_PK


@allowed("invoices.link")
@require_GET
def statement_panel(request: HttpRequest, pk: int) -> HttpResponse:
    """A fragment for htmx, a plain page without it."""
    contact = _contact(pk)
    context = {"contact": contact, "url": living_statement_url(contact)}
    return render_list(
        request, page="invoicing/statement_panel.html", rows="invoicing/_statement_panel.html", context=context
    )


@require_POST
@allowed("invoices.link")
def statement_make_link(request: HttpRequest, pk: int) -> HttpResponse:
    """Make the link, for whoever wants to hand it on."""
    contact = _contact(pk)
    statement_link_for(contact)
    messages.success(request, "The statement has a link. Whoever has it sees all open invoices without logging in.")
    return redirect("contacts:detail", pk)


@require_http_methods(["GET", "POST"])
@allowed("invoices.link")
def statement_replace_link(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask first, for the old link ends; then make another, and others for the invoices if that is wanted."""
    contact = _contact(pk)
    if request.method == "GET":
        return render(request, "invoicing/replace_statement_link.html", {"contact": contact})
    replace_statement_link(contact, with_invoices="with_invoices" in request.POST, actor=actor_of(request))
    messages.success(request, "The statement has a new link. The old one leads nowhere now.")
    return redirect("contacts:detail", pk)


def _contact(pk: int) -> Contact:
    if pk > BIGGEST_PK:
        raise Http404
    return get_object_or_404(Contact, pk=pk)
