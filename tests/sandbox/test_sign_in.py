"""Signing in with Intuit's own library, and everything that can end a connection."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from intuitlib.client import AuthClient
from intuitlib.enums import Scopes
from intuitlib.exceptions import AuthClientError

from sandbox import Company, Sandbox
from sandbox.quickbooks import tokens as token_rules

from .conftest import CALLBACK, Wire


def press(auth: AuthClient, answer: str, realm: str) -> dict[str, list[str]]:
    """Open the consent page, press a button, and give what the callback would be told."""
    url = auth.get_authorization_url([Scopes.ACCOUNTING], state_token="a-state")
    page = requests.get(url, timeout=10)
    assert "Connect" in page.text and "Cancel" in page.text
    form = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
    reply = requests.post(
        url.partition("?")[0], data={**form, "realm": realm, "answer": answer}, allow_redirects=False, timeout=10
    )
    assert reply.headers["Location"].startswith(CALLBACK)
    return parse_qs(urlsplit(reply.headers["Location"]).query)


def test_connecting_gives_tokens_for_the_company_that_was_chosen(auth: AuthClient, uk: Company) -> None:
    told = press(auth, "connect", uk.realm_id)
    assert told["realmId"] == [uk.realm_id] and told["state"] == ["a-state"]
    auth.get_bearer_token(told["code"][0], realm_id=uk.realm_id)
    assert auth.expires_in == 3600
    assert auth.x_refresh_token_expires_in == 8726400
    assert auth.get_user_info().json()["emailVerified"] is True


def test_cancelling_tells_the_app_that_access_was_denied(auth: AuthClient, us: Company) -> None:
    assert press(auth, "cancel", us.realm_id) == {"error": ["access_denied"], "state": ["a-state"]}


def test_a_code_works_only_once(auth: AuthClient, us: Company) -> None:
    code = press(auth, "connect", us.realm_id)["code"][0]
    auth.get_bearer_token(code)
    with pytest.raises(AuthClientError) as refused:
        auth.get_bearer_token(code)
    assert refused.value.status_code == 400 and b"invalid_grant" in refused.value.content


def test_a_code_is_too_old_after_five_minutes(auth: AuthClient, us: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(token_rules, "CODE_LASTS", -1)
    with pytest.raises(AuthClientError):
        auth.get_bearer_token(press(auth, "connect", us.realm_id)["code"][0])


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"client_id": "stranger"}, "client_id"),
        ({"redirect_uri": ""}, "redirect_uri"),
        ({"redirect_uri": "javascript:alert(1)"}, "redirect_uri"),
        ({"scope": "everything"}, "scope"),
        ({"state": ""}, "state"),
    ],
)
def test_the_consent_page_refuses_a_broken_request(auth: AuthClient, change: dict[str, str], complaint: str) -> None:
    url = auth.get_authorization_url([Scopes.ACCOUNTING])
    fields = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()} | change
    page = requests.get(url.partition("?")[0], params=fields, timeout=10)
    assert page.status_code == 400 and complaint in page.text


def test_a_wrong_secret_is_an_invalid_client(sandbox: Sandbox) -> None:
    stranger = AuthClient(sandbox.client_id, "guessed", CALLBACK, environment=sandbox.discovery_url)
    with pytest.raises(AuthClientError) as refused:
        stranger.refresh("RT1")
    assert refused.value.status_code == 401


def test_the_previous_refresh_token_lives_until_the_new_one_was_used(
    sandbox: Sandbox, auth: AuthClient, us: Company
) -> None:
    first = sandbox.issue_tokens(us.realm_id)["refresh_token"]
    auth.refresh(first)
    second = auth.refresh_token
    assert second != first
    auth.refresh(first)  # the answer was lost, say: the same new token comes again
    assert auth.refresh_token == second
    auth.refresh(second)
    with pytest.raises(AuthClientError):
        auth.refresh(first)


def test_the_previous_refresh_token_dies_after_a_day(
    sandbox: Sandbox, auth: AuthClient, us: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(token_rules, "PREVIOUS_LASTS", -1)
    first = sandbox.issue_tokens(us.realm_id)["refresh_token"]
    auth.refresh(first)
    with pytest.raises(AuthClientError):
        auth.refresh(first)


def test_strict_rotation_kills_the_old_refresh_token_at_once() -> None:
    with Sandbox(strict_rotation=True) as sandbox:
        auth = AuthClient(sandbox.client_id, sandbox.client_secret, CALLBACK, environment=sandbox.discovery_url)
        first = sandbox.issue_tokens(sandbox.company("us").realm_id)["refresh_token"]
        auth.refresh(first)
        with pytest.raises(AuthClientError):
            auth.refresh(first)


def test_a_revoked_token_reads_nothing_and_refreshes_nothing(sandbox: Sandbox, auth: AuthClient, us: Company) -> None:
    auth.refresh(sandbox.issue_tokens(us.realm_id)["refresh_token"])
    wire = Wire(sandbox, us)
    wire.session.headers["Authorization"] = f"Bearer {auth.access_token}"
    assert wire.get("preferences").status_code == 200
    assert auth.revoke() is True
    assert wire.get("preferences").status_code == 401
    with pytest.raises(AuthClientError):
        auth.refresh()


def test_an_expired_token_is_refused_in_the_lower_case_envelope(sandbox: Sandbox, wire: Wire) -> None:
    sandbox.expire_access_tokens()
    refused = wire.get("preferences")
    assert refused.status_code == 401
    assert refused.json()["fault"]["error"][0]["code"] == "3200"
    assert "invalid_token" in refused.headers["WWW-Authenticate"]


def test_disconnecting_inside_quickbooks_ends_everything(sandbox: Sandbox, auth: AuthClient, us: Company) -> None:
    tokens = sandbox.issue_tokens(us.realm_id)
    sandbox.revoke_all(us.realm_id)
    with pytest.raises(AuthClientError):
        auth.refresh(tokens["refresh_token"])


def test_a_token_of_one_company_does_not_open_another(sandbox: Sandbox, wire: Wire, uk: Company) -> None:
    refused = wire.session.get(f"{sandbox.api_url}/company/{uk.realm_id}/preferences", timeout=10)
    assert refused.status_code == 403
    assert refused.json()["Fault"]["Error"][0]["code"] == "3100"


# -- how long tokens last ----------------------------------------------------------------------------------------

HARD = "x_refresh_token_hard_expires_in"


def refreshed(sandbox: Sandbox, refresh_token: str, **headers: str) -> requests.Response:
    return requests.post(
        f"{sandbox.url}/oauth2/v1/tokens/bearer",
        data={"grant_type": "refresh_token", "refresh_token": refresh_token},
        auth=(sandbox.client_id, sandbox.client_secret),
        headers=headers,
        timeout=10,
    )


def test_the_end_of_the_consent_is_told_to_who_asks(sandbox: Sandbox, us: Company) -> None:
    asks = {"x-include-refresh-token-hard-expires-in": "true"}
    first = sandbox.issue_tokens(us.realm_id)["refresh_token"]
    assert refreshed(sandbox, first, **asks).json()[HARD] == pytest.approx(157_680_000, abs=5)
    assert HARD not in refreshed(sandbox, first).json()
    soon = sandbox.issue_tokens(us.realm_id, hard_lasts=1000)["refresh_token"]
    answer = refreshed(sandbox, soon, **asks).json()
    assert answer[HARD] == pytest.approx(1000, abs=5)
    assert answer["x_refresh_token_expires_in"] == pytest.approx(1000, abs=5)


def test_a_consent_tells_its_end_with_the_first_tokens(auth: AuthClient, us: Company) -> None:
    code = press(auth, "connect", us.realm_id)["code"][0]
    answer = requests.post(
        auth.token_endpoint,
        data={"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK},
        auth=(auth.client_id, auth.client_secret),
        headers={"x-include-refresh-token-hard-expires-in": "true"},
        timeout=10,
    )
    assert answer.json()[HARD] == 157_680_000


def test_tokens_can_be_made_to_end_soon(sandbox: Sandbox, us: Company) -> None:
    tokens = sandbox.issue_tokens(us.realm_id, access_lasts=-1, refresh_lasts=60)
    assert (tokens["expires_in"], tokens["x_refresh_token_expires_in"]) == (-1, 60)
    assert sandbox.tokens.grant_of(tokens["access_token"]) is None
    assert refreshed(sandbox, tokens["refresh_token"]).json()["expires_in"] == 3600
    for lifetimes in ({"refresh_lasts": -1}, {"hard_lasts": -1}):
        dead = sandbox.issue_tokens(us.realm_id, **lifetimes)["refresh_token"]
        assert refreshed(sandbox, dead).json()["error"] == "invalid_grant"
