"""Django's admin under the strict Content-Security-Policy: the console stays quiet (see conftest)."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from crm.models import User
from tests.factories import make_contact, make_invoice, make_user

pytestmark = pytest.mark.django_db(transaction=True)


def test_support_works_in_the_admin_without_breaking_the_policy(
    page: Page, live_server: Any, signed_in: Callable[..., User]
) -> None:
    support = signed_in(user=make_user(is_staff=True, is_superuser=True))
    ada = make_contact("Ada Lovelace", phone="+14155550123")
    invoice = make_invoice(ada, lines=[{"description": "Rope"}])
    page.goto(f"{live_server.url}/admin/")
    page.get_by_role("link", name="Contacts", exact=True).first.click()
    page.get_by_role("searchbox").or_(page.locator("#searchbar")).first.fill("(415) 555")
    page.keyboard.press("Enter")
    page.get_by_role("link", name="Ada Lovelace").click()
    page.get_by_role("link", name="View on site").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Ada Lovelace")
    for path in [f"invoicing/invoice/{invoice.pk}/change/", f"crm/user/{support.pk}/change/", "crm/user/add/"]:
        page.goto(f"{live_server.url}/admin/{path}")
        expect(page.get_by_role("heading").first).to_be_visible()
    page.goto(f"{live_server.url}/admin/account/emailaddress/add/")
    with page.expect_popup() as opened:
        page.locator("#lookup_id_user").click()
    opened.value.get_by_role("link", name="jo@example.com").click()
    expect(page.locator("#id_user")).to_have_value(str(support.pk))
