"""A request as it came and an answer as it goes: all that the stand-ins need to know of HTTP."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl


@dataclass
class Request:
    """One request. ``query`` and ``form`` hold the last value of each name."""

    method: str
    path: str
    query_string: str
    headers: dict[str, str]  # names in lower case
    body: bytes
    tid: str = ""
    realm: str = ""  # the company it was about, for the log

    @property
    def query(self) -> dict[str, str]:
        return dict(parse_qsl(self.query_string, keep_blank_values=True))

    @property
    def text(self) -> str:
        """The body as UTF-8; bytes that are none raise UnicodeDecodeError."""
        return self.body.decode("utf-8")

    @property
    def form(self) -> dict[str, str]:
        """The fields of a posted form; empty for any other body."""
        if "application/x-www-form-urlencoded" not in self.headers.get("content-type", ""):
            return {}
        return dict(parse_qsl(self.body.decode("utf-8", "replace"), keep_blank_values=True))


@dataclass
class Response:
    """One answer."""

    status: int = 200
    body: str | bytes = ""
    content_type: str = "application/json;charset=utf-8"
    headers: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, document: Any, status: int = 200, **headers: str) -> Response:
        """A JSON answer."""
        return cls(status, json.dumps(document), headers=headers)

    @classmethod
    def page(cls, html: str, status: int = 200) -> Response:
        """A page for a person."""
        return cls(status, html, "text/html; charset=utf-8")

    @classmethod
    def redirect(cls, url: str) -> Response:
        """See other."""
        return cls(303, "", "text/plain; charset=utf-8", {"Location": url})
