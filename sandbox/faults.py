"""Trouble to order: the next answers fail, come late, are cut off or arrive garbled."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock

from .http import Request, Response
from .quickbooks.errors import KINDS, Fault

WORDS = ("slow", "cut_before", "cut_after", "garbage", "xml_429")
STATUSES = (401, 403, 429, 500, 502, 503, 504)
HTML_ERROR = "<html><head><title>{0}</title></head><body><h1>{0}</h1><p>nginx</p></body></html>"
XML_429 = (
    '<?xml version="1.0" encoding="UTF-8" standalone="yes"?><IntuitResponse time="2026-01-01T00:00:00.000-08:00" '
    'xmlns="http://schema.intuit.com/finance/v3"><Fault type="SERVICE"><Error code="3001"><Message>'
    "message=ThrottleExceeded; errorCode=003001; statusCode=429</Message><Detail>The request limit was reached.  "
    "Try again later</Detail></Error></Fault></IntuitResponse>"
)


def fault(code: int) -> str:
    """The kind of trouble that is a QuickBooks fault, by its code: ``faults.add(kind=fault(6190))``."""
    return f"fault({code})"


@dataclass
class Trouble:
    """One kind of trouble, and how often it still strikes."""

    kind: str
    times: int
    match: str = ""
    seconds: float = 5.0

    def fits(self, request: Request) -> bool:
        """Whether it strikes this request: ``match`` is looked for in method, address and body."""
        seen = f"{request.method} {request.path}?{request.query_string}\n{request.body.decode('utf-8', 'replace')}"
        return self.match.lower() in seen.lower()


class Faults:
    """The trouble that waits. It strikes the API and the token endpoint, never the control page."""

    def __init__(self) -> None:
        self.lock = Lock()
        self.waiting: list[Trouble] = []
        self.latency = 0.0  # seconds added to every answer

    def add(self, kind: int | str, times: int = 1, match: str = "", seconds: float = 5.0) -> None:
        """Order trouble.

        ``kind`` is an HTTP status (401, 403, 429, 500, 502, 503, 504), ``fault(code)`` or the bare code, or one of
        slow (``seconds`` of waiting), cut_before (connection closed, nothing done), cut_after (done, but closed
        before the answer), garbage (truncated JSON), xml_429.
        """
        kind = self.checked(str(kind))
        with self.lock:
            self.waiting.append(Trouble(kind, times, match, seconds))

    def checked(self, kind: str) -> str:
        """The kind in one spelling; ValueError when there is none of that name."""
        if kind.isdigit() and int(kind) in KINDS and int(kind) not in STATUSES:
            kind = fault(int(kind))
        is_status = kind.isdigit() and int(kind) in STATUSES
        if kind not in WORDS and not is_status and not re.match(r"fault\(\d+\)$", kind):
            raise ValueError(f"There is no trouble of the kind {kind!r}.")
        return kind

    def clear(self) -> None:
        """Call everything off, standing latency too."""
        with self.lock:
            self.waiting.clear()
            self.latency = 0.0

    def next_for(self, request: Request) -> Trouble | None:
        """The first trouble that fits; one strike of it is used up."""
        with self.lock:
            for trouble in self.waiting:
                if trouble.fits(request):
                    trouble.times -= 1
                    if trouble.times <= 0:
                        self.waiting.remove(trouble)
                    return trouble
        return None


def strike(
    faults: Faults,
    request: Request,
    work: Callable[[Request], Response],
    instead: Callable[[Trouble], Response | None],
) -> tuple[Response | None, Trouble | None]:
    """Answer a request with the trouble that waits for it: None cuts the connection. ``instead`` may know an answer
    that stands in for the real one."""
    trouble = faults.next_for(request)
    time.sleep(faults.latency + (trouble.seconds if trouble and trouble.kind == "slow" else 0))
    if trouble is None:
        return work(request), None
    if trouble.kind == "cut_before":
        return None, trouble
    response = instead(trouble) or work(request)
    if trouble.kind == "cut_after":
        return None, trouble
    if trouble.kind == "garbage":
        response.body = response.body[: len(response.body) // 2]
    return response, trouble


def answer_instead(trouble: Trouble) -> Response | None:
    """The answer that stands in for the real one; None for trouble that is not an answer."""
    if trouble.kind == "xml_429":
        return Response(429, XML_429, "application/xml;charset=UTF-8")
    if trouble.kind in ("502", "503", "504"):
        words = {"502": "502 Bad Gateway", "503": "503 Service Unavailable", "504": "504 Gateway Time-out"}
        return Response(int(trouble.kind), HTML_ERROR.format(words[trouble.kind]), "text/html")
    codes = {"401": 3200, "403": 3100, "429": 3001, "500": 10000}
    code = re.sub(r"\D", "", trouble.kind)
    if not code:
        return None
    refused = Fault(codes.get(trouble.kind, int(code)))
    return Response(refused.status, refused.json(), "application/json", refusal_headers(refused))


def refusal_headers(refused: Fault) -> dict[str, str]:
    """A failed sign-in says so in a header as well."""
    return {"WWW-Authenticate": 'Bearer realm="Intuit", error="invalid_token"'} if refused.code == 3200 else {}
