"""Somebody who works here, with texts set up; nothing is handed over."""

from typing import Any

import pytest
from django.test import Client

from crm.models import User
from invoicing.models import Invoice
from tests.factories import make_contact, make_invoice, make_user


@pytest.fixture(autouse=True)
def texts_are_set_up(settings: Any) -> None:
    settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN, settings.TWILIO_FROM = "AC1", "token", "+15005550006"


@pytest.fixture
def jo(client: Client) -> User:
    user = make_user()
    client.force_login(user)
    return user


@pytest.fixture
def bill(db: None) -> Invoice:
    ada = make_contact("Ada Lovelace", first_name="Ada", phone="+14155550100", email="ada@example.com")
    return make_invoice(ada, number="1042", total="120")
