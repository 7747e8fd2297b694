"""One conversation: reading it, while it goes on, and answering."""

import uuid

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_GET, require_POST

from crm.audit import actor_of
from crm.ids import read_pk
from crm.models import User
from crm.paging import is_fragment
from crm.roles import allowed, may
from messaging import conversations
from messaging.conversation_views import conversation_or_404
from messaging.events import read_thread, version_of
from messaging.models import Conversation, Message
from messaging.sending import CannotSend, repeat, send_text, why_no_text
from messaging.words import LONGEST


class ReplyForm(forms.Form):
    """``key`` is made with the page and makes a second click the same text."""

    key = forms.UUIDField(widget=forms.HiddenInput)
    body = forms.CharField(
        label="Your text",
        max_length=LONGEST,
        widget=forms.Textarea(attrs={"rows": 2, "data-count": ""}),
        error_messages={
            "required": "Write something first.",
            "max_length": f"A text has room for {LONGEST:,} characters.",
        },
    )


@allowed("messages.view")
@require_GET
def conversation_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """The thread; the open page asks every few seconds whether something was added."""
    conversation = conversation_or_404(pk)
    if is_fragment(request):
        if request.GET.get("seen") == version_of(conversation):
            return HttpResponse(status=204)
        response = render(request, "messaging/_thread.html", _thread(request, conversation))
        patch_vary_headers(response, ["HX-Request"])
        return response
    return _page(request, conversation, ReplyForm(initial={"key": uuid.uuid4()}))


@allowed("messages.view")
@require_POST
def conversation_read(request: HttpRequest, pk: int) -> HttpResponse:
    """Somebody has the thread before their eyes, up to the message ``last``."""
    conversation = conversation_or_404(pk)
    if last := read_pk(request.POST.get("last", "")):
        conversations.mark_read(conversation, last)
    return HttpResponse(status=204)


@allowed("messages.send")
@require_POST
def conversation_send(request: HttpRequest, pk: int) -> HttpResponse:
    conversation = conversation_or_404(pk)
    form = ReplyForm(request.POST)
    if not form.is_valid():
        return _page(request, conversation, form, status=422)
    try:
        send_text(conversation, body=form.cleaned_data["body"], key=form.cleaned_data["key"], actor=actor_of(request))
    except CannotSend as error:
        form.add_error(None, str(error))
        return _page(request, conversation, form, status=422)
    return redirect("messaging:detail", pk)


@allowed("messages.send")
@require_POST
def message_again(request: HttpRequest, pk: int) -> HttpResponse:
    """Send a failed message once more."""
    message = get_object_or_404(Message.objects.filter(direction=Message.Direction.OUT), pk=pk)
    try:
        repeat(message, actor=actor_of(request))
    except CannotSend as error:
        messages.error(request, str(error))
    else:
        messages.success(request, "It is sent again.")
    return redirect("messaging:detail", message.conversation_id)


def _page(request: HttpRequest, conversation: Conversation, form: ReplyForm, status: int = 200) -> HttpResponse:
    may_send = may(request.user, "messages.send")
    context = _thread(request, conversation) | {
        "form": form,
        "may_send": may_send,
        "why_not": why_no_text(conversation) if may_send else "Your role does not write to customers.",
        "people": User.objects.filter(is_active=True).order_by("name", "email") if may_send else [],
    }
    response = render(request, "messaging/conversation_detail.html", context, status=status)
    patch_vary_headers(response, ["HX-Request"])
    return response


def _thread(request: HttpRequest, conversation: Conversation) -> dict[str, object]:
    first = read_pk(request.GET.get("before", ""))
    return {
        "conversation": conversation,
        "thread": read_thread(conversation, timezone.localdate(), before=first),
        "is_live": not first,
        "may_send": may(request.user, "messages.send"),
    }
