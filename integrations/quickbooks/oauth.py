"""Intuit's OAuth 2.0 through intuit-oauth, with timeouts, errors of ours, and a cached discovery document."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import requests
from django.conf import settings
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables
from intuitlib.client import AuthClient
from intuitlib.enums import Scopes
from intuitlib.exceptions import AuthClientError

from integrations.errors import IntegrationError, NeedsReconnect, Rejected, Transient
from integrations.fields import Secret
from integrations.http import send
from integrations.quickbooks import discovery
from integrations.quickbooks.faults import tid_of

# For one request. A refresh with its second try, discovery included, stays below the lease in tokens.py.
SECONDS = 15.0
INVALID_GRANT = "invalid_grant"
# Asks the token endpoint to tell ``x_refresh_token_hard_expires_in`` as well; intuit-oauth 1.2.6 does not know it.
ASK_FOR_HARD_END = {"x-include-refresh-token-hard-expires-in": "true"}
# Seconds that a refresh token lasts when Intuit does not say, or says what cannot be.
REFRESH_LASTS = 8_726_400
# What Intuit tells of the hard end is believed from an hour to five years, with a day for leap years.
SHORTEST_HARD, LONGEST_HARD = 3600, 157_680_000 + 86_400


@dataclass(frozen=True)
class TokenPair:
    """What a sign-in or a refresh hands out."""

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    access_expires_at: datetime
    refresh_expires_at: datetime
    # When no refresh helps any more, if Intuit told.
    hard_expires_at: datetime | None = None


class SignIn(AuthClient):
    """intuit-oauth's client, built without its request for the discovery document, and with a time limit."""

    def __init__(self) -> None:
        requests.Session.__init__(self)
        found = discovery.document(seconds=5.0)
        self.client_id = settings.QUICKBOOKS_CLIENT_ID
        self.client_secret = settings.QUICKBOOKS_CLIENT_SECRET
        self.redirect_uri = redirect_uri()
        self.environment = settings.QUICKBOOKS_ENVIRONMENT
        self.auth_endpoint = found["authorization_endpoint"]
        self.token_endpoint = found["token_endpoint"]
        self.revoke_endpoint = found["revocation_endpoint"]
        self.realm_id = self.state_token = self.id_token = None
        self.access_token = self.refresh_token = None
        self.expires_in = self.x_refresh_token_expires_in = self.x_refresh_token_hard_expires_in = None
        self.intuit_tid = ""
        # Given an own one, requests looks for no password in .netrc and keeps our Authorization header.
        self.auth = _keep_header

    def request(self, method: str, url: str, **options: Any) -> requests.Response:
        if url == self.token_endpoint:
            options["headers"] = {**(options.get("headers") or {}), **ASK_FOR_HARD_END}
        response = send(self, method, url, deadline=time.monotonic() + SECONDS, **options)
        self.intuit_tid = tid_of(response.headers)
        _drop_id_token(response)
        return response


def redirect_uri() -> str:
    return f"{settings.SITE_URL}/integrations/quickbooks/callback/"


def authorization_url(state: str) -> str:
    """Where a person signs in. Raises Transient or Rejected when Intuit's discovery document cannot be had."""
    with SignIn() as client:
        return str(client.get_authorization_url([Scopes.ACCOUNTING], state_token=state))


@sensitive_variables()
def exchange(code: str, realm_id: str) -> TokenPair:
    """The tokens for an authorization code. Raises NeedsReconnect for a code that is used up or too old."""
    return _ask(lambda client: client.get_bearer_token(code, realm_id=realm_id))


@sensitive_variables()
def refresh(refresh_token: str) -> TokenPair:
    """A new pair. Raises NeedsReconnect when the refresh token is not accepted, Transient, or Rejected."""
    return _ask(lambda client: client.refresh(refresh_token=refresh_token))


@sensitive_variables()
def revoke(token: str) -> bool:
    """Tell Intuit that this token is no longer used; False when it could not be told. Never raises."""
    try:
        with SignIn() as client:
            return bool(client.revoke(token))
    except (IntegrationError, AuthClientError, ValueError, TypeError):
        return False


@sensitive_variables()
def _ask(call: Callable[[SignIn], Any]) -> TokenPair:
    try:
        with SignIn() as client:
            call(client)
            return _pair(client)
    except AuthClientError as error:
        raise _sorted(error) from None
    except (ValueError, TypeError, AttributeError, OverflowError):
        discovery.forget()
        raise Transient("Intuit's sign-in gave no usable answer. Try again in a few minutes.", code="garbage") from None
    except Transient:
        discovery.forget()
        raise


def _pair(client: SignIn) -> TokenPair:
    """Raises TypeError or ValueError for an answer that is no pair of tokens."""
    if not (isinstance(client.access_token, str) and isinstance(client.refresh_token, str)):
        raise TypeError("no tokens in the answer")
    now = timezone.now()
    rolling = int(client.x_refresh_token_expires_in or REFRESH_LASTS)
    return TokenPair(
        Secret(client.access_token),
        Secret(client.refresh_token),
        now + timedelta(seconds=int(client.expires_in or 3600)),
        now + timedelta(seconds=rolling if 0 < rolling <= LONGEST_HARD else REFRESH_LASTS),
        _hard_end(client.x_refresh_token_hard_expires_in, now),
    )


def _hard_end(seconds: Any, now: datetime) -> datetime | None:
    """None when Intuit did not tell, or told what cannot be."""
    try:
        left = 0 if isinstance(seconds, bool) else int(seconds)
    except (TypeError, ValueError, OverflowError):
        return None
    return now + timedelta(seconds=left) if SHORTEST_HARD <= left <= LONGEST_HARD else None


def _sorted(error: AuthClientError) -> IntegrationError:
    """What a refusal of the token endpoint means. Its words are kept, the tokens in the request are not."""
    facts: dict[str, Any] = {"status": error.status_code, "intuit_tid": tid_of(error.headers)}
    try:
        answer = json.loads(error.content)
        facts["code"], facts["detail"] = str(answer["error"]), str(answer.get("error_description", ""))
    except (ValueError, KeyError, TypeError, AttributeError):
        facts["code"] = ""
    if facts["code"] == INVALID_GRANT:
        return NeedsReconnect(**facts)
    if facts["code"] in {"invalid_client", "unauthorized_client"} or error.status_code in {401, 403}:
        return Rejected(
            "Intuit does not accept this installation's client ID and secret. "
            "Check QUICKBOOKS_CLIENT_ID and QUICKBOOKS_CLIENT_SECRET.",
            **facts,
        )
    if error.status_code == 400:
        return Rejected("Intuit refused the sign-in; its words say why.", **facts)
    discovery.forget()
    return Transient("Intuit's sign-in cannot be reached just now. Try again in a few minutes.", **facts)


def _keep_header(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request


def _drop_id_token(response: requests.Response) -> None:
    """We ask for no identity. intuit-oauth would check one that came all the same, with a request without timeout."""
    if b'"id_token"' not in response.content:
        return
    answer = response.json()
    if isinstance(answer, dict):
        answer.pop("id_token", None)
        response._content = json.dumps(answer).encode()
