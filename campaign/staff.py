"""Staff at their screens: they note payments, refund, and text invoices, now and then with two clicks."""

import uuid
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from django.conf import settings
from django.test import Client
from django.urls import reverse

from campaign.browser import Browser
from campaign.payers import at_once
from crm.models import User
from invoicing.methods import get_methods
from invoicing.models import Invoice, Payment
from messaging.models.settings import INVOICE_MESSAGE
from sandbox import TwilioSandbox

CSRF = "x" * 32
ODD_PHONES = ("silent", "unreachable", "filtered", "not_mobile")
Act = Callable[[], Any]


class Staff:
    """An admin who is logged in. What is to be done is drawn at once, and done by whoever calls what was given."""

    def __init__(self, site: str, twilio: TwilioSandbox) -> None:
        self.site, self.twilio = site, twilio
        admin = User.objects.create_user("admin@example.com", role=User.Role.ADMIN)
        client = Client()
        client.force_login(admin)
        session = client.cookies[settings.SESSION_COOKIE_NAME].value
        self.browser = Browser("10.0.0.1", {settings.SESSION_COOKIE_NAME: session, "csrftoken": CSRF})
        self.noted: dict[str, int] = {}  # by a payment's key: its invoice

    def note_payment(self, dice: Random, invoice: Invoice) -> Act:
        key = self._key(dice)
        self.noted[key] = invoice.pk
        part = invoice.balance if dice.random() < 0.7 else (invoice.balance / 2).quantize(Decimal("0.01"))
        day = date.today() - timedelta(days=dice.randint(1, 5))
        form = {"key": key, "amount": f"{part:.2f}", "received_on": day.isoformat(), "method": get_methods()[0]}
        return self._submits(dice, reverse("invoicing:record-payment", args=[invoice.pk]), form)

    def refund(self, dice: Random, payment: Payment) -> Act:
        """All that is left of it, or half."""
        part = payment.amount if dice.random() < 0.5 else (payment.amount / 2).quantize(Decimal("0.01"))
        share = payment.allocations.first()
        invoice = share.invoice_id if share else Invoice.objects.filter(contact=payment.contact_id).first().pk  # type: ignore[union-attr]
        form = {"key": self._key(dice), "amount": f"{part:.2f}"}
        return self._submits(dice, reverse("invoicing:refund", args=[invoice, payment.pk]), form)

    def text(self, dice: Random, invoice: Invoice) -> Act:
        phone = invoice.contact.phone if invoice.contact else ""
        if phone and dice.random() < 0.05:
            self.twilio.phone(phone).trait(dice.choice(ODD_PHONES))
        form = {"key": self._key(dice), "channel": "text", "body": INVOICE_MESSAGE}
        return self._submits(dice, reverse("messaging:compose", args=[invoice.pk]), form)

    def _key(self, dice: Random) -> str:
        return str(uuid.UUID(int=dice.getrandbits(128), version=4))

    def _submits(self, dice: Random, path: str, form: dict[str, str]) -> Act:
        click = lambda: self.browser.post(f"{self.site}{path}", csrfmiddlewaretoken=CSRF, **form)  # noqa: E731
        clicks = [click] * (2 if dice.random() < 0.2 else 1)
        return lambda: at_once(clicks)
