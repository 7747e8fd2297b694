"""Conflicts: the list of customers that clash with a contact, and the page where staff resolve one."""

from django.contrib import messages
from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from crm.audit import actor_of
from crm.ids import read_pk
from crm.models import Contact
from crm.paging import paginate
from crm.roles import allowed
from integrations.models import QuickBooksLink
from integrations.quickbooks.conflicts import CannotResolve, Side, apply_now, resolve, shown
from integrations.quickbooks.weblinks import customer_page

State, Choice = QuickBooksLink.State, QuickBooksLink.Choice
LATER = "It is noted, and applied as soon as QuickBooks answers."
# What may be chosen without choosing a contact; "reconsider" takes an earlier choice back.
SIMPLE = {"apart": Choice.APART, "ignore": Choice.IGNORE, "reconsider": ""}


@require_GET
@allowed("imports")
def conflict_list(request: HttpRequest) -> HttpResponse:
    """The customers that were left out, why, and how many invoices wait for each; or those that staff ignore."""
    conflicts = _conflicts()
    is_ignored = request.GET.get("show") == "ignored"
    ignored = conflicts.filter(choice=Choice.IGNORE)
    found = ignored if is_ignored else conflicts.exclude(choice=Choice.IGNORE)
    page = paginate(request, found, orders={"newest": ("-id",)}, default="newest")
    context = {"page": page, "is_ignored": is_ignored, "ignored": ignored.count()}
    return render(request, "integrations/conflict_list.html", context)


def _conflicts() -> QuerySet[QuickBooksLink]:
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
    return (
        QuickBooksLink.objects.filter(entity="customer", state=State.CONFLICT)
        .exclude(state=State.LINKED)  # as above
        .select_related("clashes_with", "choice_by")
        .annotate(waiting=Coalesce(Subquery(waiting), 0))
    )


@require_GET
@allowed("imports")
def conflict_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """QuickBooks' customer and our contacts side by side, and what can be done."""
    link = _link(pk)
    context = {"shown": shown(link), "link": link, "url": customer_page(link.external_id)}
    return render(request, "integrations/conflict.html", context)


@require_http_methods(["GET", "POST"])
@allowed("imports")
def conflict_merge(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask first, for it joins two records; then merge."""
    link = _link(pk)
    if request.method == "POST":
        contact = Contact.objects.filter(pk=read_pk(request.POST.get("contact", ""))).first()
        return _choose(request, link, Choice.MERGE, contact)
    side = _side(shown(link).rivals, request.GET.get("contact", ""))
    if side is None or link.state != State.CONFLICT:
        messages.error(request, "Choose the contact to merge it into.")
        return redirect("integrations:conflict", pk)
    return render(request, "integrations/conflict_merge.html", {"link": link, "contact": side.contact})


@require_POST
@allowed("imports")
def conflict_choose(request: HttpRequest, pk: int) -> HttpResponse:
    """Keep apart, ignore, or reconsider."""
    choice = SIMPLE.get(request.POST.get("choice", ""))
    if choice is None:
        messages.error(request, "Choose what to do with the customer.")
        return redirect("integrations:conflict", pk)
    return _choose(request, _link(pk), choice)


def _choose(request: HttpRequest, link: QuickBooksLink, choice: str, contact: Contact | None = None) -> HttpResponse:
    try:
        resolve(link, choice, contact=contact, actor=actor_of(request))
    except CannotResolve as error:
        messages.error(request, str(error))
    else:
        after = apply_now(link)
        is_done = after.state != State.CONFLICT or choice in {Choice.IGNORE, ""}
        messages.add_message(request, messages.SUCCESS if is_done else messages.INFO, _words(after, choice))
        if after.state != State.CONFLICT and not after.choice:
            return redirect("integrations:conflicts")  # it has no page any more
    return redirect("integrations:conflict", link.pk)


def _words(link: QuickBooksLink, choice: str) -> str:
    name = link.display_name
    if choice == Choice.IGNORE:
        return f"{name} is ignored: nothing of it is taken over until you reconsider."
    if link.state == State.LINKED and link.contact is not None:
        if choice == Choice.MERGE:
            return f"{name} is merged into {link.contact}."
        return f"{name} is a contact of its own." if choice else f"{name} is taken over: nothing clashes any more."
    if not choice:
        return f"{name} is among the open conflicts again."
    return f"{name} is not resolved yet. {LATER}" if link.is_chosen else f"{name} is still in conflict: {link.reason}"


def _link(pk: int) -> QuickBooksLink:
    # One that never was in conflict has no page; one that staff resolved keeps it.
    links = QuickBooksLink.objects.filter(Q(state=State.CONFLICT) | ~Q(choice=""), entity="customer")
    beside = ("connection", "contact", "clashes_with", "choice_contact", "choice_by")
    return get_object_or_404(links.select_related(*beside), pk=pk)


def _side(sides: list[Side], chosen: str) -> Side | None:
    """The one that was chosen; the only one needs no choosing."""
    found = [side for side in sides if str(side.contact.pk) == chosen]
    return found[0] if found else sides[0] if len(sides) == 1 and not chosen else None
