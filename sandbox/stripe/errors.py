"""What Stripe says when it refuses: ``error.type``, ``code``, ``param`` and ``message`` in their envelope."""

from __future__ import annotations

import json
from typing import Any

INVALID, IDEMPOTENCY, API, CARD = "invalid_request_error", "idempotency_error", "api_error", "card_error"


class Refused(Exception):
    """A refusal. ``kept`` says whether an idempotency key remembers it: not when nothing was begun."""

    def __init__(
        self,
        message: str,
        param: str | None = None,
        code: str | None = None,
        *,
        status: int = 400,
        kind: str = INVALID,
        kept: bool = True,
        headers: dict[str, str] | None = None,
        **more: Any,
    ) -> None:
        self.status, self.kept, self.headers = status, kept, headers or {}
        self.error: dict[str, Any] = {"message": message, "type": kind}
        if param:
            self.error["param"] = param
        if code:
            self.error["code"] = code
            self.error["doc_url"] = f"https://stripe.com/docs/error-codes/{code.replace('_', '-')}"
        self.error |= more
        super().__init__(message)

    def json(self, request_id: str) -> str:
        """The whole answer."""
        log = f"https://dashboard.stripe.com/test/logs/{request_id}"
        return json.dumps({"error": {**self.error, "request_log_url": log}}, indent=2)


def unfit(message: str, param: str, code: str | None = None) -> Refused:
    """A parameter that fails before anything is begun; its idempotency key stays free."""
    return Refused(message, param, code, kept=False)


def missing(param: str) -> Refused:
    """A parameter that must be there."""
    return unfit(f"Missing required param: {param}.", param, "parameter_missing")


def no_such(kind: str, pk: str, param: str = "id") -> Refused:
    """An id that points nowhere: 404 when it is the address, 400 when it is a parameter."""
    return Refused(f"No such {kind}: '{pk}'", param, "resource_missing", status=404 if param == "id" else 400)


def beyond_us(what: str) -> Refused:
    """Stripe would do this; the sandbox does not, and says so instead of pretending."""
    return Refused(f"The sandbox does not play this part of Stripe: {what}.", status=501, kind=API, kept=False)


def no_such_page(method: str, path: str) -> Refused:
    """An address that the API does not have."""
    return Refused(
        f"Unrecognized request URL ({method}: {path}). If you are trying to list objects, remove the trailing slash. "
        "If you are trying to retrieve an object, make sure you passed a valid (non-empty) identifier in your code. "
        "Please see https://stripe.com/docs or we can help at https://support.stripe.com/.",
        status=404,
        kept=False,
    )


def bad_key(key: str) -> Refused:
    """No key, or one that opens nothing."""
    if not key:
        return Refused(
            "You did not provide an API key. You need to provide your API key in the Authorization header, using "
            "Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY'). See "
            "https://stripe.com/docs/api#authentication for details, or we can help at https://support.stripe.com/.",
            status=401,
            kept=False,
            headers={"WWW-Authenticate": 'Bearer realm="Stripe"'},
        )
    hidden = key[:8] + "*" * max(len(key) - 12, 4) + key[-4:]
    return Refused(f"Invalid API Key provided: {hidden}", status=401, kept=False)


def publishable_key() -> Refused:
    """A key for browsers, which may not do this."""
    return Refused(
        "This API call cannot be made with a publishable API key. Please use a secret API key. You can find a list of "
        "your API keys at https://dashboard.stripe.com/account/apikeys.",
        code="secret_key_required",
        status=403,
        kept=False,
    )


def too_many_requests() -> Refused:
    """Throttled."""
    return Refused(
        "Request rate limit exceeded. Learn more about rate limits here https://stripe.com/docs/rate-limits.",
        code="rate_limit",
        status=429,
        kept=False,
        headers={"Stripe-Rate-Limited-Reason": "global-rate"},
    )
