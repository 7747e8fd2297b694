"""From the staff's message over the customer's phone to Paid, in a real Chromium; and the pages of the inbox."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import cache
from playwright.sync_api import Browser, Page, expect

from integrations import tasks as integration_tasks
from invoicing.models import Invoice
from messaging import tasks
from messaging.models import Message
from sandbox import TwilioSandbox
from sandbox.stripe.stand_in import StripeSandbox
from sandbox.twilio.numbers import OWN
from tests.factories import make_contact, make_invoice

pytestmark = pytest.mark.django_db(transaction=True)
PHONE = {"width": 360, "height": 740}
ADA = "+14155550100"


@pytest.fixture
def twilio(settings: Any, live_server: Any) -> Iterator[TwilioSandbox]:
    cache.clear()
    with TwilioSandbox(inbound_url=f"{live_server.url}/webhooks/twilio/inbound/") as sandbox:
        settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN = sandbox.account.sid, sandbox.account.token
        settings.TWILIO_FROM, settings.TWILIO_API_URL = OWN, sandbox.url
        settings.TWILIO_PARTS_PER_SECOND, settings.SITE_URL = 1000, live_server.url
        yield sandbox


@pytest.fixture
def stripe(settings: Any, live_server: Any) -> Iterator[StripeSandbox]:
    with StripeSandbox(webhook_url=f"{live_server.url}/webhooks/stripe/") as sandbox:
        settings.STRIPE_SECRET_KEY, settings.STRIPE_API_URL = sandbox.secret_key, sandbox.url
        settings.STRIPE_WEBHOOK_SECRET = sandbox.webhooks.secret
        yield sandbox


@pytest.fixture
def bill(db: None) -> Invoice:
    ada = make_contact("Ada Lovelace", first_name="Ada", phone=ADA, email="ada@example.com")
    return make_invoice(ada, number="1042", total="120", owner=Invoice.Owner.BOOKS)


def handed_over(twilio: TwilioSandbox) -> None:
    tasks.deliver("text")
    assert twilio.wait_idle()


def test_a_texted_invoice_is_paid_on_the_phone_while_staff_watch(
    page: Page, browser: Browser, live_server: Any, signed_in: Any, twilio: TwilioSandbox, stripe: Any, bill: Invoice
) -> None:
    signed_in("agent")
    page.goto(f"{live_server.url}/invoices/{bill.pk}/")
    page.get_by_role("link", name="Send", exact=True).click()
    page.get_by_label("Message").fill("Hi [contact-firstname], [invoice-due] is due.")
    expect(page.get_by_text("Hi Ada, $120.00 is due.")).to_be_visible()
    page.get_by_role("button", name="Save and Send").click()
    expect(page.get_by_role("log")).to_contain_text("Queued")
    handed_over(twilio)
    expect(page.get_by_role("log")).to_contain_text("Delivered")

    phone = browser.new_context(viewport=PHONE).new_page()
    phone.goto(f"{twilio.url}/phone?number=%2B14155550100")
    with phone.expect_popup() as opened:
        phone.get_by_role("link", name=f"{live_server.url}/i/").click()
    customer = opened.value
    expect(customer.get_by_text("$120.00").first).to_be_visible()
    customer.get_by_role("button", name="Pay by card").click()
    customer.get_by_role("button", name="Pay").first.click()
    expect(customer.locator(".amount")).to_have_text("Paid")
    integration_tasks.take_gateway_events()

    expect(page.get_by_role("log")).to_contain_text("$120.00 received")
    expect(page.get_by_role("log")).to_contain_text("Paid")
    twilio.phone(ADA).reply("Done, thanks!")
    expect(page.get_by_role("log")).to_contain_text("Done, thanks!")
    phone.context.close()


@pytest.mark.parametrize(("width", "scheme"), [(360, "light"), (360, "dark"), (1280, "light"), (1280, "dark")])
def test_every_page_of_messages_can_be_read_by_anybody(
    page: Page,
    live_server: Any,
    signed_in: Any,
    axe: Any,
    fits: Any,
    console: list[str],
    twilio: TwilioSandbox,
    bill: Invoice,
    width: int,
    scheme: str,
) -> None:
    signed_in("admin")
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(f"{live_server.url}/conversations/")
    axe(page), fits(page)
    page.goto(f"{live_server.url}/invoices/{bill.pk}/send/")
    page.get_by_text("Placeholders").click()
    page.get_by_role("button", name="First name").press("Enter")
    expect(page.get_by_label("Message")).to_be_focused()
    axe(page), fits(page)
    page.get_by_label("Message").fill("Hello [nobody]")
    expect(page.get_by_text("[nobody] stands for nothing").first).to_be_visible()
    page.get_by_role("button", name="Save and Send").click()
    expect(page.get_by_role("alert")).to_contain_text("stands for nothing")
    console.clear()  # the browser tells of the 422
    axe(page), fits(page)
    page.get_by_label("Message").fill("Hello")
    twilio.phone(ADA).trait("unreachable")
    page.get_by_role("button", name="Save and Send").click()
    page.wait_for_url("**/conversations/*/")
    handed_over(twilio)
    twilio.phone(ADA).reply("x" * 200)
    expect(page.get_by_role("log")).to_contain_text("could not be reached")
    expect(page.get_by_role("log")).to_contain_text("x" * 200)
    axe(page), fits(page)
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_text("It is sent again.")).to_be_visible()
    assert Message.objects.filter(direction="out").count() == 2
    for path in ("conversations/", "settings/messages/", "account/notices/", f"invoices/{bill.pk}/"):
        page.goto(f"{live_server.url}/{path}")
        page.wait_for_load_state("networkidle")
        axe(page), fits(page)
