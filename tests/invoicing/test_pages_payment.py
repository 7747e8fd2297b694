"""Noting by hand that an invoice was paid: the form, what it refuses, and a second click."""

import re
import uuid
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from crm.models import Activity, User
from invoicing.models import Invoice, Payment
from tests.factories import business_day, make_agent, make_contact, make_invoice, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def jo(client: Client) -> User:
    user = make_user()
    client.force_login(user)
    return user


@pytest.fixture
def invoice() -> Invoice:
    return make_invoice(make_contact(), number="1042", total="120", owner=Invoice.Owner.BOOKS)


def address(invoice: Invoice) -> str:
    return f"/invoices/{invoice.pk}/record-payment/"


def form(**values: Any) -> dict[str, Any]:
    day = business_day().isoformat()
    return {"key": str(uuid.uuid4()), "amount": "120.00", "received_on": day, "method": "Card", "memo": "", **values}


def test_the_form_offers_what_is_owed_today_and_leaves_the_way_it_was_paid_to_be_chosen(
    client: Client, jo: User, invoice: Invoice
) -> None:
    page = client.get(f"/invoices/{invoice.pk}/").text
    assert address(invoice) in page
    html = client.get(address(invoice)).text
    assert 'value="120.00"' in html and f'value="{business_day().isoformat()}"' in html
    assert re.findall(r'<option value="(\w*)"', html) == ["", "Card", "Bank"]


def test_a_payment_noted_by_hand_settles_the_invoice_and_says_by_whom(
    client: Client, jo: User, invoice: Invoice
) -> None:
    answer = client.post(address(invoice), form(memo="slip 9"), follow=True)
    assert "120.00 USD is noted" in answer.text
    invoice.refresh_from_db()
    assert (invoice.status, invoice.balance, invoice.paid) == ("paid", 0, 120)
    payment = Payment.objects.get()
    assert (payment.source, payment.method, payment.memo) == ("staff", "Card", "slip 9")
    noted = Activity.objects.get(verb="payment.recorded")
    assert noted.actor == jo
    assert noted.text in client.get(f"/invoices/{invoice.pk}/").text.partition('id="timeline"')[2]
    assert address(invoice) not in client.get(f"/invoices/{invoice.pk}/").text
    assert "Nothing is owed" in client.get(address(invoice), follow=True).text


@pytest.mark.parametrize("key", ["\x00", "no-key", "", "9" * 4000])
def test_a_form_with_a_made_up_key_notes_nothing(client: Client, jo: User, invoice: Invoice, key: str) -> None:
    assert client.post(address(invoice), form(key=key)).status_code == 422
    assert not Payment.objects.exists()


def test_a_second_click_is_the_same_payment(client: Client, jo: User, invoice: Invoice) -> None:
    values = form(amount="50")
    client.post(address(invoice), values)
    assert "noted already" in client.post(address(invoice), values, follow=True).text
    assert Payment.objects.count() == 1
    client.post(address(invoice), form(amount="70"))
    assert Invoice.objects.get().status == "paid"
    assert "noted already" in client.post(address(invoice), values, follow=True).text


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"amount": "0"}, "above 0"),
        ({"amount": "-5"}, "above 0"),
        ({"amount": "1.005"}, "above 0"),
        ({"amount": "120.01"}, "Only 120.00 USD is owed"),
        ({"amount": "many"}, "Write an amount, such as"),
        ({"amount": "1e400"}, "Write an amount, such as"),
        ({"amount": "NaN"}, "Write an amount, such as"),
        ({"received_on": "2999-01-01"}, "still to come"),
        ({"received_on": "soon"}, "valid date"),
        ({"method": "Barter"}, "valid choice"),
        ({"method": ""}, "Choose how it was paid."),
        ({"key": "x"}, "Load this page again"),
    ],
)
def test_what_cannot_be_is_refused_with_a_sentence(
    client: Client, jo: User, invoice: Invoice, values: dict[str, str], words: str
) -> None:
    answer = client.post(address(invoice), form(**values))
    assert answer.status_code == 422
    assert words in answer.text
    assert not Payment.objects.exists()


def test_yens_have_no_hundredths(client: Client, jo: User) -> None:
    invoice = make_invoice(make_contact(), total="12000", currency="JPY", owner=Invoice.Owner.BOOKS)
    assert client.post(address(invoice), form(amount="0.50")).status_code == 422
    client.post(address(invoice), form(amount="12000"))
    assert Invoice.objects.get().status == "paid"


def test_an_agent_may_and_a_stranger_may_not(client: Client, invoice: Invoice) -> None:
    assert client.post(address(invoice), form())["Location"].startswith("/accounts/login/")
    client.force_login(make_agent())
    client.post(address(invoice), form())
    assert Payment.objects.count() == 1


@pytest.mark.parametrize("state", [{"status": "void", "balance": 0}, {"contact": None}])
def test_what_cannot_be_paid_says_why(client: Client, jo: User, invoice: Invoice, state: dict[str, Any]) -> None:
    Invoice.objects.update(**state)
    answer = client.get(address(invoice), follow=True)
    assert "Nothing is owed" in answer.text or "clashes with a contact" in answer.text
    client.post(address(invoice), form())
    assert not Payment.objects.exists()


def test_a_removed_invoice_is_not_found(client: Client, jo: User, invoice: Invoice) -> None:
    Invoice.objects.update(removed_at=timezone.now() - timedelta(days=1))
    assert client.get(address(invoice)).status_code == 404


def test_parts_that_no_binary_number_adds_up_settle_it_all_the_same(client: Client, jo: User) -> None:
    small = make_invoice(make_contact(), total="0.30")
    for part in ("0.10", "0.20"):
        client.post(address(small), form(amount=part))
    small.refresh_from_db()
    assert (small.status, small.balance, small.paid) == (Invoice.Status.PAID, 0, Decimal("0.30"))
