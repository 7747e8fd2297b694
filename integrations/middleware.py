"""The short way in for webhooks."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.urls import Resolver404, resolve

View = Callable[[HttpRequest], HttpResponse]

WEBHOOKS = "/webhooks/"


def webhooks(get_response: View) -> View:
    """Lead webhooks past all that is for pages: session, login, the business, headers for browsers.

    A machine posts them, many at once, and waits three seconds.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        if not request.path_info.startswith(WEBHOOKS):
            return get_response(request)
        try:
            match = resolve(request.path_info)
        except Resolver404:
            return get_response(request)  # the usual page
        response: HttpResponse = match.func(request, *match.args, **match.kwargs)
        return response

    return middleware
