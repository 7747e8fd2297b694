"""Twilio's kinds of trouble to order."""

from __future__ import annotations

from ..faults import HTML_ERROR, Faults, Trouble
from ..http import Response
from .errors import Refused, too_many_requests, went_wrong, who_are_you

KINDS = ("401", "429", "500", "500_after", "502", "503", "504", "slow", "cut_before", "cut_after", "garbage")
PAGES = {"502": "502 Bad Gateway", "503": "503 Service Unavailable", "504": "504 Gateway Time-out"}


class TwilioFaults(Faults):
    """401, 429, 500 (nothing done), 500_after (done all the same), 502, 503, 504, slow, cut_before, cut_after (the text
    goes out, and its sender hears nothing) and garbage."""

    def checked(self, kind: str) -> str:
        """ValueError for any other."""
        if kind not in KINDS:
            raise ValueError(f"There is no trouble of the kind {kind!r}.")
        return kind


def answer_instead(trouble: Trouble) -> Response | None:
    """The answer that stands in for the real one; None for trouble that is not an answer."""
    if trouble.kind in PAGES:
        return Response(int(trouble.kind), HTML_ERROR.format(PAGES[trouble.kind]), "text/html")
    refusals = {"401": who_are_you, "429": too_many_requests, "500": went_wrong}
    return answer_of(refusals[trouble.kind]()) if trouble.kind in refusals else None


def answer_of(refused: Refused) -> Response:
    """A refusal as an answer."""
    return Response(refused.status, refused.json(), "application/json", dict(refused.headers))
