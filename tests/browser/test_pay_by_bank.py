"""Paying a part by bank on a phone without a script, and the page where an admin allows it."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import cache
from playwright.sync_api import Browser, Page, expect

from invoicing.links import link_for
from invoicing.models import Invoice, Payment, PaymentSettings
from sandbox import CrezcoSandbox
from tests.factories import make_contact, make_invoice

pytestmark = pytest.mark.django_db(transaction=True)
PHONE = {"width": 360, "height": 740}


@pytest.fixture
def crezco(settings: Any, live_server: Any) -> Iterator[CrezcoSandbox]:
    cache.clear()
    with CrezcoSandbox() as sandbox:
        settings.CREZCO_API_KEY, settings.CREZCO_USER_ID = sandbox.api_key, sandbox.user_id
        settings.CREZCO_API_URL, settings.SITE_URL = sandbox.url, live_server.url
        yield sandbox


@pytest.fixture
def bill(crezco: CrezcoSandbox) -> Invoice:
    PaymentSettings.objects.create(pk=1, allows_part=True, least_part="10")
    return make_invoice(make_contact(), total="120", currency="GBP", owner=Invoice.Owner.BOOKS)


def test_a_part_is_paid_by_bank_without_a_script(browser: Browser, live_server: Any, bill: Invoice) -> None:
    page = browser.new_context(java_script_enabled=False, viewport=PHONE).new_page()
    page.goto(f"{live_server.url}/i/{link_for(bill).token}/")
    expect(page.get_by_label("Amount in GBP")).to_have_value("120.00")
    page.get_by_label("Amount in GBP").fill("5")
    page.get_by_role("button", name="Pay by bank").click()
    expect(page.get_by_role("alert")).to_contain_text("from £10.00 to £120.00")
    page.get_by_label("Amount in GBP").fill("50")
    page.get_by_role("button", name="Pay by bank").click()
    page.get_by_label("Northern Otter").check()
    page.get_by_role("button", name="Pay £50.00").click()
    expect(page.get_by_role("status")).to_contain_text("£50.00 has arrived")
    expect(page.get_by_label("Amount in GBP")).to_have_value("70.00")
    assert Payment.objects.get().method == "Bank"
    page.context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_pages_fit_a_phone_and_can_be_read_by_anybody(
    page: Page, live_server: Any, bill: Invoice, signed_in: Any, axe: Any, fits: Any, scheme: str
) -> None:
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    page.goto(f"{live_server.url}/i/{link_for(bill).token}/")
    axe(page), fits(page)
    signed_in("admin")
    page.goto(f"{live_server.url}/settings/payments/")
    expect(page.get_by_label("Pay by bank in GBP")).to_be_checked()
    axe(page), fits(page)
    page.get_by_label("Pay by bank in GBP").uncheck()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("How customers pay is saved.")).to_be_visible()
    assert PaymentSettings.load().switched_off == ["crezco GBP"]
