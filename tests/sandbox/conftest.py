"""A sandbox for each test, and the real clients pointed at it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from intuitlib.client import AuthClient
from quickbooks import QuickBooks

from sandbox import Company, Sandbox

os.environ["OAUTHLIB_INSECURE_TRANSPORT"] = "1"
CALLBACK = "http://localhost:8000/callback"


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    """Comparisons with recorded documents exist only where those documents are."""
    needs_payloads = collection_path.name == "test_recorded_shapes.py"
    return True if needs_payloads and not os.environ.get("QUICKBOOKS_PAYLOADS") else None


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as running:
        yield running


@pytest.fixture
def us(sandbox: Sandbox) -> Company:
    return sandbox.company("us")


@pytest.fixture
def uk(sandbox: Sandbox) -> Company:
    return sandbox.company("uk")


class Wire:
    """Plain HTTP to one company, as an app without a library would speak it."""

    def __init__(self, sandbox: Sandbox, company: Company) -> None:
        self.base = f"{sandbox.api_url}/company/{company.realm_id}"
        self.session = requests.Session()
        token = sandbox.issue_tokens(company.realm_id)["access_token"]
        self.session.headers.update({"Authorization": f"Bearer {token}", "Accept": "application/json"})

    def get(self, path: str, **params: str) -> requests.Response:
        return self.session.get(f"{self.base}/{path}", params=params, timeout=10)

    def post(self, path: str, body: object, **params: str) -> requests.Response:
        return self.session.post(f"{self.base}/{path}", json=body, params=params, timeout=10)

    def query(self, sql: str) -> requests.Response:
        headers = {"Content-Type": "application/text"}
        return self.session.post(f"{self.base}/query", data=sql.encode(), headers=headers, timeout=10)


@pytest.fixture
def wire(sandbox: Sandbox, us: Company) -> Wire:
    return Wire(sandbox, us)


def code_of(answer: requests.Response) -> str:
    """The code of the first fault of an answer."""
    return str(answer.json()["Fault"]["Error"][0]["code"])


@pytest.fixture
def auth(sandbox: Sandbox) -> AuthClient:
    return AuthClient(sandbox.client_id, sandbox.client_secret, CALLBACK, environment=sandbox.discovery_url)


def client(sandbox: Sandbox, company: Company) -> QuickBooks:
    """python-quickbooks, connected to a company."""
    tokens = sandbox.issue_tokens(company.realm_id)
    auth_client = AuthClient(
        sandbox.client_id,
        sandbox.client_secret,
        CALLBACK,
        environment=sandbox.discovery_url,
        access_token=tokens["access_token"],
    )
    library = type("Client", (QuickBooks,), {"api_url_v3": sandbox.api_url})
    return library(
        auth_client=auth_client, refresh_token=tokens["refresh_token"], company_id=company.realm_id, minorversion=75
    )


@pytest.fixture
def qb(sandbox: Sandbox, us: Company) -> QuickBooks:
    return client(sandbox, us)
