"""Crezco's kinds of trouble to order."""

from __future__ import annotations

from ..faults import HTML_ERROR, Faults, Trouble
from ..http import Response
from .errors import Refused

KINDS = ("401", "429", "500", "502", "503", "504", "slow", "cut_before", "cut_after", "garbage")
PAGES = {"502": "502 Bad Gateway", "503": "503 Service Unavailable", "504": "504 Gateway Time-out"}
WORDS = {
    "401": "The API key is missing or not valid.",
    "429": "Too many requests. Try again later.",
    "500": "Something went wrong.",
}


class CrezcoFaults(Faults):
    """401, 429, 500, 502, 503, 504, slow, cut_before, cut_after and garbage."""

    def checked(self, kind: str) -> str:
        """ValueError for any other."""
        if kind not in KINDS:
            raise ValueError(f"There is no trouble of the kind {kind!r}.")
        return kind


def answer_instead(trouble: Trouble) -> Response | None:
    """The answer that stands in for the real one; None for trouble that is not an answer."""
    if trouble.kind in PAGES:
        return Response(int(trouble.kind), HTML_ERROR.format(PAGES[trouble.kind]), "text/html")
    return answer_of(Refused(WORDS[trouble.kind], int(trouble.kind))) if trouble.kind in WORDS else None


def answer_of(refused: Refused) -> Response:
    """A refusal as an answer."""
    return Response(refused.status, refused.json(), "application/problem+json")
