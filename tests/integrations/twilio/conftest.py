"""A business that texts through the stand-in of Twilio, and a customer with a phone."""

import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from crm.models import User
from invoicing.models import Invoice
from messaging.models import Message
from messaging.sending import send_invoice
from sandbox import TwilioSandbox
from sandbox.twilio.numbers import OWN
from tests.factories import make_contact, make_invoice, make_user

ADA = "+14155550100"


@pytest.fixture
def twilio(settings: Any, live_server: Any) -> Iterator[TwilioSandbox]:
    with TwilioSandbox(inbound_url=f"{live_server.url}/webhooks/twilio/inbound/") as sandbox:
        settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN = sandbox.account.sid, sandbox.account.token
        settings.TWILIO_FROM, settings.TWILIO_API_URL = OWN, sandbox.url
        settings.TWILIO_PARTS_PER_SECOND = 1000
        settings.SITE_URL = live_server.url
        yield sandbox


@pytest.fixture
def jo(db: None) -> User:
    return make_user()


@pytest.fixture
def bill(twilio: TwilioSandbox) -> Invoice:
    ada = make_contact("Ada Lovelace", first_name="Ada", phone=ADA, email="ada@example.com")
    return make_invoice(ada, number="1042", total="120")


@pytest.fixture
def text(bill: Invoice, jo: User) -> Callable[..., Message]:
    def send(body: str = "Hi [contact-firstname], [invoice-due] is due.", **facts: Any) -> Message:
        facts = {"channel": "text", "key": uuid.uuid4(), "actor": jo, **facts}
        return send_invoice(facts.pop("invoice", bill), body=body, **facts)

    return send
