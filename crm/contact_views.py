"""Contacts: the list, one contact, and what staff do with it."""

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.dateparse import parse_datetime
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from crm import contact_filters, services, timeline
from crm.audit import actor_of
from crm.badges import badges_for
from crm.contact_filters import ContactFilters
from crm.csv_export import stream_csv
from crm.forms import ContactForm
from crm.models import Contact
from crm.paging import is_fragment, paginate, render_list
from crm.roles import allowed, may

CHILDREN_SHOWN = 20
TIMELINE_SIZE = 20


@allowed("contacts.view")
@require_GET
def contact_list(request: HttpRequest) -> HttpResponse:
    filters = ContactFilters.read(request.GET)
    contacts = filters.contacts().defer("search_text", "notes")
    page = paginate(request, contacts, orders=contact_filters.ORDERS, default="name")
    badges = badges_for(request.user, "contact", [contact.pk for contact in page.items])
    context = {
        "page": page,
        "rows": [(contact, badges.get(contact.pk)) for contact in page.items],
        "filters": filters,
        "choices": contact_filters,
        "is_first_time": not page.items and not Contact.objects.exists(),
        "may_import": may(request.user, "imports"),
    }
    response = render_list(
        request, page="contacts/contact_list.html", rows="contacts/_contact_rows.html", context=context
    )
    if request.htmx and "after" not in request.GET and "before" not in request.GET:  # type: ignore[attr-defined]
        # The form was changed: its short address, without the fields left empty.
        sort = page.order if page.order != "name" else ""
        response["HX-Replace-Url"] = request.path + filters.query(sort=sort)
    return response


@allowed("contacts.view")
@require_GET
def contact_export(request: HttpRequest) -> StreamingHttpResponse:
    """The list as it is filtered, as CSV."""
    zone = request.business.zone  # type: ignore[attr-defined]
    contacts = ContactFilters.read(request.GET).contacts().order_by("sort_name", "id").defer("search_text")
    fields = [field for field in services.CONTACT_FIELDS if field != "name"]
    header = ["ID", "Name", *(_label(field) for field in fields), "Source", "Added", "Archived"]
    rows = (
        [
            contact.pk,
            contact.name,
            *(getattr(contact, field) for field in fields),
            contact.get_owner_display(),
            _day(contact.created_at, zone),
            _day(contact.archived_at, zone),
        ]
        for contact in contacts.iterator(chunk_size=2000)
    )
    return stream_csv("contacts.csv", header, rows)


@allowed("contacts.view")
@require_GET
def contact_detail(request: HttpRequest, pk: int) -> HttpResponse:
    contact = get_object_or_404(Contact.objects.select_related("parent"), pk=pk)
    return _detail(request, contact)


@allowed("contacts.edit")
@require_http_methods(["GET", "POST"])
def contact_new(request: HttpRequest) -> HttpResponse:
    form = ContactForm(request.POST or None, country=_country(request))
    clash = None
    if request.method == "POST" and form.is_valid():
        try:
            contact = services.create_contact(form.cleaned_data, actor=actor_of(request), origin="staff")
        except services.ContactClash as error:
            form.clash_with(error.field, error.value, error.other)
            clash = error
        else:
            messages.success(request, f"{contact.name} is added.")
            return redirect("contacts:detail", contact.pk)
    return render(request, "contacts/contact_form.html", {"form": form, "clash": clash}, status=_status(form))


@allowed("contacts.edit")
@require_http_methods(["GET", "POST"])
def contact_edit(request: HttpRequest, pk: int) -> HttpResponse:
    contact = get_object_or_404(Contact, pk=pk)
    form = ContactForm(request.POST or None, country=_country(request), contact=contact)
    context: dict[str, Any] = {"contact": contact, "form": form, "read_at": contact.changed_at.isoformat()}
    if request.method == "POST":
        context["read_at"] = request.POST.get("read_at", "")
        if form.is_valid():
            try:
                services.update_contact(
                    contact,
                    form.touched(),
                    actor=actor_of(request),
                    origin="staff",
                    read_at=_moment(context["read_at"]),
                )
            except services.ContactClash as error:
                form.clash_with(error.field, error.value, error.other)
                context["clash"] = error
            except services.ContactChangedMeanwhile as error:
                context |= _both_versions(form, request.POST, error.contact, _country(request))
            else:
                messages.success(request, f"{form.cleaned_data['name']} is saved.")
                return redirect("contacts:detail", pk)
    return render(request, "contacts/contact_form.html", context, status=_status(context["form"], context))


@allowed("contacts.archive")
@require_http_methods(["GET", "POST"])
def contact_archive(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask first, naming what happens; then archive."""
    contact = get_object_or_404(Contact, pk=pk)
    if request.method == "GET":
        return render(request, "contacts/contact_archive.html", {"contact": contact})
    services.archive_contact(contact, actor=actor_of(request), origin="staff")
    messages.success(request, f"{contact.name} is archived. Restore brings the contact back.")
    return redirect("contacts:detail", pk)


@allowed("contacts.archive")
@require_POST
def contact_restore(request: HttpRequest, pk: int) -> HttpResponse:
    contact = get_object_or_404(Contact.objects.select_related("parent"), pk=pk)
    try:
        services.restore_contact(contact, actor=actor_of(request), origin="staff")
    except services.ContactClash as clash:
        return _detail(request, contact, clash=clash, status=409)
    messages.success(request, f"{contact.name} is back among the live contacts.")
    return redirect("contacts:detail", pk)


def _detail(
    request: HttpRequest, contact: Contact, *, clash: services.ContactClash | None = None, status: int = 200
) -> HttpResponse:
    activities = contact.activities.select_related("actor")
    page = paginate(request, activities, orders={"newest": ("-id",)}, default="newest", size=TIMELINE_SIZE)
    children = list(contact.children.order_by("sort_name", "id").only("name", "parent")[: CHILDREN_SHOWN + 1])
    context = {
        "contact": contact,
        "children": children[:CHILDREN_SHOWN],
        "has_more_children": len(children) > CHILDREN_SHOWN,
        "page": page,
        "entries": timeline.entries(page.items),
        "clash": clash,
        "badge": None,
    }
    if not is_fragment(request):
        context["badge"] = badges_for(request.user, "contact", [contact.pk]).get(contact.pk)
    response = render_list(request, page="contacts/contact_detail.html", rows="_timeline_items.html", context=context)
    response.status_code = status
    return response


def _both_versions(form: ContactForm, posted: QueryDict, now: Contact, country: str) -> dict[str, Any]:
    """A form to look at again: what this person touched as typed, everything else as it is now.

    ``theirs`` names the fields that both changed, with the other person's value.
    """
    touched, current = form.touched(), services.facts_of(now)
    data = posted.copy()
    theirs = []
    for field, value in current.items():
        seen = posted.get(form.add_initial_prefix(field), "").replace("\r\n", "\n")
        if field not in touched:
            data[field] = value
        elif value not in (seen, touched[field]):
            theirs.append({"label": _label(field), "field": field, "value": value})
        data[form.add_initial_prefix(field)] = value
    return {
        "form": ContactForm(data, country=country, contact=now),
        "contact": now,
        "read_at": now.changed_at.isoformat(),
        "theirs": theirs,
        "changed_by": now.activities.select_related("actor").order_by("-id").first(),
        "was_changed": True,
    }


def _country(request: HttpRequest) -> str:
    return request.business.country  # type: ignore[attr-defined]


def _status(form: ContactForm, context: dict[str, Any] | None = None) -> int:
    """409 when somebody else stands in the way, 422 when the form does, so that scripts can tell too."""
    if context and context.get("was_changed"):
        return 409
    return 422 if form.is_bound and form.errors else 200


def _label(field: str) -> str:
    return str(Contact._meta.get_field(field).verbose_name).capitalize()  # type: ignore[union-attr]


def _day(moment: datetime | None, zone: Any) -> str:
    return moment.astimezone(zone).date().isoformat() if moment else ""


def _moment(typed: str) -> datetime | None:
    """When the person read the contact; None for a form that does not say."""
    try:
        return parse_datetime(typed)
    except ValueError:
        return None
