"""Refusals in Crezco's shape: a title, a status and a detail."""

from __future__ import annotations

import json

TITLES = {
    400: "Bad Request",
    401: "Unauthorized",
    404: "Not Found",
    405: "Method Not Allowed",
    422: "Unprocessable Entity",
    429: "Too Many Requests",
    500: "Internal Server Error",
}


class Refused(Exception):
    """The API says no; nothing was done."""

    def __init__(self, detail: str, status: int = 422) -> None:
        super().__init__(detail)
        self.detail, self.status = detail, status

    def json(self) -> str:
        """The refusal as a body."""
        return json.dumps({"title": TITLES[self.status], "status": self.status, "detail": self.detail})


def no_such(kind: str, pk: str) -> Refused:
    """An id that leads nowhere."""
    return Refused(f"There is no {kind} {pk}.", 404)
