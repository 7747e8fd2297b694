"""The real Twilio client pointed at the stand-in, and a small web server that takes its posts."""

from __future__ import annotations

import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl

import pytest
from twilio.base.exceptions import TwilioRestException
from twilio.http.http_client import TwilioHttpClient
from twilio.request_validator import RequestValidator
from twilio.rest import Client

from sandbox import TwilioSandbox
from sandbox.twilio.numbers import OWN

ADA, BEN = "+14155550100", "+447911123456"


class Redirected(TwilioHttpClient):
    """Twilio's own HTTP client, which goes to the stand-in instead."""

    def __init__(self, url: str) -> None:
        super().__init__(timeout=5)
        self.base = url

    def request(self, method: str, url: str, **more: Any) -> Any:  # type: ignore[override]
        return super().request(method, url.replace("https://api.twilio.com", self.base), **more)


def client_of(sandbox: TwilioSandbox) -> Client:
    """The unmodified client of this account."""
    return Client(sandbox.account.sid, sandbox.account.token, http_client=Redirected(sandbox.url))


def send(sandbox: TwilioSandbox, to: str = ADA, body: str = "Your invoice is due.", **more: Any) -> Any:
    """Send a text as an app does."""
    known = {} if "messaging_service_sid" in more else {"from_": OWN}
    return client_of(sandbox).messages.create(to=to, body=body, **{**known, **more})


def refused(ask: Callable[[], Any]) -> tuple[int, int, str]:
    """Status, code and words of a refusal."""
    with pytest.raises(TwilioRestException) as caught:
        ask()
    return caught.value.status, caught.value.code or 0, caught.value.msg


class Inbox(ThreadingHTTPServer):
    """Keeps the forms that were posted to it, each with a signature that the real validator has accepted."""

    daemon_threads = True

    def __init__(self, token: str) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.token = token
        self.forms: list[dict[str, str]] = []
        self.forged: list[str] = []
        self.headers: list[dict[str, str]] = []
        self.status = 200
        self.has_come = threading.Condition()
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    @property
    def states(self) -> list[str]:
        """The states that were told, in the order they came."""
        return [one["MessageStatus"] for one in self.forms if "MessageStatus" in one]

    def wait_for(self, is_true: Callable[[], bool]) -> bool:
        """Wait until the forms that have come make something true."""
        with self.has_come:
            return self.has_come.wait_for(is_true, 10)


class Handler(BaseHTTPRequestHandler):
    server: Inbox

    def do_POST(self) -> None:  # noqa: N802 - the base class asks for this name
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        form = dict(parse_qsl(body, keep_blank_values=True))
        signature = self.headers["X-Twilio-Signature"]
        if not RequestValidator(self.server.token).validate(self.server.url + self.path, form, signature):
            self.server.forged.append(self.path)
        with self.server.has_come:
            self.server.headers.append({name.lower(): value for name, value in self.headers.items()})
            self.server.forms.append(form)
            self.server.has_come.notify_all()
        self.send_response(self.server.status)
        self.send_header("Content-Type", "text/xml")
        self.end_headers()
        self.wfile.write(b"<Response/>")

    def log_message(self, *words: object) -> None:
        """Nothing on the terminal."""
