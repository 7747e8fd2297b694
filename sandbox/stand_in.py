"""The whole sandbox as one object: companies, sign-in, limits, trouble, a log, and the server in front of them."""

from __future__ import annotations

import sys
import time
import traceback
import uuid
from collections import deque
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol

from . import control
from .delivery import VERIFIER_TOKEN, Webhooks
from .faults import Faults, Trouble, answer_instead, refusal_headers, strike
from .http import Request, Response
from .quickbooks import api
from .quickbooks.company import Company
from .quickbooks.errors import Fault
from .quickbooks.limits import Limits
from .quickbooks.notices import Notice
from .quickbooks.oauth import OAuth
from .quickbooks.seed import Size, companies
from .quickbooks.tokens import ACCESS_LASTS, HARD_LASTS, REFRESH_LASTS, Lifetimes, TokenBook
from .server import Server
from .state import StateFile

CLIENT_ID, CLIENT_SECRET = "sandbox-client", "sandbox-secret"  # noqa: S105 - these open nothing but the sandbox
SCOPE = "com.intuit.quickbooks.accounting"


@dataclass(frozen=True)
class LogEntry:
    """One request to the API or the sign-in, and what became of it. Status 0: cut off without an answer."""

    method: str
    path: str
    query: dict[str, str]
    form: dict[str, str]
    body: str
    status: int
    realm: str
    intuit_tid: str
    trouble: str = ""
    at: float = field(default_factory=time.time)


class StandIn(Protocol):
    """A stand-in of another vendor."""

    def start(self) -> object: ...

    def stop(self) -> None: ...

    def answer(self, request: Request) -> Response | None: ...


class Sandbox:
    """A QuickBooks Online stand-in on loopback.

    ``port=0`` takes any free port. ``seed`` is none (companies without customers), small, or a ``Size`` for a
    benchmark. Limits are off here unless given; ``python -m sandbox`` has the real ones. ``webhook_url`` is told of
    every change in the books, signed with ``verifier_token``; see ``webhooks`` for what may go wrong on the way. With
    ``only_connected`` it hears, as in real life, only of companies that an app is connected to.
    """

    def __init__(
        self,
        port: int = 0,
        *,
        seed: str | Size = "none",
        state: str | Path | None = None,
        client_id: str = CLIENT_ID,
        client_secret: str = CLIENT_SECRET,
        strict_rotation: bool = False,
        rate_per_minute: int | None = None,
        rate_per_second: int | None = None,
        batches_per_minute: int | None = None,
        webhook_url: str | None = None,
        only_connected: bool = False,
        verifier_token: str = VERIFIER_TOKEN,
    ) -> None:
        self.client_id = client_id
        self.client_secret = client_secret
        self.faults = Faults()
        self.requests: deque[LogEntry] = deque(maxlen=5000)
        self.webhooks = Webhooks(webhook_url, verifier_token)
        self.only_connected = only_connected
        self.limits = Limits(rate_per_minute, rate_per_second, batches_per_minute)
        self.mounted: dict[str, StandIn] = {}
        self.server = Server(port, self.answer)
        self.state = StateFile(state) if state else None
        keep = (lambda grants: self.state.keep("grants", grants)) if self.state else None  # type: ignore[union-attr]
        self.tokens = TokenBook(strict_rotation, keep)
        self.companies = companies(seed, self.state)
        for company in self.companies.values():
            company.store.on_change = self._tell
        if self.state:
            self.tokens.load(self.state.kept("grants") or [])
        self.oauth = OAuth(self.tokens, client_id, client_secret, list(self.companies.values()))

    # -- life --

    def start(self) -> Sandbox:
        """Begin to answer."""
        self.server.start()
        self.webhooks.start()
        for other in self.mounted.values():
            other.start()
        return self

    def stop(self) -> None:
        """Stop, hang up, close the file."""
        self.server.stop()
        self.webhooks.stop()
        for other in self.mounted.values():
            other.stop()
        if self.state:
            self.state.close()

    def __enter__(self) -> Sandbox:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.stop()

    # -- addresses --

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server.port}"

    @property
    def discovery_url(self) -> str:
        """What goes into ``AuthClient(environment=...)``."""
        return f"{self.url}/.well-known/openid_configuration"

    @property
    def api_url(self) -> str:
        """What goes into ``QuickBooks.api_url_v3``."""
        return f"{self.url}/v3"

    # -- what tests do --

    def company(self, which: str) -> Company:
        """A company by its country ("us", "uk") or realm id."""
        for key, company in self.companies.items():
            if which in (key, company.realm_id):
                return company
        raise KeyError(which)

    def issue_tokens(
        self,
        realm_id: str,
        access_lasts: float = ACCESS_LASTS,
        refresh_lasts: float = REFRESH_LASTS,
        hard_lasts: float = HARD_LASTS,
    ) -> dict[str, Any]:
        """A pair of tokens, without the browser's dance. Lifetimes in seconds.

        The first two are those of this pair, later ones last as usual; nothing of it outlives ``hard_lasts``.
        """
        lifetimes = Lifetimes(access_lasts, refresh_lasts, hard_lasts)
        return self.tokens.issue(self.company(realm_id).realm_id, self.client_id, SCOPE, lifetimes)

    def expire_access_tokens(self) -> None:
        """Make every access token too old."""
        self.tokens.expire_access_tokens()

    def revoke_all(self, realm_id: str) -> None:
        """Disconnect all apps from a company, from inside QuickBooks."""
        self.tokens.revoke_realm(realm_id)

    def clear_log(self) -> None:
        """Forget the requests so far."""
        self.requests.clear()

    def _tell(self, notices: list[Notice]) -> None:
        """A change of a company's books is done."""
        if notices and (not self.only_connected or self.tokens.is_connected(notices[0].realm_id)):
            self.webhooks.accept(notices)

    # -- answering --

    def answer(self, request: Request) -> Response | None:
        """The way of every request; None cuts the connection."""
        for prefix, other in self.mounted.items():
            if request.path == prefix or request.path.startswith(f"{prefix}/"):
                return other.answer(replace(request, path=request.path.removeprefix(prefix)))
        request.tid = f"1-{int(time.time()):x}-{uuid.uuid4().hex[:24]}"
        if not self._is_wire(request):
            return self._guarded(request)
        response, trouble = strike(self.faults, request, self._guarded, answer_instead)
        if response:
            response.headers["intuit_tid"] = request.tid
        self._log(request, response, trouble)
        return response

    def mount(self, prefix: str, other: StandIn) -> None:
        """Let another stand-in answer every path under ``/prefix``, which it does not see; both start and stop as one.

        Only before ``start``.
        """
        self.mounted[prefix] = other

    def _is_wire(self, request: Request) -> bool:
        return request.path.startswith(("/v3/", "/oauth2/", "/v2/", "/v1/", "/op/"))

    def _guarded(self, request: Request) -> Response:
        """A mistake of the sandbox itself is a system fault to the caller and a traceback on the terminal."""
        try:
            return self._routed(request)
        except Exception:
            traceback.print_exc(file=sys.stderr)
            return Response(500, Fault(10000).json(), "application/json")

    def _routed(self, request: Request) -> Response:
        if request.path.startswith("/v3/company/"):
            return self._api(request)
        return (
            self.oauth.answer(request, self.url)
            or control.answer(self, request)
            or Response(404, "There is nothing here.", "text/plain; charset=utf-8")
        )

    def _api(self, request: Request) -> Response:
        _, _, _, realm_id, *tail = request.path.split("/")
        request.realm = realm_id
        try:
            self._let_in(request, realm_id)
            self.limits.count(realm_id, is_batch=tail[:1] == ["batch"])
        except Fault as refused:
            return Response(refused.status, refused.json(), "application/json", refusal_headers(refused))
        return api.answer(self.company(realm_id), request, "/".join(tail))

    def _let_in(self, request: Request, realm_id: str) -> None:
        """A living token of this very company."""
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        grant = self.tokens.grant_of(token)
        if grant is None:
            raise Fault(3200, f"Token expired: {token[:12]}")
        if grant.realm_id != realm_id:
            raise Fault(3100)

    def _log(self, request: Request, response: Response | None, trouble: Trouble | None) -> None:
        self.requests.append(
            LogEntry(
                request.method,
                request.path,
                request.query,
                request.form,
                request.body.decode("utf-8", "replace"),
                response.status if response else 0,
                request.realm or (request.path.split("/") + [""] * 4)[3] * request.path.startswith("/v3/company/"),
                request.tid,
                trouble.kind if trouble else "",
            )
        )
