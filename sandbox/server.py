"""Loopback HTTP/1.1: keep-alive, a thread for each connection, each answer in one write."""

from __future__ import annotations

import socket
import socketserver
import threading
from collections.abc import Callable
from http.client import responses
from typing import Any
from urllib.parse import urlsplit

from .http import Request, Response

Handle = Callable[[Request], Response | None]  # None: close the connection without an answer
LOOPBACK = {"127.0.0.1", "localhost", "[::1]"}
MOST_BYTES = 20_000_000


class Closing(Exception):
    """The other side is gone, or speaks something else than HTTP."""


class Connection(socketserver.StreamRequestHandler):
    """One client's connection, one request after the other."""

    disable_nagle_algorithm = True
    server: Server

    def handle(self) -> None:
        """Answer until somebody hangs up."""
        try:
            while True:
                request, stays = self._read()
                refusal = refuse_strangers(request)
                response = refusal or self.server.answer(request)
                if response is None:
                    break
                self._write(response, request, stays)
                if not stays:
                    break
        except (Closing, OSError):
            pass

    def _line(self) -> str:
        line = self.rfile.readline(65537)
        if not line or len(line) > 65536:
            raise Closing
        return line.decode("latin-1").rstrip("\r\n")

    def _read(self) -> tuple[Request, bool]:
        words = self._line().split(" ")
        if len(words) != 3 or not words[2].startswith("HTTP/1."):
            raise Closing
        headers = self._headers()
        target = urlsplit(
            words[1] if words[1].startswith("/") else "/" + words[1].partition("://")[2].partition("/")[2]
        )
        request = Request(words[0].upper(), target.path, target.query, headers, self._body(headers))
        last = headers.get("connection", "").lower() == "close" or words[2] == "HTTP/1.0"
        return request, not last

    def _headers(self) -> dict[str, str]:
        headers: dict[str, str] = {}
        while line := self._line():
            name, _, value = line.partition(":")
            headers[name.strip().lower()] = value.strip()
        return headers

    def _body(self, headers: dict[str, str]) -> bytes:
        if "chunked" in headers.get("transfer-encoding", "").lower():
            return self._chunks()
        length = headers.get("content-length", "0")
        if not length.isdigit() or int(length) > MOST_BYTES:
            raise Closing
        if headers.get("expect", "").lower() == "100-continue":
            self.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        return self.rfile.read(int(length)) if length != "0" else b""

    def _chunks(self) -> bytes:
        body = b""
        while True:
            size = int(self._line().partition(";")[0] or "0", 16)
            if len(body) + size > MOST_BYTES:
                raise Closing
            body += self.rfile.read(size)
            self._line()
            if not size:
                return body

    def _write(self, response: Response, request: Request, stays: bool) -> None:
        body = response.body.encode() if isinstance(response.body, str) else response.body
        lines = [
            f"HTTP/1.1 {response.status} {responses.get(response.status, '')}",
            f"Content-Type: {response.content_type}",
            f"Content-Length: {len(body)}",
            f"Connection: {'keep-alive' if stays else 'close'}",
            *(f"{name}: {value}" for name, value in response.headers.items()),
        ]
        head = "\r\n".join(lines).encode("latin-1", "replace") + b"\r\n\r\n"
        self.wfile.write(head if request.method == "HEAD" else head + body)


def refuse_strangers(request: Request) -> Response | None:
    """Only loopback names may be called, and only pages of ours may post: a stranger's web page must not."""
    host = request.headers.get("host", "")
    if host.rpartition(":")[0] not in LOOPBACK and host not in LOOPBACK:
        return Response(403, "This server answers on loopback names only.", "text/plain; charset=utf-8")
    origin = request.headers.get("origin")
    if request.method == "POST" and origin is not None and urlsplit(origin).netloc != host:
        return Response(403, "Posts from other sites are refused.", "text/plain; charset=utf-8")
    return None


class Server(socketserver.ThreadingTCPServer):
    """Listens on loopback until it is stopped."""

    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port: int, answer: Handle) -> None:
        self.answer = answer
        self._open: set[socket.socket] = set()
        self._guard = threading.Lock()
        super().__init__(("127.0.0.1", port), Connection)
        self._thread = threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True)

    @property
    def port(self) -> int:
        """The port it listens on."""
        return int(self.server_address[1])

    def start(self) -> None:
        """Begin to answer, on threads of its own."""
        self._thread.start()

    def stop(self) -> None:
        """Stop listening and hang up on everybody."""
        if self._thread.is_alive():
            self.shutdown()
        self.server_close()
        with self._guard:
            for connection in self._open:
                try:
                    connection.shutdown(socket.SHUT_RDWR)
                except OSError:
                    continue

    def process_request(self, request: Any, client_address: Any) -> None:
        """Note the connection, so that ``stop`` can end it."""
        with self._guard:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """The connection is over."""
        with self._guard:
            self._open.discard(request)
        super().shutdown_request(request)

    def server_close(self) -> None:
        """Close the listening socket; threads are daemons and are not waited for."""
        socketserver.TCPServer.server_close(self)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is no news; anything else is printed by the base class."""
        super().handle_error(request, client_address)
