"""Sending an invoice: the message, who gets it and how, what it costs; and what it will look like."""

import uuid
from dataclasses import dataclass
from decimal import Decimal

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from crm.audit import actor_of
from crm.models import Business
from crm.phone import readable
from crm.roles import allowed
from invoicing import sent
from invoicing.books import fresh
from invoicing.links import living_url
from invoicing.models import Invoice
from invoicing.statement_links import living_statement_url
from messaging.drafts import drafted, save_draft
from messaging.models import Message, MessagingSettings
from messaging.placeholders import PLACEHOLDERS, UnknownPlaceholder, check
from messaging.segments import Length, measure
from messaging.sending import CannotSend, address_of, needs_opt_out_line, send_invoice, why_no_channel
from messaging.words import LONGEST, message_for, text_for

BIGGEST_PK = 2**63 - 1
Channel = Message.Channel
WAYS = (Channel.TEXT, Channel.EMAIL)
# Of the same length as a real one, so that the count is right before there is a link.
LINK_TO_COME = "x" * 22


class ComposeForm(forms.Form):
    """``key`` is made with the page and makes a second click the same message."""

    key = forms.UUIDField(
        widget=forms.HiddenInput,
        error_messages=dict.fromkeys(("required", "invalid"), "Load this page again: something of it was lost."),
    )
    channel = forms.ChoiceField(
        choices=[(way, way.label) for way in WAYS], widget=forms.RadioSelect, label="How it goes out"
    )
    subject = forms.CharField(max_length=150, required=False)
    body = forms.CharField(
        label="Message",
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 6}),
        error_messages={"required": "Write a message, or copy the link alone from the invoice's page."},
    )

    def clean_body(self) -> str:
        body: str = self.cleaned_data["body"].replace("\r\n", "\n").replace("\x00", "")
        _check(body)
        return body

    def clean_subject(self) -> str:
        subject = " ".join(self.cleaned_data["subject"].split())
        _check(subject)
        return subject


@dataclass(frozen=True)
class Way:
    """A channel as the page offers it; ``why_not`` says why it cannot be taken."""

    channel: str
    label: str
    to: str
    why_not: str


@dataclass(frozen=True)
class Preview:
    """The message as the customer gets it; ``cost`` in the business's currency."""

    text: str
    length: Length | None
    cost: Decimal | None
    problem: str = ""


@require_http_methods(["GET", "POST"])
@allowed("messages.send")
def invoice_compose(request: HttpRequest, pk: int) -> HttpResponse:
    """Save keeps the message for later; Save and Send sends it with the link."""
    invoice = _invoice(pk)
    why_not = sent.why_not_send(invoice)
    if why_not:
        messages.error(request, f"{invoice} cannot be sent. {why_not}")
        return redirect("invoicing:detail", pk)
    ways = _ways(invoice)
    if request.method == "GET":
        return _page(request, invoice, ways, ComposeForm(initial=_initial(invoice, ways)))
    form = ComposeForm(request.POST)
    if not form.is_valid():
        return _page(request, invoice, ways, form)
    values = {name: form.cleaned_data[name] for name in ("channel", "subject", "body")}
    if "save" in request.POST:
        save_draft(invoice, **values, by=actor_of(request))
        messages.success(request, "The message is saved. It goes out when you press Save and Send.")
        return redirect("messaging:compose", pk)
    try:
        message = send_invoice(fresh(invoice), **values, key=form.cleaned_data["key"], actor=actor_of(request))
    except CannotSend as error:
        form.add_error(None, str(error))
        return _page(request, invoice, ways, form)
    messages.success(request, f"{invoice} is on its way to {message.conversation}.")
    return redirect("messaging:detail", message.conversation_id)


@require_POST
@allowed("messages.send")
def invoice_preview(request: HttpRequest, pk: int) -> HttpResponse:
    """The message as it will be, while it is typed. Nothing is kept."""
    invoice = _invoice(pk)
    preview = _preview(invoice, request.POST.get("channel", ""), request.POST.get("body", "")[:4000])
    return render(request, "messaging/_preview.html", {"preview": preview, "business": Business.load()})


def _page(request: HttpRequest, invoice: Invoice, ways: list[Way], form: ComposeForm) -> HttpResponse:
    context = {
        "invoice": invoice,
        "form": form,
        "ways": ways,
        "can_send": any(not way.why_not for way in ways),
        "placeholders": PLACEHOLDERS.values(),
        "preview": _preview(invoice, form["channel"].value() or "", form["body"].value() or ""),
        "draft": drafted(invoice),
    }
    return render(request, "messaging/compose.html", context, status=422 if form.errors else 200)


def _initial(invoice: Invoice, ways: list[Way]) -> dict[str, object]:
    draft, usual = drafted(invoice), MessagingSettings.load()
    possible = next((way.channel for way in ways if not way.why_not), Channel.TEXT)
    return {
        "key": uuid.uuid4(),
        "channel": draft.channel if draft else possible,
        "subject": draft.subject if draft else usual.email_subject,
        "body": draft.body if draft else usual.invoice_message,
    }


def _ways(invoice: Invoice) -> list[Way]:
    country = Business.load().country
    ways = []
    for channel in WAYS:
        address = address_of(invoice.contact, channel)
        shown = readable(address, country) if channel == Channel.TEXT and address else address
        ways.append(Way(channel, channel.label, shown, why_no_channel(invoice.contact, channel)))
    return ways


def _preview(invoice: Invoice, channel: str, body: str) -> Preview:
    links = _links(invoice)
    try:
        if channel == Channel.EMAIL:
            return Preview(message_for(invoice, body, **links), None, None)
        with_line = needs_opt_out_line(address_of(invoice.contact, Channel.TEXT))
        text = text_for(invoice, body, with_opt_out=with_line, **links)
    except UnknownPlaceholder as error:
        return Preview("", None, None, str(error))
    length = measure(text)
    if len(text) > LONGEST:
        return Preview(text, length, None, f"A text has room for {LONGEST:,} characters.")
    return Preview(text, length, length.parts * MessagingSettings.load().part_price)


def _links(invoice: Invoice) -> dict[str, str]:
    """Those that there are; looking makes none."""
    statement = living_statement_url(invoice.contact) if invoice.contact else ""
    return {
        "link": living_url(invoice) or f"{settings.SITE_URL}/i/{LINK_TO_COME}/",
        "statement": statement or f"{settings.SITE_URL}/s/{LINK_TO_COME}/",
    }


def _check(words: str) -> None:
    try:
        check(words)
    except UnknownPlaceholder as error:
        raise forms.ValidationError(str(error)) from error


def _invoice(pk: int) -> Invoice:
    if pk > BIGGEST_PK:
        raise Http404
    return get_object_or_404(Invoice.objects.present().select_related("contact"), pk=pk)
