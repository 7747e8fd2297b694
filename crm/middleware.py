"""What every request needs to know of the business."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from crm.models import Business


def business(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Put the business on the request; staff pages run in its time zone."""

    def middleware(request: HttpRequest) -> HttpResponse:
        request.business = SimpleLazyObject(Business.load)  # type: ignore[attr-defined]
        if not request.user.is_authenticated:
            return get_response(request)
        with timezone.override(request.business.zone):  # type: ignore[attr-defined]
            return get_response(request)

    return middleware
