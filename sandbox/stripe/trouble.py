"""Stripe's kinds of trouble to order."""

from __future__ import annotations

from ..faults import HTML_ERROR, Faults, Trouble
from ..http import Response
from . import names
from .errors import API, Refused, bad_key, too_many_requests

KINDS = ("401", "429", "500", "500_after", "502", "503", "504", "slow", "cut_before", "cut_after", "garbage")
PAGES = {"502": "502 Bad Gateway", "503": "503 Service Unavailable", "504": "504 Gateway Time-out"}
KEPT = ("500", "500_after")  # answers that an idempotency key remembers like any other


class StripeFaults(Faults):
    """401, 429, 500 (nothing done), 500_after (done all the same), 502, 503, 504, slow, cut_before, cut_after and
    garbage."""

    def checked(self, kind: str) -> str:
        """ValueError for any other."""
        if kind not in KINDS:
            raise ValueError(f"There is no trouble of the kind {kind!r}.")
        return kind


def answer_instead(trouble: Trouble) -> Response | None:
    """The answer that stands in for the real one; None for trouble that is not an answer."""
    if trouble.kind in PAGES:
        return Response(int(trouble.kind), HTML_ERROR.format(PAGES[trouble.kind]), "text/html")
    if trouble.kind == "500":
        return went_wrong()
    refusal = {"401": bad_key("sk_test_expired_key"), "429": too_many_requests()}.get(trouble.kind)
    return answer_of(refusal) if refusal else None


def went_wrong() -> Response:
    """500, which an idempotency key would only repeat: the library is told not to try."""
    words = "An unknown error occurred while processing your request. Please try again."
    return answer_of(Refused(words, kind=API, status=500, headers={"Stripe-Should-Retry": "false"}))


def answer_of(refused: Refused, request_id: str = "") -> Response:
    """A refusal as an answer."""
    body = refused.json(request_id or names.new("req"))
    return Response(refused.status, body, "application/json", dict(refused.headers))
