"""Crezco's API over requests, always with a time limit; what goes wrong is sorted by what we do next.

Where its guides leave the shape of an answer open, either is taken; ``mapping`` reads them.
"""

import time
from decimal import Decimal
from typing import Any
from urllib.parse import quote

import requests
from django.conf import settings
from requests.auth import AuthBase

from integrations.errors import Rejected, Transient
from integrations.http import send

VENDOR = "Crezco"
AWAY = "Crezco gives no usable answer just now. It is tried again by itself."
SECONDS = 20.0
TRIES = 2  # whatever is asked may be asked again: reads, and what carries an idempotencyId
LATER = frozenset({408, 425, 429})


class Key(AuthBase):
    """Puts the key on a request as it leaves, so that it stands in no header table and no .netrc adds to it."""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["X-Crezco-Key"] = settings.CREZCO_API_KEY
        return request


def create_demand(request: dict[str, Any], *, idempotency_id: str) -> Any:
    """A new pay demand: all of it, or its id alone. The same ``idempotency_id`` gives the first one."""
    # Reference: https://crezco-collect.readme.io/reference/adduserpaydemanddetailasync
    body = {"request": request, "idempotencyId": idempotency_id}
    return _ask("POST", f"users/{_user()}/pay-demands", json=body)


def demand(pk: str) -> Any:
    """A pay demand; None where Crezco knows none of this id. The guides name no address: there are two."""
    found = _find(f"users/{_user()}/pay-demands/{quote(pk, safe='')}")
    return _find(f"pay-demands/{quote(pk, safe='')}") if found is None else found


def payments(pk: str) -> Any:
    """The payments of a demand; None where they are not listed."""
    return _find(f"pay-demands/{quote(pk, safe='')}/payments")


def link_to_pay(pk: str, *, back: str) -> Any:
    """A link to a demand's page that comes back to ours, paid or not."""
    # Reference: https://crezco-collect.readme.io/reference/createpaymentasync
    query = {"initialScreen": "BankSelection", "finalScreen": "PaymentStatus"}
    query |= {"successCallbackUri": back, "failureCallbackUri": back}
    return _ask("POST", f"users/{_user()}/pay-demands/{quote(pk, safe='')}/payment", params=query)


def webhooks() -> Any:
    """Who is told of payments."""
    # Reference: https://crezco-collect.readme.io/reference/web-hooks-guide
    return _ask("GET", "webhooks")


def register_webhook(callback: str) -> Any:
    """Have an address told of every payment."""
    return _ask("POST", "webhooks", json={"type": "Payment", "eventType": "PaymentAll", "callback": callback})


def _user() -> str:
    return quote(settings.CREZCO_USER_ID, safe="")


def _find(path: str) -> Any:
    try:
        return _ask("GET", path)
    except Rejected as error:
        if error.status == 404:
            return None
        raise


def _ask(method: str, path: str, **options: Any) -> Any:
    deadline = time.monotonic() + SECONDS
    url = f"{settings.CREZCO_API_URL.rstrip('/')}/v1/{path}"
    for tries_left in reversed(range(TRIES)):
        try:
            with requests.Session() as session:
                answer = send(session, method, url, deadline=deadline, auth=Key(), **options)
            return _read(answer)
        except Transient as error:
            if not tries_left or error.status in LATER or time.monotonic() > deadline:
                raise Transient(
                    AWAY, code=error.code, detail=error.detail, status=error.status, vendor=VENDOR
                ) from None
    raise AssertionError("the last try answers or raises")


def _read(answer: requests.Response) -> Any:
    status = answer.status_code
    if status in LATER or status >= 500:
        raise Transient(AWAY, status=status, vendor=VENDOR)
    if status in {401, 403}:
        raise Rejected("Crezco does not accept CREZCO_API_KEY.", detail=_words(answer), status=status, vendor=VENDOR)
    if not 200 <= status < 300:
        raise Rejected("Crezco refused this.", detail=_words(answer), status=status, vendor=VENDOR)
    try:
        return answer.json(parse_float=Decimal) if answer.content else None
    except (ValueError, RecursionError):
        raise Transient(AWAY, code="garbage", status=status, vendor=VENDOR) from None


def _words(answer: requests.Response) -> str:
    try:
        told = answer.json()
    except (ValueError, RecursionError):
        return ""
    names = ("detail", "Detail", "title")
    return next((str(told[name]) for name in names if told.get(name)), "") if isinstance(told, dict) else ""
