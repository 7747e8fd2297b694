"""A running QuickBooks sandbox, and a company connected to it."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from integrations.models import QuickBooksConnection
from integrations.quickbooks.client import QuickBooksClient, client_for
from sandbox import Sandbox
from tests.factories import make_connection


def point_at(sandbox: Sandbox, settings) -> None:
    """What the environment variables of an installation would say."""
    settings.QUICKBOOKS_CLIENT_ID = sandbox.client_id
    settings.QUICKBOOKS_CLIENT_SECRET = sandbox.client_secret
    settings.QUICKBOOKS_ENVIRONMENT = sandbox.discovery_url
    settings.QUICKBOOKS_API_URL = sandbox.api_url
    # The sandbox has no limits of its own here; waiting for turns has tests of its own.
    settings.QUICKBOOKS_REQUESTS_PER_SECOND = 10_000
    settings.QUICKBOOKS_REQUESTS_PER_MINUTE = 600_000
    settings.QUICKBOOKS_RETRY_SCALE = 0.01


@pytest.fixture
def quickbooks(settings) -> Iterator[Sandbox]:
    """A sandbox with two empty companies ("us", "uk"), and settings that point at it."""
    with Sandbox() as sandbox:
        point_at(sandbox, settings)
        yield sandbox


@pytest.fixture
def strict_quickbooks(settings) -> Iterator[Sandbox]:
    """The same, but a refresh token dies the moment it is used."""
    with Sandbox(strict_rotation=True) as sandbox:
        point_at(sandbox, settings)
        yield sandbox


@pytest.fixture
def connection(quickbooks: Sandbox, db) -> QuickBooksConnection:
    """The US company, connected an hour's token long."""
    return make_connection(quickbooks)


@pytest.fixture
def client_of(connection: QuickBooksConnection) -> Iterator[QuickBooksClient]:
    client = client_for(connection)
    yield client
    client.close()


class _Odd(BaseHTTPRequestHandler):
    """Answers that no sandbox gives: one byte at a time, a proxy's refusal, odd characters."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path.startswith("/forbidden"):
            return self._answer(403, b"<html>Forbidden by the proxy</html>")
        if self.path.startswith("/odd"):
            record = rb'{"DisplayName": "a\u0000b\ud800 \ud83d\ude00", "Note": "\\u0000", "Big": 1' + b"0" * 30 + b"}"
            return self._answer(200, b'{"QueryResponse": {"Customer": [' + record + b"]}}")
        if self.path.startswith("/discovery"):
            base = f"http://127.0.0.1:{self.server.server_address[1]}/tokens"
            ends = ("authorization_endpoint", "token_endpoint", "revocation_endpoint")
            return self._answer(200, json.dumps(dict.fromkeys(ends, base)).encode())
        if self.path.startswith("/tokens"):
            pair = {"access_token": "access", "refresh_token": "refresh", "expires_in": 3600, "id_token": "a.b.c"}
            if self.headers.get("x-include-refresh-token-hard-expires-in") == "true":
                pair["x_refresh_token_hard_expires_in"] = 864_000
            return self._answer(200, json.dumps(pair).encode())
        self.send_response(200)
        self.send_header("Content-Length", "1000")
        self.end_headers()
        with suppress(OSError):
            for _ in range(100):
                self.wfile.write(b" ")
                time.sleep(0.05)
        self.close_connection = True
        return None

    do_GET = do_POST

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def odd_server() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Odd)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
