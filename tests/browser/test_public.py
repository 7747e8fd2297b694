"""The customer's page in a real browser: on a phone first, without a script it needs, and seen by people alone."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from invoicing.links import link_for
from invoicing.models import Invoice, InvoiceView
from tests.factories import business_day, make_contact, make_invoice

pytestmark = pytest.mark.django_db(transaction=True)

LONG = "Replaced the boiler of the house at the end of the very-long-street-name-without-any-blanks-in-it " * 2


def address(live_server, invoice: Invoice) -> str:
    return f"{live_server.url}/i/{link_for(invoice).token}/"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_every_state_can_be_read_by_anybody(page: Page, live_server, axe, fits, console, scheme, width):
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 760})
    lines = [{"description": LONG, "quantity": "1.5", "rate": "1000", "amount": "1500"}]
    due = business_day() - timedelta(days=3)
    late = {"due_on": due, "lines": lines, "total": "123456789.50", "customer_name": LONG}
    credited = {"status": "settled", "balance": "0", "credited": "120"}
    states = [{}, late, {"status": "paid", "balance": "0"}, credited]
    for state in states:
        page.goto(address(live_server, make_invoice(make_contact(), **state)))
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        axe(page), fits(page)
    page.goto(f"{live_server.url}/i/nobody-made-this/")
    expect(page.get_by_role("heading", name="There is nothing to see here")).to_be_visible()
    axe(page), fits(page)
    console[:] = [line for line in console if "404" not in line]


def test_a_person_who_reads_it_is_counted_once_and_a_glance_is_not(page: Page, live_server):
    invoice = make_invoice(make_contact())
    page.goto(address(live_server, invoice))
    page.goto("about:blank")
    assert not InvoiceView.objects.exists()
    with page.expect_response("**/seen/") as told:
        page.goto(address(live_server, invoice))
    assert told.value.status == 204
    assert InvoiceView.objects.get().at > timezone.now() - timedelta(minutes=1)


def test_without_a_script_everything_is_there(browser, live_server):
    page = browser.new_context(java_script_enabled=False).new_page()
    page.goto(address(live_server, make_invoice(make_contact(), number="1042")))
    expect(page.get_by_text("Amount due now")).to_be_visible()
    page.context.close()
