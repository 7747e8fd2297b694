"""Codes and tokens: who may read which company, and until when.

Rotation as in real life: a refresh hands out a new refresh token; the one before it stays good until the new one has
been used, or a day has gone. With ``strict`` it dies at once.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from threading import RLock
from typing import Any, NamedTuple

CODE_LASTS = 300
ACCESS_LASTS = 3600
REFRESH_LASTS = 8726400
HARD_LASTS = 157680000  # Intuit: five years after the consent no refresh token of it works any more
PREVIOUS_LASTS = 86400

HARD = "x_refresh_token_hard_expires_in"


class Lifetimes(NamedTuple):
    """Seconds that the first tokens of a grant last, and the grant itself."""

    access: float = ACCESS_LASTS
    refresh: float = REFRESH_LASTS
    hard: float = HARD_LASTS


@dataclass
class Code:
    """An authorization code, good once."""

    realm_id: str
    redirect_uri: str
    scope: str
    expires: float


@dataclass
class Grant:
    """One connection of an app to a company, from Connect to Disconnect."""

    realm_id: str
    client_id: str
    scope: str
    refresh_token: str
    refresh_expires: float
    previous: str = ""
    previous_expires: float = 0
    access: dict[str, float] = field(default_factory=dict)  # token -> when it expires
    hard_expires: float = field(default_factory=lambda: time.time() + HARD_LASTS)


class TokenBook:
    """All codes and grants."""

    def __init__(self, strict: bool = False, keep: Callable[[list[dict[str, Any]]], None] | None = None) -> None:
        self.strict = strict
        self.keep = keep
        self.lock = RLock()
        self.codes: dict[str, Code] = {}
        self.grants: list[Grant] = []

    def load(self, grants: list[dict[str, Any]]) -> None:
        """Take back what was kept."""
        self.grants = [Grant(**grant) for grant in grants]

    def _kept(self) -> None:
        if self.keep:
            self.keep([asdict(grant) for grant in self.grants])

    def new_code(self, realm_id: str, redirect_uri: str, scope: str) -> str:
        """A code for somebody who pressed Connect."""
        code = secrets.token_urlsafe(24)
        with self.lock:
            self.codes[code] = Code(realm_id, redirect_uri, scope, time.time() + CODE_LASTS)
        return code

    def redeem(self, code: str, redirect_uri: str, client_id: str) -> dict[str, Any] | None:
        """Tokens for a code: once, in time, and to the address it was sent to."""
        with self.lock:
            found = self.codes.pop(code, None)
            if found is None or found.expires < time.time() or found.redirect_uri != redirect_uri:
                return None
            return self.issue(found.realm_id, client_id, found.scope)

    def issue(
        self,
        realm_id: str,
        client_id: str,
        scope: str,
        lasts: Lifetimes = Lifetimes(),  # noqa: B008 - immutable
    ) -> dict[str, Any]:
        """A fresh grant and its first tokens."""
        now = time.time()
        refresh_expires = now + min(lasts.refresh, lasts.hard)
        with self.lock:
            grant = Grant(realm_id, client_id, scope, _token("RT1"), refresh_expires, hard_expires=now + lasts.hard)
            self.grants.append(grant)
            return self._answer(grant, lasts.access)

    def refresh(self, refresh_token: str, client_id: str) -> dict[str, Any] | None:
        """New tokens for a refresh token, or None when it is no good."""
        with self.lock:
            for grant in self.grants:
                if grant.client_id != client_id or grant.refresh_expires < time.time():
                    continue
                if refresh_token == grant.refresh_token:
                    self._rotate(grant)
                    return self._answer(grant)
                if refresh_token == grant.previous and time.time() < grant.previous_expires:
                    return self._answer(grant)
            return None

    def _rotate(self, grant: Grant) -> None:
        grant.previous = "" if self.strict else grant.refresh_token
        grant.previous_expires = time.time() + PREVIOUS_LASTS
        grant.refresh_token = _token("RT1")
        grant.refresh_expires = min(time.time() + REFRESH_LASTS, grant.hard_expires)

    def _answer(self, grant: Grant, access_lasts: float = ACCESS_LASTS) -> dict[str, Any]:
        """New access, and what the token endpoint says; the hard limit is left out again for who did not ask."""
        access = _token("eyJ")
        now = time.time()
        grant.access = {token: until for token, until in grant.access.items() if until > now - ACCESS_LASTS}
        grant.access[access] = now + access_lasts
        self._kept()
        return {
            "token_type": "bearer",
            "access_token": access,
            "expires_in": round(access_lasts),
            "refresh_token": grant.refresh_token,
            "x_refresh_token_expires_in": round(grant.refresh_expires - now),
            HARD: round(grant.hard_expires - now),
        }

    def grant_of(self, access_token: str) -> Grant | None:
        """The grant behind a living access token."""
        with self.lock:
            for grant in self.grants:
                until = grant.access.get(access_token)
                if until is not None:
                    return grant if until > time.time() else None
            return None

    def is_connected(self, realm_id: str) -> bool:
        """Whether any app can still refresh its tokens for the company."""
        with self.lock:
            return any(one.realm_id == realm_id and one.refresh_expires > time.time() for one in self.grants)

    def revoke(self, token: str) -> bool:
        """Disconnect by any token of the grant."""
        with self.lock:
            for grant in self.grants:
                if token in (grant.refresh_token, grant.previous) or token in grant.access:
                    self.grants.remove(grant)
                    self._kept()
                    return True
            return False

    def revoke_realm(self, realm_id: str) -> None:
        """Disconnect every app from a company, as a bookkeeper can inside QuickBooks."""
        with self.lock:
            self.grants = [grant for grant in self.grants if grant.realm_id != realm_id]
            self._kept()

    def expire_access_tokens(self) -> None:
        """Make every access token an hour old."""
        with self.lock:
            for grant in self.grants:
                grant.access = dict.fromkeys(grant.access, time.time() - 1)
            self._kept()


def _token(start: str) -> str:
    return start + secrets.token_urlsafe(30)
