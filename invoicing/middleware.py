"""The short way in for customers' pages."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.urls import Resolver404, resolve
from django.utils.functional import SimpleLazyObject

from crm.models import Business

View = Callable[[HttpRequest], HttpResponse]

PAGES = "/i/"


def customers_pages(get_response: View) -> View:
    """Lead a customer who reads past all that is for staff: session, login, messages, fragments.

    Their pages ask nobody's name and leave no cookie. What they post goes the usual way, as
    a look of staff is not counted.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        if request.method not in {"GET", "HEAD"} or not request.path_info.startswith(PAGES):
            return get_response(request)
        try:
            match = resolve(request.path_info, "invoicing.public_urls")  # past all the others
        except Resolver404:
            return get_response(request)  # the usual page
        request.business = SimpleLazyObject(Business.load)  # type: ignore[attr-defined]
        response: HttpResponse = match.func(request, *match.args, **match.kwargs)
        response.headers.setdefault("X-Frame-Options", "DENY")
        response.headers["Content-Length"] = str(len(response.content))
        return response

    return middleware
