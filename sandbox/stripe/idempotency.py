"""Idempotency keys: the first answer is the answer, for the same question."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

from ..http import Request, Response
from .book import Book, Obj
from .clock import DAY
from .errors import IDEMPOTENCY, Refused

KEPT = DAY


def key_of(request: Request) -> str:
    """The key of a POST; "" for what needs none."""
    return request.headers.get("idempotency-key", "") if request.method == "POST" else ""


class InFlight:
    """The keys of requests that are being answered."""

    def __init__(self) -> None:
        self._keys: set[str] = set()
        self._lock = Lock()

    @contextmanager
    def holding(self, key: str) -> Iterator[None]:
        """Hold a key; refused with 409 while somebody else does."""
        with self._lock:
            if key in self._keys:
                raise Refused(
                    "There is currently another in-progress request using this Idempotent Key (that probably means you "
                    f"submitted twice, and the other request is still going through): {key}. Please try again later.",
                    code="idempotency_key_in_use",
                    status=409,
                    kind=IDEMPOTENCY,
                    kept=False,
                )
            if key:
                self._keys.add(key)
        try:
            yield
        finally:
            with self._lock:
                self._keys.discard(key)


def known_answer(book: Book, key: str, path: str, given: Obj) -> Response | None:
    """What was answered under this key before. Other parameters or another address are refused."""
    if len(key) > 255:
        raise Refused("Idempotency keys may be up to 255 characters long.", kept=False)
    known = book.answers.get(key)
    if not key or known is None or known["at"] + KEPT < book.clock.now():
        return None
    rest = f"Try using a key other than '{key}' if you meant to execute a different request."
    if known["path"] != path:
        raise Refused(
            "Keys for idempotent requests can only be used for the same endpoint they were first used for "
            f"('{path}' vs '{known['path']}'). {rest}",
            kind=IDEMPOTENCY,
            kept=False,
        )
    if known["given"] != _fingerprint(given):
        raise Refused(
            f"Keys for idempotent requests can only be used with the same parameters they were first used with. {rest}",
            kind=IDEMPOTENCY,
            kept=False,
        )
    headers = {"Idempotent-Replayed": "true", "Original-Request": known["request_id"]}
    return Response(known["status"], known["body"], "application/json", headers)


def remember(book: Book, key: str, path: str, given: Obj, request_id: str, response: Response) -> None:
    """Keep the first answer."""
    if key:
        answer: Obj = {"path": path, "given": _fingerprint(given), "request_id": request_id, "at": book.clock.now()}
        book.remember(key, {**answer, "status": response.status, "body": response.body})


def _fingerprint(given: Obj) -> str:
    return json.dumps(given, sort_keys=True)
