"""Noting a payment in a real browser: from the invoice to Paid, wide and narrow, light and dark, by keyboard."""

import pytest
from playwright.sync_api import Page, expect

from invoicing.models import Invoice
from tests.factories import make_contact, make_invoice

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_an_invoice_is_noted_as_paid(page: Page, live_server, signed_in, axe, fits, console, scheme, width):
    signed_in("agent")
    name = "Ada Lovelace of the very long name that goes on and on"
    invoice = make_invoice(make_contact(name), number="1042", owner=Invoice.Owner.BOOKS)
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(f"{live_server.url}/invoices/{invoice.pk}/")
    page.get_by_role("link", name="Note a payment").press("Enter")
    expect(page.get_by_label("How it was paid")).to_be_visible()
    axe(page), fits(page)
    page.get_by_label("Amount in USD").fill("500")
    page.get_by_role("button", name="Note the payment").click()
    expect(page.get_by_text("Only 120.00 USD is owed").first).to_be_visible()
    assert all("422" in line for line in console)
    console.clear()
    axe(page), fits(page)
    page.get_by_label("Amount in USD").fill("120")
    page.get_by_label("How it was paid").select_option("Bank")
    page.get_by_role("button", name="Note the payment").click()
    expect(page.get_by_text("120.00 USD is noted")).to_be_visible()
    expect(page.get_by_role("link", name="Note a payment")).to_have_count(0)
    axe(page), fits(page)
    assert Invoice.objects.get().status == "paid"
