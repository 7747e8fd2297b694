"""Tests in a real Chromium: Debian's, or the one that CHROMIUM names.

Whatever the console calls an error fails the test, and so does every violation of the Content-Security-Policy.
"""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from playwright.sync_api import BrowserContext, ConsoleMessage, Page, expect

from crm.models import User
from tests.factories import make_agent, make_user

# Playwright's synchronous interface runs an event loop in this thread, where Django would refuse its ORM.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")

# How long a page may take on a machine that does other things too; what is there at once is not waited for.
expect.set_options(timeout=15_000)

HERE = Path(__file__).parent
QUIET = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync", "--disable-dev-shm-usage"),
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker("browser")


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    chromium = os.environ.get("CHROMIUM", "/usr/bin/chromium")
    return {**browser_type_launch_args, "executable_path": chromium, "args": list(QUIET)}


@pytest.fixture
def console(page: Page) -> list[str]:
    """Errors of the page so far. A test that provokes one takes it out."""
    said: list[str] = []

    def listen(message: ConsoleMessage) -> None:
        if message.type == "error":
            said.append(message.text)

    page.on("console", listen)
    page.on("pageerror", lambda error: said.append(str(error)))
    return said


@pytest.fixture(autouse=True)
def quiet_console(console: list[str]) -> Iterator[None]:
    yield
    assert console == []


@pytest.fixture
def signed_in(live_server: Any, context: BrowserContext) -> Callable[..., User]:
    """``signed_in("admin")`` or ``signed_in("agent")``: a member of staff with a session, without the log-in page."""

    def sign_in(role: str = "admin", user: User | None = None) -> User:
        person = user or (make_user() if role == "admin" else make_agent())
        session = SessionStore()
        session[SESSION_KEY] = str(person.pk)
        session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
        session[HASH_SESSION_KEY] = person.get_session_auth_hash()
        session.save()
        key = str(session.session_key)
        context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": key, "url": live_server.url}])
        return person

    return sign_in


@pytest.fixture
def axe() -> Callable[[Page], None]:
    """``axe(page)``: no violation of accessibility on the page as it stands now."""

    def check(page: Page) -> None:
        found = Axe().run(page).response["violations"]
        told = [f"{one['id']}: {node['html']} - {node['failureSummary']}" for one in found for node in one["nodes"]]
        assert not told, "\n".join([page.url, *told])

    return check


@pytest.fixture
def fits() -> Callable[[Page], None]:
    """``fits(page)``: the page can be read without scrolling sideways."""

    def check(page: Page) -> None:
        wide = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
        assert wide[0] <= wide[1], f"{page.url} is {wide[0]} px wide in a window of {wide[1]}"

    return check
