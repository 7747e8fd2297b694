"""The door of every page that a customer opens without logging in: the secret in the address lets one in.

Void, deleted, replaced and unknown are one and the same page, byte for byte: nobody learns from it what there was.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from crm.limiter import too_often

GUESSES = 20  # a minute, of addresses that lead nowhere
View = Callable[..., HttpResponse]


def behind(find: Callable[[str], Any]) -> Callable[[View], View]:
    """Give a view what a living link is of. Nobody keeps the answer, lists it, or learns its address from it."""

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, token: str) -> HttpResponse:
            found = find(token)
            return unlisted(nothing(request) if found is None else view(request, token, found))

        return guarded

    return decorate


def unlisted(response: HttpResponse) -> HttpResponse:
    response["X-Robots-Tag"] = "noindex, nofollow"
    response["Referrer-Policy"] = "no-referrer"
    response["Cache-Control"] = "no-store"
    return response


def nothing(request: HttpRequest) -> HttpResponse:
    """Whoever tries many addresses is slowed down; who has a living one never is."""
    if too_often(request, "public_page", most=GUESSES):
        return render(request, "public/slow.html", status=429)
    return render(request, "public/nothing.html", status=404)
