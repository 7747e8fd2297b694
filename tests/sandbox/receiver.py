"""A small web server that takes the sandbox's webhooks, for the stories about them."""

from __future__ import annotations

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from sandbox.signing import signature

TOKEN = "a-verifier-token"  # noqa: S105 - it opens nothing but these stories


class Receiver(ThreadingHTTPServer):
    """Keeps what was posted. ``statuses`` are the next answers; after them comes 200. ``late``: seconds of waiting."""

    daemon_threads = True

    def __init__(self, *, is_signed: bool = True) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.posts: list[tuple[dict[str, str], bytes]] = []
        self.statuses: list[int] = []
        self.late = 0.0
        self.is_signed = is_signed
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/hook/?from=sandbox"

    @property
    def events(self) -> list[dict[str, Any]]:
        """All CloudEvents, in the order they came."""
        return [event for _, body in self.posts for event in json.loads(body)]

    @property
    def told(self) -> list[tuple[str, str]]:
        """What happened to which Id: ``("customer.created", "1")``."""
        return [(one["type"][4:-3], one["intuitentityid"]) for one in self.events]


class Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:  # noqa: N802 - the base class asks for this name
        body = self.rfile.read(int(self.headers["Content-Length"]))
        headers = {name.lower(): value for name, value in self.headers.items()}
        assert headers.get("intuit-signature") == (signature(body, TOKEN) if self.server.is_signed else None)
        self.server.posts.append((headers, body))
        time.sleep(self.server.late)
        self.send_response(self.server.statuses.pop(0) if self.server.statuses else 200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *words: object) -> None:
        """Nothing on the terminal."""
