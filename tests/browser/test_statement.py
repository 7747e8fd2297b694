"""A customer's statement in a real browser: on a phone first, read by anybody, paid in two presses."""

from datetime import timedelta

import pytest
from django.core.cache import cache
from playwright.sync_api import Page, expect

from crm.models import Business
from invoicing.models import Invoice
from invoicing.statement_links import statement_link_for
from sandbox import StripeSandbox
from tests.factories import business_day, make_contact, make_invoice, make_payment

pytestmark = pytest.mark.django_db(transaction=True)

LONG = "Constantinople-and-Byzantium Trading Company of the very-long-street-name-without-any-blanks-in-it"


@pytest.fixture
def stripe(settings, live_server):
    cache.clear()
    with StripeSandbox() as sandbox:
        settings.STRIPE_SECRET_KEY, settings.STRIPE_API_URL = sandbox.secret_key, sandbox.url
        settings.SITE_URL = live_server.url
        yield sandbox


def address(live_server, contact) -> str:
    return f"{live_server.url}/s/{statement_link_for(contact).token}/"


@pytest.fixture
def zoe():
    """Who owes in three currencies, some of it late, and has credit."""
    Business.objects.update_or_create(pk=1, defaults={"name": "Cedar & Sons", "email": "office@cedar.example"})
    zoe, today = make_contact(LONG), business_day()
    for days, total in ((-40, "1200.50"), (0, "80"), (12, "99999.99")):
        make_invoice(zoe, total=total, due_on=today + timedelta(days=days))
    make_invoice(zoe, total="123456789", currency="JPY", number="INV-2026-000000000000000000000000001")
    make_invoice(zoe, total="1.25", currency="KWD"), make_invoice(zoe, total="7.005", currency="KWD")
    make_payment(zoe, amount="30", unapplied="30", received_on=today - timedelta(days=3))
    return zoe


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_every_state_can_be_read_by_anybody(page: Page, live_server, stripe, zoe, axe, fits, scheme, width):
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 760})
    many = make_contact("Many")
    for _ in range(101):
        make_invoice(many, total="1")
    for contact in (zoe, many, make_contact("Nobody")):
        page.goto(address(live_server, contact))
        expect(page.get_by_role("heading", level=1)).to_contain_text("Statement for")
        axe(page), fits(page)
    page.goto(f"{address(live_server, many)}?page=2")
    expect(page.get_by_text("Invoices 101 to 101 of 101")).to_be_visible()
    axe(page), fits(page)


def test_all_is_paid_from_an_invoices_page_over_the_statement_without_a_script(browser, live_server, stripe):
    contact = make_contact("Zoë")
    for number, total in (("1042", "20"), ("1043", "30.50")):
        make_invoice(contact, number=number, total=total)
    page = browser.new_context(java_script_enabled=False).new_page()
    page.goto(address(live_server, contact))
    page.get_by_role("button", name="Invoice 1042").click()
    expect(page.get_by_role("heading", name="Invoice 1042")).to_be_visible()
    page.get_by_role("button", name="See all your invoices").click()
    page.get_by_role("button", name="Pay all 2 invoices by card").click()
    expect(page.get_by_text("50.50").first).to_be_visible()
    assert page.url.startswith(stripe.url)
    stripe.pay(page.url)
    page.goto(f"{address(live_server, contact)}paid/")
    expect(page.get_by_text("$50.50 has arrived. Thank you.")).to_be_visible()
    expect(page.get_by_text("Nothing is due")).to_be_visible()
    assert set(Invoice.objects.values_list("status", flat=True)) == {"paid"}
    page.context.close()


@pytest.mark.parametrize("width", [360, 1280])
def test_staff_make_copy_and_replace_the_link_on_the_contacts_page(
    page: Page, live_server, signed_in, axe, fits, width
):
    signed_in("agent")
    contact = make_contact("Zoë Quill")
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(f"{live_server.url}/contacts/{contact.pk}/")
    card = page.locator("section", has=page.get_by_role("heading", name="Statement"))
    card.last.get_by_role("button", name="Make a link").click()
    expect(page.get_by_role("button", name="Copy the link")).to_be_visible()
    axe(page), fits(page)
    card.last.get_by_role("link", name="Replace it").click()
    expect(page.get_by_label("Replace the links of the invoices too")).to_be_checked()
    axe(page), fits(page)
    page.get_by_role("button", name="Replace the link").click()
    expect(page.get_by_text("The statement has a new link")).to_be_visible()
