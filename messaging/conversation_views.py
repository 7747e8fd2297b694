"""The inbox, and what staff do with a whole conversation."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.db.models import OuterRef, Subquery
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from crm.audit import actor_of
from crm.models import Contact, User
from crm.paging import is_fragment, paginate
from crm.roles import allowed
from invoicing.links import replace_links_of
from messaging import conversations
from messaging.models import Conversation, Message
from messaging.models.conversations import ConversationQuerySet

ORDERS = {"newest": ("-is_unread", "-last_at", "-id")}
SHOW = {"": "Open", "unread": "Unread", "closed": "Closed", "all": "All"}
WHOSE = {"": "Anybody's", "mine": "Given to me", "nobody": "Given to nobody"}
CHOICES_SHOWN = 20
BIGGEST_PK = 2**63 - 1


@dataclass(frozen=True)
class ConversationFilters:
    """Words that a URL does not know are as good as none."""

    q: str = ""
    show: str = ""
    whose: str = ""

    @classmethod
    def read(cls, query: QueryDict) -> "ConversationFilters":
        show, whose = query.get("show", ""), query.get("whose", "")
        return cls(
            q=query.get("q", "").replace("\x00", "").strip()[:200],
            show=show if show in SHOW else "",
            whose=whose if whose in WHOSE else "",
        )

    @property
    def are_set(self) -> bool:
        return self != ConversationFilters()

    @property
    def query(self) -> str:
        words = urlencode({name: value for name, value in vars(self).items() if value})
        return f"?{words}" if words else ""


@allowed("messages.view")
@require_GET
def conversation_list(request: HttpRequest) -> HttpResponse:
    """Unread ones first; the open page asks every few seconds whether there is something new."""
    filters = ConversationFilters.read(request.GET)
    found = _found(filters, actor_of(request)).select_related("contact", "assigned_to")
    last = Message.objects.filter(conversation=OuterRef("pk")).order_by("-id")
    found = found.annotate(
        last_body=Subquery(last.values("body")[:1]),
        last_status=Subquery(last.values("status")[:1]),
        last_direction=Subquery(last.values("direction")[:1]),
    )
    page = paginate(request, found, orders=ORDERS, default="newest")
    version = _version(page.items)
    if is_fragment(request) and request.GET.get("seen") == version:
        return HttpResponse(status=204)
    context = {
        "page": page,
        "filters": filters,
        "show": SHOW,
        "whose": WHOSE,
        "version": version,
        "poll_url": f"{request.path}?{_without_seen(request.GET)}",
        "is_first_time": not page.items and not filters.are_set and not Conversation.objects.exists(),
    }
    template = "messaging/_conversation_rows.html" if is_fragment(request) else "messaging/conversation_list.html"
    response = render(request, template, context)
    patch_vary_headers(response, ["HX-Request"])
    return response


def _found(filters: ConversationFilters, user: User) -> ConversationQuerySet:
    found = Conversation.objects.search(filters.q) if filters.q else Conversation.objects.all()
    if filters.show == "unread":
        found = found.filter(is_unread=True)
    elif filters.show != "all" and not (filters.q and not filters.show):
        found = found.closed() if filters.show == "closed" else found.open()
    if filters.whose:
        found = found.filter(assigned_to=user if filters.whose == "mine" else None)
    return found


def _version(rows: Sequence[Conversation]) -> str:
    shown = [(row.pk, row.is_unread, row.last_at, row.last_status, row.assigned_to_id) for row in rows]  # type: ignore[attr-defined]
    return hashlib.sha256(repr(shown).encode()).hexdigest()[:16]


def _without_seen(query: QueryDict) -> str:
    kept = query.copy()
    kept.pop("seen", None)
    return kept.urlencode()


@allowed("messages.send")
@require_POST
def conversation_close(request: HttpRequest, pk: int) -> HttpResponse:
    conversation = conversation_or_404(pk)
    if conversations.set_closed(conversation, True, actor=actor_of(request)):
        messages.success(request, f"Closed. A reply or a payment of {conversation} opens the conversation again.")
    return redirect("messaging:list")


@allowed("messages.send")
@require_POST
def conversation_reopen(request: HttpRequest, pk: int) -> HttpResponse:
    conversations.set_closed(conversation_or_404(pk), False, actor=actor_of(request))
    return redirect("messaging:detail", pk)


class AssignForm(forms.Form):
    to = forms.ModelChoiceField(User.objects.filter(is_active=True), required=False, empty_label="Nobody")


@allowed("messages.send")
@require_POST
def conversation_assign(request: HttpRequest, pk: int) -> HttpResponse:
    form = AssignForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Choose somebody who works here.")
    elif conversations.assign(conversation_or_404(pk), form.cleaned_data["to"], actor=actor_of(request)):
        name = form.cleaned_data["to"]
        messages.success(
            request, f"The conversation is given to {name}." if name else "The conversation is nobody's now."
        )
    return redirect("messaging:detail", pk)


@allowed("messages.send")
@require_http_methods(["GET", "POST"])
def conversation_attach(request: HttpRequest, pk: int) -> HttpResponse:
    """Whose number is it? Search, then choose; the messages go to the contact's own conversation."""
    conversation = conversation_or_404(pk)
    if conversation.contact_id:
        return redirect("messaging:detail", pk)
    if request.method == "POST":
        chosen = request.POST.get("contact", "")
        if not (chosen.isascii() and chosen.isdigit() and len(chosen) < 19):
            raise Http404
        contact = get_object_or_404(Contact.objects.live(), pk=int(chosen))
        kept = conversations.attach(conversation, contact, actor=actor_of(request))
        messages.success(request, f"These messages belong to {contact.name} now.")
        return redirect("messaging:detail", kept.pk)
    words = request.GET.get("q", "").replace("\x00", "").strip()[:200]
    found = Contact.objects.live().search(words).order_by("sort_name", "id")[:CHOICES_SHOWN] if words else []
    context = {"conversation": conversation, "words": words, "found": found}
    return render(request, "messaging/conversation_attach.html", context)


@allowed("messages.send")
@require_POST
def conversation_of_contact(request: HttpRequest, pk: int) -> HttpResponse:
    """Write to a contact: the thread is made when it is first needed."""
    if pk > BIGGEST_PK:
        raise Http404
    return redirect("messaging:detail", conversations.conversation_of(get_object_or_404(Contact, pk=pk)).pk)


@allowed("invoices.link")
@require_http_methods(["GET", "POST"])
def conversation_replace_links(request: HttpRequest, pk: int) -> HttpResponse:
    """The number is somebody else's: ask first, then end the links that were sent to it."""
    conversation = conversation_or_404(pk)
    if conversation.contact is None:
        raise Http404
    if request.method == "GET":
        return render(request, "messaging/replace_links.html", {"conversation": conversation})
    count = replace_links_of(conversation.contact, actor=actor_of(request))
    words = "1 link leads" if count == 1 else f"{count} links lead"
    messages.success(request, f"{words} nowhere now. Correct the number, then send the invoices again.")
    return redirect("contacts:edit", conversation.contact.pk)


def conversation_or_404(pk: int) -> Conversation:
    if pk > BIGGEST_PK:
        raise Http404
    return get_object_or_404(Conversation.objects.select_related("contact", "assigned_to"), pk=pk)
