"""An admin refunds a payment from its invoice; what staff and the customer see then."""

import re
import uuid
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from crm.models import Activity
from integrations import tasks
from invoicing.models import Invoice, Payment, Refund
from sandbox.stripe.stand_in import StripeSandbox
from tests.factories import make_agent, make_payment, make_user
from tests.integrations.stripe.story import go_to_stripe, page_of, told

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def paid(stripe: StripeSandbox, bill: Invoice) -> Payment:
    stripe.pay(go_to_stripe(bill))
    told(stripe)
    return Payment.objects.get()


@pytest.fixture
def admin(client: Client) -> Client:
    client.force_login(make_user())
    return client


def address(bill: Invoice, payment: Payment) -> str:
    return f"/invoices/{bill.pk}/refund/{payment.pk}/"


def form(**values: Any) -> dict[str, Any]:
    return {"key": str(uuid.uuid4()), "amount": "20.00", "reason": "Came late", **values}


def test_an_admin_refunds_a_part_from_the_invoice(
    stripe: StripeSandbox, bill: Invoice, paid: Payment, admin: Client
) -> None:
    assert address(bill, paid) in admin.get(f"/invoices/{bill.pk}/").text
    asked = admin.get(address(bill, paid)).text
    assert "$120.00 left" in asked and 'value="120.00"' in asked
    page = admin.post(address(bill, paid), form(), follow=True).text
    assert "20.00 USD was refunded. QuickBooks is told" in page
    assert "$120.00 paid, $20.00 refunded" in page and "Came late" in page and "by Jo Bloggs" in page
    assert "On hold." in page and "Start" in page
    assert 'value="100.00"' in admin.get(address(bill, paid)).text
    assert Refund.objects.get().actor == Activity.objects.get(verb="payment.refunded").actor


def test_a_second_click_is_the_same_refund(stripe: StripeSandbox, bill: Invoice, paid: Payment, admin: Client) -> None:
    values = form()
    admin.post(address(bill, paid), values)
    assert "asked for already" in admin.post(address(bill, paid), values, follow=True).text
    assert len(list(stripe.book.all("refund"))) == 1


def test_the_customer_sees_what_was_paid_what_went_back_and_what_is_due(
    stripe: StripeSandbox, bill: Invoice, paid: Payment, admin: Client
) -> None:
    admin.post(address(bill, paid), form())
    rows = re.findall(r"<dt[^>]*>([^<]+)</dt><dd[^>]*>([^<]+)</dd>", Client().get(page_of(bill)).text)
    assert rows == [
        ("Subtotal", "$120.00"),
        ("Total", "$120.00"),
        ("Paid", "-$120.00"),
        ("Refunded", "$20.00"),
        ("Amount due", "$20.00"),
    ]
    assert stripe.pay(go_to_stripe(bill)) is None  # and pays again
    told(stripe)
    bill.refresh_from_db()
    assert (bill.status, bill.balance) == ("paid", 0)


def test_start_ends_the_hold_once_and_says_by_whom(
    stripe: StripeSandbox, bill: Invoice, paid: Payment, admin: Client
) -> None:
    admin.post(address(bill, paid), form())
    admin.force_login(make_agent())
    bill.refresh_from_db()
    start = f"/invoices/{bill.pk}/start/"
    assert start in admin.get(f"/invoices/{bill.pk}/").text
    assert "Nothing was changed" in admin.post(start, {"seen": "another"}, follow=True).text
    assert "chased again" in admin.post(start, {"seen": bill.hold}, follow=True).text
    assert "Nothing was changed" in admin.post(start, {"seen": bill.hold}, follow=True).text
    assert Invoice.objects.get().hold == ""
    assert str(Activity.objects.get(verb="invoice.started").actor) == "Sam Agent"
    assert admin.get(start).status_code == 405


def test_an_agent_is_not_offered_it_and_may_not(stripe: StripeSandbox, bill: Invoice, paid: Payment) -> None:
    client = Client()
    client.force_login(make_agent())
    assert address(bill, paid) not in client.get(f"/invoices/{bill.pk}/").text
    assert client.post(address(bill, paid), form()).status_code == 403
    assert not Refund.objects.exists()


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"amount": "0"}, "above 0"),
        ({"amount": "1.005"}, "above 0"),
        ({"amount": "120.01"}, "At most 120.00 USD"),
        ({"amount": "NaN"}, "Write an amount, such as"),
        ({"amount": "1e400"}, "Write an amount, such as"),
        ({"key": "x"}, "Load this page again"),
        ({"reason": "x" * 201}, "at most 200"),
    ],
)
def test_what_cannot_be_is_refused_with_a_sentence(
    stripe: StripeSandbox, bill: Invoice, paid: Payment, admin: Client, values: dict[str, str], words: str
) -> None:
    answer = admin.post(address(bill, paid), form(**values))
    assert answer.status_code == 422 and words in answer.text
    assert not Refund.objects.exists()


def test_while_stripe_gives_no_answer_the_page_says_so_and_it_goes_on_by_itself(
    stripe: StripeSandbox, bill: Invoice, paid: Payment, admin: Client
) -> None:
    stripe.faults.add("503", times=50)
    page = admin.post(address(bill, paid), form(), follow=True).text
    assert "not confirmed yet. It goes on by itself" in page and "Not confirmed yet" in page
    assert "the rest is on its way back already" in admin.get(address(bill, paid)).text
    stripe.faults.clear()
    Refund.objects.update(not_before=None)
    tasks.take_gateway_events()
    assert "Not confirmed yet" not in admin.get(f"/invoices/{bill.pk}/").text


def test_what_stripe_refuses_is_said_in_its_words(
    stripe: StripeSandbox, bill: Invoice, paid: Payment, admin: Client
) -> None:
    stripe.webhooks.drop = 1.0
    charge = next(iter(stripe.book.tables["charge"]))
    stripe.refund(charge, 11000)
    page = admin.post(address(bill, paid), form(), follow=True).text
    assert "Nothing was refunded." in page and "greater than unrefunded amount" in page and "Failed" in page


def test_only_what_came_by_a_gateway_can_be_refunded(stripe: StripeSandbox, bill: Invoice, admin: Client) -> None:
    by_bank = make_payment(bill.contact, of={bill: "20"}, source="staff")
    assert address(bill, by_bank) not in admin.get(f"/invoices/{bill.pk}/").text
    assert "where it was taken" in admin.get(address(bill, by_bank), follow=True).text
    assert "where it was taken" in admin.post(address(bill, by_bank), form(), follow=True).text


def test_a_payment_of_somebody_else_is_not_found(
    stripe: StripeSandbox, bill: Invoice, paid: Payment, admin: Client
) -> None:
    other = Invoice.objects.create(
        number="2000", issued_on=bill.issued_on, due_on=bill.due_on, currency="USD", customer_name="Ben"
    )
    assert admin.get(address(other, paid)).status_code == 404
    assert admin.post(address(other, paid), form()).status_code == 404
    assert admin.get(f"/invoices/{2**70}/refund/1/").status_code == 404


def test_paid_twice_is_credit_that_the_invoice_offers_to_refund(
    stripe: StripeSandbox, bill: Invoice, admin: Client
) -> None:
    stripe.pay(go_to_stripe(bill))
    Invoice.objects.update(status="paid", balance="0")
    told(stripe)
    twice = Payment.objects.get()
    page = admin.get(f"/invoices/{bill.pk}/").text
    assert "settles nothing" in page and address(bill, twice) in page
    admin.post(address(bill, twice), form(amount="120"))
    bill.refresh_from_db()
    assert (bill.status, bill.balance, bill.hold) == ("paid", 0, "")
    assert Payment.objects.get().is_void


def test_many_refunds_ask_no_more_questions_than_one(
    stripe: StripeSandbox, bill: Invoice, paid: Payment, admin: Client
) -> None:
    def questions() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert admin.get(f"/invoices/{bill.pk}/").status_code == 200
        return len(queries)

    admin.post(address(bill, paid), form(amount="1"))
    questions()
    one = questions()
    for _ in range(5):
        admin.post(address(bill, paid), form(amount="2"))
    assert questions() == one
