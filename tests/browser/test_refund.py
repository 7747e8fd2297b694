"""Refunding in a real browser: from the invoice through Stripe back to it, on hold, and Start; wide and narrow."""

import pytest
import requests
from playwright.sync_api import Page, expect

from invoicing.models import Invoice
from sandbox.stripe.stand_in import StripeSandbox
from tests.factories import make_contact, make_invoice, make_payment

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def stripe(settings):
    with StripeSandbox() as sandbox:
        settings.STRIPE_SECRET_KEY, settings.STRIPE_API_URL = sandbox.secret_key, sandbox.url
        yield sandbox


def paid_there(sandbox: StripeSandbox) -> str:
    """The PaymentIntent of 120.00 that was paid by card."""
    line = {"line_items[0][quantity]": "1", "line_items[0][price_data][unit_amount]": "12000"}
    line |= {"line_items[0][price_data][currency]": "usd", "line_items[0][price_data][product_data][name]": "Rope"}
    form = {"mode": "payment", "success_url": "http://localhost/", **line}
    made = requests.post(f"{sandbox.url}/v1/checkout/sessions", form, auth=(sandbox.secret_key, ""), timeout=10).json()
    sandbox.pay(made["id"])
    return str(sandbox.session(made["id"])["payment_intent"])


@pytest.mark.parametrize(("width", "scheme"), [(360, "dark"), (1280, "light")])
def test_a_payment_is_refunded_and_the_invoice_started_again(
    page: Page, live_server, signed_in, axe, fits, console, stripe, width, scheme
):
    signed_in()
    invoice = make_invoice(make_contact("Zoë Quill"), number="1042", status="paid", owner=Invoice.Owner.BOOKS)
    intent = paid_there(stripe)
    make_payment(invoice.contact, of={invoice: 120}, source="stripe", reference=intent, method="Card", memo=intent)
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(f"{live_server.url}/invoices/{invoice.pk}/")
    axe(page), fits(page)
    page.get_by_role("link", name="Refund the payment").press("Enter")
    page.get_by_label("Amount in USD").fill("500")
    page.get_by_role("button", name="Refund the customer").click()
    expect(page.get_by_text("At most 120.00 USD can be refunded").first).to_be_visible()
    assert all("422" in line for line in console)
    console.clear()
    axe(page), fits(page)
    page.get_by_label("Amount in USD").fill("20")
    page.get_by_label("Reason").fill("The visit was an hour late")
    page.get_by_role("button", name="Refund the customer").click()
    expect(page.get_by_text("20.00 USD was refunded. QuickBooks is told")).to_be_visible()
    expect(page.get_by_text("$120.00 paid, $20.00 refunded", exact=True)).to_be_visible()
    axe(page), fits(page)
    page.get_by_role("button", name="Start").click()
    expect(page.get_by_text("is chased again like any other")).to_be_visible()
    expect(page.get_by_text("On hold.")).to_have_count(0)
