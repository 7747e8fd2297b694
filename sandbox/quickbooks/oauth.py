"""OAuth 2.0 and OpenID as Intuit's app centre does it: discovery, consent, tokens, revocation, user info."""

from __future__ import annotations

import base64
import binascii
import json
from html import escape
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from ..http import Request, Response
from ..pages import page
from .tokens import HARD, TokenBook

if TYPE_CHECKING:
    from .company import Company

DISCOVERY = "/.well-known/openid_configuration"
SCOPES = frozenset(
    "com.intuit.quickbooks.accounting com.intuit.quickbooks.payment openid profile email phone address "
    "intuit_name".split()
)


class OAuth:
    """The endpoints, over a book of tokens."""

    def __init__(self, tokens: TokenBook, client_id: str, client_secret: str, companies: list[Company]) -> None:
        self.tokens = tokens
        self.client_id = client_id
        self.client_secret = client_secret
        self.companies = companies

    def answer(self, request: Request, base: str) -> Response | None:
        """The answer, or None when the path is not ours."""
        path = request.path.rstrip("/")
        if path in (DISCOVERY, "/.well-known/openid_sandbox_configuration"):
            return Response.of(discovery(base))
        if path == "/connect/oauth2":
            return self._decide(request) if request.method == "POST" else self._consent(request)
        if path == "/oauth2/v1/tokens/bearer" and request.method == "POST":
            return self._token(request)
        if path == "/v2/oauth2/tokens/revoke" and request.method == "POST":
            return self._revoke(request)
        if path == "/v1/openid_connect/userinfo":
            return self._user_info(request)
        if path == "/op/v1/jwks":
            return Response.of({"keys": []})
        return None

    # -- consent --

    def _complaint(self, fields: dict[str, str]) -> str:
        """What is wrong with the app's request; empty when all is well."""
        if fields.get("client_id") != self.client_id:
            return "The client_id is unknown."
        if not fields.get("redirect_uri", "").startswith(("http://", "https://")):
            return "The redirect_uri is missing or no web address."
        if fields.get("response_type", "code") != "code":
            return "The response_type must be code."
        scopes = fields.get("scope", "").split()
        if not scopes or not SCOPES.issuperset(scopes):
            return "The scope is missing or unknown."
        return "" if fields.get("state") else "The state is missing."

    def _consent(self, request: Request) -> Response:
        complaint = self._complaint(request.query)
        if complaint:
            return Response.page(page("Sorry, it didn't connect", f"<p>{escape(complaint)}</p>"), 400)
        hidden = "".join(
            f'<input type="hidden" name="{name}" value="{escape(request.query[name])}">'
            for name in ("client_id", "redirect_uri", "scope", "state")
        )
        choices = "".join(
            f'<label class="choice"><input type="radio" name="realm" value="{company.realm_id}"'
            f"{' checked' if not index else ''}> {escape(company.name)} "
            f"<small>{company.country}, {company.home}</small></label>"
            for index, company in enumerate(self.companies)
        )
        body = (
            "<p>An app wants to read and change the books of one of your companies.</p>"
            f'<form method="post" action="/connect/oauth2">{hidden}<fieldset><legend>Which company?</legend>{choices}'
            '</fieldset><button name="answer" value="connect">Connect</button> '
            '<button name="answer" value="cancel" class="quiet">Cancel</button></form>'
        )
        return Response.page(page("Connect an app", body))

    def _decide(self, request: Request) -> Response:
        form = request.form
        complaint = self._complaint(form)
        if complaint:
            return Response.page(page("Sorry, it didn't connect", f"<p>{escape(complaint)}</p>"), 400)
        realm_id = form.get("realm", "")
        back = {"state": form["state"]}
        if form.get("answer") != "connect" or realm_id not in {one.realm_id for one in self.companies}:
            back = {"error": "access_denied", **back}
        else:
            code = self.tokens.new_code(realm_id, form["redirect_uri"], form["scope"])
            back = {"code": code, **back, "realmId": realm_id}
        joint = "&" if "?" in form["redirect_uri"] else "?"
        return Response.redirect(form["redirect_uri"] + joint + urlencode(back))

    # -- tokens --

    def _is_our_client(self, request: Request, form: dict[str, Any]) -> bool:
        sent = (str(form.get("client_id", "")), str(form.get("client_secret", "")))
        scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "basic":
            try:
                name, _, secret = base64.b64decode(encoded).decode().partition(":")
            except (binascii.Error, UnicodeDecodeError):
                return False
            sent = (name, secret)
        return sent == (self.client_id, self.client_secret)

    def _token(self, request: Request) -> Response:
        form = request.form
        if not self._is_our_client(request, form):
            return Response.of({"error": "invalid_client"}, 401)
        kind = form.get("grant_type")
        if kind == "authorization_code":
            tokens = self.tokens.redeem(form.get("code", ""), form.get("redirect_uri", ""), self.client_id)
            return _granted(tokens, "Invalid authorization code", request)
        if kind == "refresh_token":
            tokens = self.tokens.refresh(form.get("refresh_token", ""), self.client_id)
            return _granted(tokens, "Incorrect or invalid refresh token", request)
        return Response.of({"error": "unsupported_grant_type"}, 400)

    def _revoke(self, request: Request) -> Response:
        fields: dict[str, Any] = request.form
        if not fields:
            try:
                fields = dict(json.loads(request.text))
            except (ValueError, TypeError):
                return Response.of({"error": "invalid_request"}, 400)
        if not self._is_our_client(request, fields):
            return Response.of({"error": "invalid_client"}, 401)
        known = self.tokens.revoke(str(fields.get("token", "")))
        return Response(200) if known else Response.of({"error": "invalid_request"}, 400)

    def _user_info(self, request: Request) -> Response:
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        if self.tokens.grant_of(token) is None:
            return Response.of({"error": "invalid_token"}, 401)
        return Response.of(
            {
                "sub": "5b0ee8c4-6d3f-4a57-9c7e-1f2f0c6f9a10",
                "email": "owner@example.com",
                "emailVerified": True,
                "givenName": "Robin",
                "familyName": "Keeper",
                "phoneNumber": "+1 5555550100",
                "phoneNumberVerified": False,
                "address": {
                    "streetAddress": "1 Ledger Lane",
                    "locality": "Springfield",
                    "region": "CA",
                    "postalCode": "94040",
                    "country": "US",
                },
            }
        )


def _granted(tokens: dict[str, Any] | None, otherwise: str, request: Request) -> Response:
    if tokens is None:
        return Response.of({"error": "invalid_grant", "error_description": otherwise}, 400)
    if request.headers.get("x-include-refresh-token-hard-expires-in", "").lower() != "true":
        del tokens[HARD]
    return Response.of(tokens, 200, **{"Cache-Control": "no-cache, no-store"})


def discovery(base: str) -> dict[str, Any]:
    """The OpenID document, with addresses of this server."""
    return {
        "issuer": f"{base}/op/v1",
        "authorization_endpoint": f"{base}/connect/oauth2",
        "token_endpoint": f"{base}/oauth2/v1/tokens/bearer",
        "userinfo_endpoint": f"{base}/v1/openid_connect/userinfo",
        "revocation_endpoint": f"{base}/v2/oauth2/tokens/revoke",
        "jwks_uri": f"{base}/op/v1/jwks",
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "scopes_supported": ["openid", "email", "profile", "address", "phone"],
        "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
        "claims_supported": ["aud", "exp", "iat", "iss", "realmid", "sub"],
    }
