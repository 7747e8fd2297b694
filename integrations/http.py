"""One way to talk HTTP to a vendor: always with timeouts, an end in sight, and errors translated."""

import time
from typing import Any

import requests
from requests.auth import AuthBase
from urllib3.exceptions import HTTPError

from integrations.errors import Rejected, Transient

CONNECT_SECONDS = 5.0
READ_SECONDS = 60.0
_PIECE = 1 << 16
# A page of 1,000 large invoices is a few megabytes.
LARGEST_ANSWER = 256 << 20


class Bearer(AuthBase):
    """Puts the token on a request as it leaves, so that it stands in no header table and no .netrc replaces it."""

    def __init__(self, token: str) -> None:
        self.token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self.token}"
        return request

    def __repr__(self) -> str:
        return "Bearer(***)"


def send(session: requests.Session, method: str, url: str, *, deadline: float, **options: Any) -> requests.Response:
    """The whole answer by ``deadline`` (of time.monotonic), or Transient. A redirect is an answer, never followed."""
    left = deadline - time.monotonic()
    if left <= 0:
        raise took_too_long()
    timeout = (min(CONNECT_SECONDS, left), min(READ_SECONDS, left))
    try:
        # The base class by name: a session that overrides request() sends through here itself.
        response = requests.Session.request(
            session, method, url, timeout=timeout, allow_redirects=False, stream=True, **options
        )
        try:
            _read_whole(response, deadline)
        finally:
            response.close()
    except requests.Timeout:
        raise took_too_long() from None
    except (requests.RequestException, HTTPError, OSError) as error:
        # Only the kind of the error: its text repeats addresses and sometimes headers.
        raise Transient(code="connection", detail=type(error).__name__) from None
    return response


def took_too_long() -> Transient:
    return Transient(
        "QuickBooks took too long to answer. Nothing was lost; it is tried again by itself.", code="timeout"
    )


def _read_whole(response: requests.Response, deadline: float) -> None:
    """Read the body piece by piece: a read timeout alone would let a dripping answer last for hours."""
    pieces, size = [], 0
    while piece := response.raw.read1(_PIECE, decode_content=True):
        pieces.append(piece)
        size += len(piece)
        if time.monotonic() > deadline:
            raise took_too_long()
        if size > LARGEST_ANSWER:
            raise Rejected("QuickBooks sent an answer too large to be read.", code="size", status=response.status_code)
    # What requests itself does when .content is asked for.
    response._content = b"".join(pieces)
    response._content_consumed = True  # type: ignore[attr-defined]
