"""A business that is paid by card, and what it is paid for."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import cache

from invoicing.models import Invoice
from sandbox.stripe.stand_in import StripeSandbox
from tests.factories import make_contact, make_invoice


@pytest.fixture
def stripe(settings: Any, live_server: Any) -> Iterator[StripeSandbox]:
    with StripeSandbox(webhook_url=f"{live_server.url}/webhooks/stripe/") as sandbox:
        settings.STRIPE_SECRET_KEY, settings.STRIPE_API_URL = sandbox.secret_key, sandbox.url
        settings.STRIPE_WEBHOOK_SECRET = sandbox.webhooks.secret
        settings.SITE_URL = live_server.url
        yield sandbox


@pytest.fixture(autouse=True)
def fresh_limits(db: None) -> None:
    cache.clear()


@pytest.fixture
def bill(stripe: StripeSandbox) -> Invoice:
    contact = make_contact("Zoë Quill", email="zoe@example.com")
    return make_invoice(contact, number="1042", total="120", owner=Invoice.Owner.BOOKS)
