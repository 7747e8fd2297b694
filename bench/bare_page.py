"""The least a page can cost: a view without middleware or database that renders a template of fixed words."""

import os

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path


def page(request: HttpRequest) -> HttpResponse:
    response = render(request, "page.html")
    response["Content-Length"] = str(len(response.content))
    return response


urlpatterns = [path(os.environ.get("BENCH_PATH", "page/"), page)]
