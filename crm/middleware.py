"""What every request needs to know of the business."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, resolve_url
from django.urls import Resolver404, resolve
from django.utils import timezone
from django.utils.cache import patch_cache_control, patch_vary_headers
from django.utils.functional import SimpleLazyObject

from crm.accounts import has_second_factor
from crm.models import Business

View = Callable[[HttpRequest], HttpResponse]

# Where somebody who still has to set up a second factor may go.
WITHOUT_SECOND_FACTOR = frozenset(
    {
        "mfa_activate_totp",
        "account_reauthenticate",
        "account_logout",
        "account_confirm_email",
        "staff:logo",
    }
)


def business(get_response: View) -> View:
    """Put the business on the request; staff pages run in its time zone."""

    def middleware(request: HttpRequest) -> HttpResponse:
        request.business = SimpleLazyObject(Business.load)  # type: ignore[attr-defined]
        if not request.user.is_authenticated:
            return get_response(request)
        with timezone.override(request.business.zone):  # type: ignore[attr-defined]
            return get_response(request)

    return middleware


def second_factor(get_response: View) -> View:
    """Where the business requires a second factor, lead who has none to its set-up before anything else."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if not request.user.is_authenticated or not request.business.second_factor_required:  # type: ignore[attr-defined]
            return get_response(request)
        if has_second_factor(request.user) or _name_of(request) in WITHOUT_SECOND_FACTOR:
            return get_response(request)
        if request.htmx:  # type: ignore[attr-defined]
            return HttpResponse(status=401)
        return redirect("mfa_activate_totp")

    return middleware


def _name_of(request: HttpRequest) -> str:
    try:
        return resolve(request.path_info).view_name
    except Resolver404:
        return ""


def fragments(get_response: View) -> View:
    """Keep fragments apart from pages: by caches, and when the session has ended.

    A fragment's request that is sent to the log-in page would put that page into a corner of this one. It gets a
    401 instead; static/js/session.js then keeps the page as it is and offers to log in.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        patch_vary_headers(response, ["HX-Request"])
        if request.user.is_authenticated and not response.has_header("Cache-Control"):
            patch_cache_control(response, private=True)
        login = resolve_url(settings.LOGIN_URL)
        if request.htmx and response.status_code == 302 and response["Location"].startswith(login):  # type: ignore[attr-defined]
            return HttpResponse(status=401)
        return response

    return middleware
