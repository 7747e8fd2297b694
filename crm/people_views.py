"""Settings > People, and the page behind the link of an invitation."""

from allauth.account.utils import perform_login
from allauth.core import ratelimit
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib import messages
from django.core.mail import send_mail
from django.db.models import Exists, OuterRef
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from crm import people
from crm.audit import actor_of
from crm.forms_people import InviteForm, JoinForm
from crm.models import Invitation, User
from crm.roles import allowed


@require_GET
@allowed("people")
def people_list(request: HttpRequest) -> HttpResponse:
    """Everybody who may log in, who is invited, and who was shut out."""
    second_factor = Authenticator.objects.filter(user=OuterRef("pk"), type=Authenticator.Type.TOTP)
    everybody = User.objects.annotate(has_second_factor=Exists(second_factor)).order_by("-is_active", "name", "email")
    context = {
        "everybody": everybody,
        "invitations": Invitation.objects.filter(accepted_at=None).select_related("invited_by"),
        "now": timezone.now(),
        "roles": User.Role.choices,
    }
    return render(request, "staff/people.html", context)


@require_http_methods(["GET", "POST"])
@allowed("people")
def invite(request: HttpRequest) -> HttpResponse:
    form = InviteForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            invitation, secret = people.invite(
                form.cleaned_data["email"], form.cleaned_data["role"], by=actor_of(request)
            )
        except people.PeopleError as error:
            form.add_error("email", str(error))
        else:
            _send(request, invitation, secret)
            return redirect("staff:people")
    return render(request, "staff/invite.html", {"form": form}, status=422 if form.errors else 200)


@require_POST
@allowed("people")
def resend(request: HttpRequest, pk: int) -> HttpResponse:
    invitation = get_object_or_404(Invitation, pk=pk)
    try:
        secret = people.renew(invitation, by=actor_of(request))
    except people.PeopleError as error:
        messages.error(request, str(error))
    else:
        _send(request, invitation, secret)
    return redirect("staff:people")


@require_POST
@allowed("people")
def withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    invitation = get_object_or_404(Invitation, pk=pk)
    try:
        people.withdraw(invitation, by=actor_of(request))
        messages.success(request, f"The invitation of {invitation.email} is withdrawn. Its link no longer works.")
    except people.PeopleError as error:
        messages.error(request, str(error))
    return redirect("staff:people")


@require_POST
@allowed("people")
def change_role(request: HttpRequest, pk: int) -> HttpResponse:
    person = get_object_or_404(User, pk=pk)
    role = request.POST.get("role", "")
    if role not in User.Role.values:
        messages.error(request, "Choose one of the two roles, admin or agent.")
        return redirect("staff:people")
    try:
        people.change_role(person, role, by=actor_of(request))
        messages.success(request, f"{person} is an {User.Role(role).label.lower()} now.")
    except people.PeopleError as error:
        messages.error(request, str(error))
    return redirect("staff:people")


@require_POST
@allowed("people")
def deactivate(request: HttpRequest, pk: int) -> HttpResponse:
    person = get_object_or_404(User, pk=pk)
    try:
        people.deactivate(person, by=actor_of(request))
        messages.success(request, f"{person} is deactivated and logged out everywhere. What they did stays as it is.")
    except people.PeopleError as error:
        messages.error(request, str(error))
    return redirect("staff:people")


@require_POST
@allowed("people")
def reactivate(request: HttpRequest, pk: int) -> HttpResponse:
    person = get_object_or_404(User, pk=pk)
    people.reactivate(person, by=actor_of(request))
    messages.success(request, f"{person} can log in again, with the password they had.")
    return redirect("staff:people")


@require_POST
@allowed("people")
def reset_second_factor(request: HttpRequest, pk: int) -> HttpResponse:
    person = get_object_or_404(User, pk=pk)
    try:
        people.reset_second_factor(person, by=actor_of(request))
        messages.success(request, f"{person} logs in with the password alone now, and can set up a new second factor.")
    except people.PeopleError as error:
        messages.error(request, str(error))
    return redirect("staff:people")


@never_cache
@require_http_methods(["GET", "POST"])
def join(request: HttpRequest, secret: str) -> HttpResponse:
    """The page of an invitation's link. Opening it changes nothing: mail programs open links by themselves."""
    if too_often := ratelimit.consume_or_429(request, action="join"):
        return too_often
    invitation = people.find_invitation(secret)
    if invitation is None:
        return render(request, "staff/invitation_gone.html", status=404)
    form = JoinForm(request.POST or None, email=invitation.email)
    if request.method == "POST" and not request.user.is_authenticated and form.is_valid():
        try:
            user = people.accept(invitation, name=form.cleaned_data["name"], password=form.cleaned_data["password"])
        except people.PeopleError:
            return render(request, "staff/invitation_gone.html", status=404)
        messages.success(request, f"Welcome, {user.get_short_name()}. You are logged in.")
        return perform_login(request, user, email_verification="none", redirect_url=reverse("staff:dashboard"))
    context = {"form": form, "invitation": invitation}
    return render(request, "staff/join.html", context, status=422 if form.errors else 200)


def _send(request: HttpRequest, invitation: Invitation, secret: str) -> None:
    """Mail the link. It is written nowhere else, so a mail that cannot leave is told at once."""
    context = {
        "link": settings.SITE_URL + reverse("staff:join", args=[secret]),
        "invitation": invitation,
        "business": request.business,  # type: ignore[attr-defined]
        "inviter": request.user,
    }
    subject = render_to_string("staff/mail/invitation_subject.txt", context).strip()
    try:
        send_mail(subject, render_to_string("staff/mail/invitation.txt", context), None, [invitation.email])
    except OSError:  # smtplib's errors are OSErrors
        messages.error(
            request, f"{invitation.email} is invited, but the mail could not be sent. Send the invitation again later."
        )
    else:
        messages.success(request, f"Invitation sent to {invitation.email}. The link works for seven days.")
