"""Settings > Messages: what an invoice is sent with, and how texts go out."""

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from crm import audit
from crm.audit import actor_of
from crm.roles import allowed
from messaging.models import MessagingSettings, NoticeChoice
from messaging.placeholders import PLACEHOLDERS, UnknownPlaceholder, check
from messaging.senders import sender_state


class MessagingSettingsForm(forms.ModelForm):
    class Meta:
        model = MessagingSettings
        fields = ("invoice_message", "email_subject", "part_price")

    def clean_invoice_message(self) -> str:
        return _checked(self.cleaned_data["invoice_message"].replace("\r\n", "\n"))

    def clean_email_subject(self) -> str:
        return _checked(self.cleaned_data["email_subject"])


@require_http_methods(["GET", "POST"])
@allowed("settings")
def messaging_settings(request: HttpRequest) -> HttpResponse:
    row = MessagingSettings.load()
    form = MessagingSettingsForm(request.POST or None, instance=row)
    if request.method == "POST" and form.is_valid():
        before = {name: form.initial[name] for name in form.Meta.fields}
        row = form.save()
        after = {name: getattr(row, name) for name in form.Meta.fields}
        if changes := audit.differences(before, after):
            audit.record(
                "settings", row, verb="settings.changed", actor=actor_of(request), origin="staff", changes=changes
            )
        messages.success(request, "The messages are saved.")
        return redirect("messaging:settings")
    context = {"form": form, "placeholders": PLACEHOLDERS.values(), "sender": sender_state()}
    return render(request, "messaging/settings.html", context, status=422 if form.errors else 200)


class NoticeForm(forms.ModelForm):
    class Meta:
        model = NoticeChoice
        fields = ("replies", "failures", "payments")


@require_http_methods(["GET", "POST"])
@allowed("messages.view")
def staff_notices(request: HttpRequest) -> HttpResponse:
    """What the person who is logged in hears of by mail."""
    person = actor_of(request)
    choice = NoticeChoice.objects.filter(user=person).first() or NoticeChoice(user=person)
    form = NoticeForm(request.POST or None, instance=choice)
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, "Your choice is saved.")
        return redirect("messaging:notices")
    return render(request, "messaging/notices.html", {"form": form}, status=422 if form.errors else 200)


def _checked(words: str) -> str:
    try:
        check(words)
    except UnknownPlaceholder as error:
        raise forms.ValidationError(str(error)) from error
    return words
