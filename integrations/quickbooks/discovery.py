"""Where Intuit's login lives: the discovery document, fetched once a day and kept in the cache."""

import json
import time
from typing import Any
from urllib.parse import urlsplit

import requests
from django.conf import settings
from django.core.cache import cache
from intuitlib.config import DISCOVERY_URL

from integrations.errors import IntegrationError, Rejected, Transient
from integrations.http import send

KEEP_SECONDS = 24 * 60 * 60
AVOID_SECONDS = 30
ENDPOINTS = ("authorization_endpoint", "token_endpoint", "revocation_endpoint")
AUTHORIZATION_ORIGIN = "https://appcenter.intuit.com"
# Intuit's authorization page sends those who are not signed in on to this host.
SIGN_IN_ORIGIN = "https://accounts.intuit.com"


def address() -> str:
    environment = settings.QUICKBOOKS_ENVIRONMENT
    return str(DISCOVERY_URL.get(environment, environment))


def document(*, seconds: float = 15.0) -> dict[str, str]:
    """The document from the cache, else from Intuit. Raises Transient or Rejected."""
    known = cache.get(_key())
    if known is not None:
        return dict(known)
    fetched = _fetch(seconds)
    cache.set(_key(), fetched, KEEP_SECONDS)
    return fetched


def forget() -> None:
    """After an endpoint failed: it may have moved, so the next caller asks again."""
    cache.delete(_key())


def form_action_origins() -> list[str]:
    """The origins a form may lead to when it starts the sign-in, for the Content-Security-Policy.

    A page must come up when Intuit is down: at most two seconds are spent on asking, and half a minute none.
    """
    if settings.QUICKBOOKS_ENVIRONMENT in DISCOVERY_URL:
        found = (cache.get(_key()) or {}).get("authorization_endpoint", AUTHORIZATION_ORIGIN)
    else:
        found = _quick_authorization_endpoint() or address()
    origin = origin_of(found)
    return [origin, SIGN_IN_ORIGIN] if origin == AUTHORIZATION_ORIGIN else [origin]


def origin_of(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _quick_authorization_endpoint() -> str:
    avoid = f"{_key()}:avoid"
    if cache.get(avoid):
        return ""
    try:
        return document(seconds=2.0)["authorization_endpoint"]
    except IntegrationError:
        cache.set(avoid, True, AVOID_SECONDS)
        return ""


def _key() -> str:
    return f"quickbooks-discovery:{address()}"


def _fetch(seconds: float) -> dict[str, str]:
    with requests.Session() as session:
        response = send(session, "GET", address(), deadline=time.monotonic() + seconds)
    try:
        found: Any = json.loads(response.content)
        endpoints = {name: str(found[name]) for name in ENDPOINTS}
    except (ValueError, KeyError, TypeError):
        raise Transient(
            "Intuit's sign-in cannot be reached just now. Try again in a few minutes.", status=response.status_code
        ) from None
    for url in endpoints.values():
        _check(url)
    return endpoints


def _check(url: str) -> None:
    """Secrets are sent there: over https, or to this very machine."""
    parts = urlsplit(url)
    if parts.scheme != "https" and parts.hostname not in {"127.0.0.1", "localhost", "::1"}:
        raise Rejected("QUICKBOOKS_ENVIRONMENT names a sign-in without https. It is not used.", code="insecure")
