"""Every page of the shell: no violation that axe knows, light and dark, wide and on a small phone."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.cache import cache
from playwright.sync_api import Page, expect

from crm import people
from crm.models import User
from tests.factories import PASSWORD, make_agent, make_contact, make_user

pytestmark = pytest.mark.django_db(transaction=True)
Check = Callable[[Page], None]
# Each width and each scheme once; the first day's pages are seen in every combination.
SIGHTS = [(1280, "light"), (360, "dark")]
ALL_SIGHTS = [*SIGHTS, (1280, "dark"), (360, "light")]
INSIDE = (
    *("/", "/settings/", "/settings/business/", "/settings/people/", "/settings/people/invite/", "/account/"),
    *("/accounts/2fa/", "/accounts/password/change/", "/accounts/logout/"),
)
OUTSIDE = (
    *("/accounts/login/", "/accounts/signup/", "/accounts/password/reset/", "/accounts/password/reset/done/"),
    *("/accounts/password/reset/key/1-abc-def/", "/accounts/password/reset/key/done/", "/accounts/inactive/"),
    "/accounts/confirm-email/abc/",
)


def look(page: Page, width: int, scheme: Any) -> None:
    page.set_viewport_size({"width": width, "height": 760})
    page.emulate_media(color_scheme=scheme)


def log_in(page: Page, address: str, user: User) -> None:
    cache.clear()
    page.goto(f"{address}/accounts/login/")
    page.get_by_label("Email").fill(user.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("heading", name="Hello")).to_be_visible()


@pytest.mark.parametrize(("width", "scheme"), SIGHTS)
def test_pages_inside(
    page: Page, live_server: Any, signed_in: Callable[..., User], axe: Check, fits: Check, width: int, scheme: str
) -> None:
    admin = signed_in("admin")
    make_agent()
    make_agent("gone@example.com", is_active=False, name="A very long name that somebody has typed without a break")
    people.invite("a-very-long-address-of-somebody@a-long-company-name.example.com", "admin", by=admin)
    make_contact()
    look(page, width, scheme)
    for path in INSIDE:
        page.goto(live_server.url + path)
        fits(page)
        axe(page)


@pytest.mark.parametrize(("width", "scheme"), SIGHTS)
def test_pages_outside(
    page: Page, live_server: Any, axe: Check, fits: Check, console: list[str], width: int, scheme: str
) -> None:
    _, secret = people.invite("sam@example.com", "agent", by=make_user())
    look(page, width, scheme)
    for path in (*OUTSIDE, f"/invitations/{secret}/", "/invitations/old/", "/nowhere/"):
        page.goto(live_server.url + path)
        fits(page)
        axe(page)
    console[:] = [line for line in console if "404" not in line]


@pytest.mark.parametrize(("width", "scheme"), ALL_SIGHTS)
def test_first_day_of_an_admin_and_of_an_agent(
    page: Page, live_server: Any, signed_in: Callable[..., User], axe: Check, fits: Check, width: int, scheme: str
) -> None:
    look(page, width, scheme)
    for role, sentence in (("admin", "Connect QuickBooks to bring in"), ("agent", "Ask an admin")):
        signed_in(role)
        page.goto(live_server.url)
        expect(page.get_by_text(sentence)).to_be_visible()
        fits(page)
        axe(page)


def test_refusal_and_mistakes(
    page: Page, live_server: Any, signed_in: Callable[..., User], axe: Check, console: list[str]
) -> None:
    signed_in("agent")
    page.goto(f"{live_server.url}/settings/")
    expect(page.get_by_role("heading", name="You may not see this")).to_be_visible()
    axe(page)
    signed_in("admin")
    page.goto(f"{live_server.url}/settings/people/invite/")
    page.get_by_role("button", name="Send the invitation").click()
    expect(page.get_by_role("alert")).to_contain_text("Write the email address")
    axe(page)
    console[:] = [line for line in console if "403" not in line and "422" not in line]


@pytest.mark.parametrize("scheme", ["dark"])
def test_second_factor_from_set_up_to_recovery_codes(
    page: Page, live_server: Any, axe: Check, fits: Check, scheme: Any
) -> None:
    from tests.crm.test_people_login import code_now

    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": 360, "height": 760})
    log_in(page, live_server.url, make_user())
    page.goto(f"{live_server.url}/accounts/2fa/totp/activate/")
    fits(page)
    axe(page)
    secret = page.get_by_label("No camera? Type this key").input_value()
    assert page.evaluate("document.querySelector('.qr').naturalWidth") > 0
    page.get_by_label("Authenticator code").fill(code_now(secret))
    page.get_by_role("button", name="Turn it on").click()
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()
    for path in ("recovery-codes/", "recovery-codes/generate/", "totp/deactivate/", ""):
        page.goto(f"{live_server.url}/accounts/2fa/{path}")
        fits(page)
        axe(page)
    page.goto(f"{live_server.url}/accounts/email/")
    axe(page)
    page.context.clear_cookies()
    page.goto(f"{live_server.url}/accounts/login/")
    page.get_by_label("Email").fill("jo@example.com")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("heading", name="One more step")).to_be_visible()
    axe(page)
