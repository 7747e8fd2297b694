"""A customer pays by card: at Stripe, once, and the invoice is Paid here and in QuickBooks."""

import json
import re
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
import requests
from django.test import Client
from django.utils import timezone
from django_q.models import OrmQ

from integrations import outbox, tasks
from integrations.models import GatewayEvent, OutboxEntry, PaySession, QuickBooksConnection
from integrations.quickbooks import push
from integrations.stripe.amounts import can_take, from_stripe, to_stripe
from integrations.stripe.client import client as stripe_api
from invoicing.models import Invoice, Payment
from invoicing.removals import delete_here
from sandbox import Company, Sandbox
from sandbox.stripe.stand_in import StripeSandbox
from sandbox.stripe.webhooks import headers_of
from tests.factories import make_invoice, make_user
from tests.integrations.stripe.story import follow, go_to_stripe, page_of, told
from tests.sandbox.cast import customer, invoice
from tests.sandbox.cast import pay as pay_there

pytestmark = pytest.mark.django_db(transaction=True)
Status = PaySession.Status


def test_from_the_page_over_stripe_to_paid(stripe: StripeSandbox, bill: Invoice) -> None:
    page = Client().get(page_of(bill))
    assert "Pay by card" in page.text
    assert stripe.url in page["Content-Security-Policy"]
    url = go_to_stripe(bill)
    form = requests.get(url, timeout=5).text
    assert "120.00" in form and "Invoice 1042" in form
    assert stripe.pay(url) is None
    back = Client().get(f"{page_of(bill)}paid/", follow=True)
    assert "Paid" in back.text and "Pay by card" not in back.text
    told(stripe)
    payment = Payment.objects.get()
    assert (payment.source, payment.amount, payment.method, payment.contact) == ("stripe", 120, "Card", bill.contact)
    assert PaySession.objects.get().status == Status.PAID
    bill.refresh_from_db()
    assert (bill.status, bill.balance, bill.paid) == ("paid", 0, 120)


def test_the_webhook_alone_is_enough_and_told_twice_it_is_one_payment(stripe: StripeSandbox, bill: Invoice) -> None:
    stripe.webhooks.double = 1.0
    stripe.pay(go_to_stripe(bill))
    told(stripe)
    tasks.take_gateway_events()
    assert Payment.objects.count() == 1
    assert Invoice.objects.get().status == "paid"


def test_a_lost_webhook_is_made_up_for(stripe: StripeSandbox, bill: Invoice) -> None:
    stripe.webhooks.drop = 1.0
    stripe.pay(go_to_stripe(bill))
    told(stripe)
    assert not Payment.objects.exists()
    PaySession.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    tasks.take_gateway_events()
    assert Payment.objects.count() == 1


def test_a_page_that_stripe_does_not_know_holds_up_no_other(stripe: StripeSandbox, bill: Invoice) -> None:
    stripe.webhooks.drop = 1.0
    stripe.pay(go_to_stripe(bill))
    long_ago = timezone.now() - timedelta(hours=1)
    PaySession.objects.update(expires_at=long_ago)
    lost = {"gateway": "stripe", "reference": "cs_test_unknown", "status": Status.OPEN, "expires_at": long_ago}
    PaySession.objects.create(invoice=make_invoice(), amount="5", currency="USD", **lost)
    PaySession.objects.filter(reference="cs_test_unknown").update(expires_at=long_ago - timedelta(hours=1))
    tasks.take_gateway_events()
    assert Payment.objects.count() == 1


def test_a_page_whose_making_was_cut_off_is_known_by_its_key(stripe: StripeSandbox, bill: Invoice) -> None:
    url = go_to_stripe(bill)
    PaySession.objects.update(reference="", url="", status=Status.MAKING)
    stripe.pay(url)
    told(stripe)
    assert (Payment.objects.get().amount, PaySession.objects.get().status) == (120, Status.PAID)


def test_money_for_somebody_else_who_uses_the_same_account_is_none_of_ours(
    stripe: StripeSandbox, bill: Invoice
) -> None:
    line = {"currency": "usd", "unit_amount": 500, "product_data": {"name": "A mug"}}
    theirs = stripe_api().v1.checkout.sessions.create(
        params={
            "mode": "payment",
            "line_items": [{"quantity": 1, "price_data": line}],
            "metadata": {"invoice": str(bill.pk)},  # their number 7 is not ours
            "success_url": "https://shop.example/paid",
        }
    )
    stripe.pay(theirs.url or "")
    told(stripe)
    assert GatewayEvent.objects.exists() and not Payment.objects.exists()


def test_a_page_that_was_paid_at_this_very_moment_is_not_followed_by_another(
    stripe: StripeSandbox, bill: Invoice
) -> None:
    stripe.webhooks.drop = 1.0
    stripe.pay(go_to_stripe(bill))
    PaySession.objects.update(expires_at=timezone.now() + timedelta(minutes=1))
    answer = Client().post(f"{page_of(bill)}pay/", {"gateway": "stripe"}, follow=True)
    assert "Paid" in answer.text and "does not work" not in answer.text
    assert Payment.objects.count() == PaySession.objects.count() == 1


def test_pages_of_an_account_that_was_left_stand_in_nobodys_way(
    stripe: StripeSandbox, bill: Invoice, settings: Any
) -> None:
    go_to_stripe(bill)
    long_ago = timezone.now() - timedelta(days=1)
    PaySession.objects.update(expires_at=long_ago)
    other = make_invoice(bill.contact, total="80", owner=Invoice.Owner.BOOKS)
    with StripeSandbox() as another:  # as after the change from test to live keys
        settings.STRIPE_SECRET_KEY, settings.STRIPE_API_URL = another.secret_key, another.url
        another.pay(go_to_stripe(other))
        PaySession.objects.filter(invoice=other).update(expires_at=timezone.now())
        tasks.take_gateway_events()
        assert Payment.objects.get().amount == 80
        assert another.pay(go_to_stripe(bill)) is None


def test_two_tabs_and_a_double_click_lead_to_the_same_page(stripe: StripeSandbox, bill: Invoice) -> None:
    assert go_to_stripe(bill) == go_to_stripe(bill)
    assert PaySession.objects.count() == 1


def test_whoever_presses_without_end_is_slowed_down(stripe: StripeSandbox, bill: Invoice) -> None:
    path = f"{page_of(bill)}pay/"
    statuses = [Client().post(path, {"gateway": "stripe"}).status_code for _ in range(25)]
    assert statuses[0] == 302 and statuses[-1] == 429
    assert PaySession.objects.count() == 1


def test_another_amount_ends_the_old_page(stripe: StripeSandbox, bill: Invoice) -> None:
    old = go_to_stripe(bill)
    Invoice.objects.update(balance="80")
    new = go_to_stripe(bill)
    assert new != old
    assert stripe.session(old)["status"] == "expired"
    assert stripe.pay(new) is None
    told(stripe)
    assert Payment.objects.get().amount == 80


def test_money_that_came_another_way_ends_the_page(stripe: StripeSandbox, bill: Invoice, client: Client) -> None:
    url = go_to_stripe(bill)
    client.force_login(make_user())
    values = {"key": "8f7f4b3c-68c8-4e0e-a0cf-4f8e9d6f3a11", "amount": "120", "method": "Bank", "memo": ""}
    client.post(f"/invoices/{bill.pk}/record-payment/", {**values, "received_on": "2026-01-15"})
    assert Payment.objects.get().source == "staff"
    tasks.close_pay_pages(bill.pk)
    assert stripe.session(url)["status"] == "expired"
    assert PaySession.objects.get().status == Status.CLOSED


def test_an_invoice_that_staff_delete_ends_the_page(stripe: StripeSandbox, bill: Invoice) -> None:
    url = go_to_stripe(bill)
    OrmQ.objects.all().delete()
    delete_here(bill, actor=make_user())
    assert [task.name() for task in OrmQ.objects.all() if "close_pay_pages" in str(task.func())]
    tasks.close_pay_pages(bill.pk)
    assert stripe.session(url)["status"] == "expired"


def test_money_that_still_arrives_is_taken_and_told(stripe: StripeSandbox, bill: Invoice) -> None:
    stripe.pay(go_to_stripe(bill))
    Invoice.objects.update(status="paid", balance="0")
    told(stripe)
    assert Payment.objects.get().unapplied == 120
    assert "more than was owed" in Invoice.objects.get().attention


def test_a_declined_card_charges_nothing_and_may_be_tried_again(stripe: StripeSandbox, bill: Invoice) -> None:
    url = go_to_stripe(bill)
    assert stripe.pay(url, "declined")
    told(stripe)
    assert not Payment.objects.exists()
    assert stripe.pay(url) is None
    told(stripe)
    assert Payment.objects.count() == 1


def test_a_bank_that_answers_late_is_waited_for(stripe: StripeSandbox, bill: Invoice) -> None:
    url = go_to_stripe(bill)
    stripe.pay(url, "wait")
    told(stripe)
    assert PaySession.objects.get().status == Status.WAITING
    page = Client().get(f"{page_of(bill)}paid/", follow=True).text
    assert "Your payment is on its way" in page and 'name="gateway"' not in page
    assert "?sorry=" in Client().post(f"{page_of(bill)}pay/", {"gateway": "stripe"})["Location"]
    stripe.bank_answers(stripe.session(url)["payment_intent"], paid=True)
    told(stripe)
    assert Invoice.objects.get().status == "paid"


def test_an_address_that_says_paid_is_not_believed(stripe: StripeSandbox, bill: Invoice) -> None:
    page = Client().get(f"{page_of(bill)}?paid=1").text
    assert "If you have just paid" in page and "Pay by card" in page


def test_a_bank_that_refuses_late_leaves_it_owed(stripe: StripeSandbox, bill: Invoice) -> None:
    url = go_to_stripe(bill)
    stripe.pay(url, "wait")
    told(stripe)
    stripe.bank_answers(stripe.session(url)["payment_intent"], paid=False)
    told(stripe)
    assert PaySession.objects.get().status == Status.CLOSED
    assert Invoice.objects.get().status == "open" and not Payment.objects.exists()
    assert go_to_stripe(bill) != url


@pytest.mark.parametrize("trouble", ["cut_before", "cut_after", "500", "503", "429", "garbage"])
def test_stripe_in_trouble_charges_nothing_and_says_so(stripe: StripeSandbox, bill: Invoice, trouble: str) -> None:
    stripe.faults.add(trouble, times=20, match="/v1/checkout/sessions")
    answer = Client().post(f"{page_of(bill)}pay/", {"gateway": "stripe"}, follow=True)
    assert "does not work just now. Nothing was charged" in answer.text
    stripe.faults.clear()
    stripe.pay(go_to_stripe(bill))
    told(stripe)
    assert Payment.objects.count() == 1


def test_events_wait_while_stripe_cannot_be_asked(stripe: StripeSandbox, bill: Invoice) -> None:
    stripe.pay(go_to_stripe(bill))
    assert stripe.webhooks.wait_idle()
    stripe.faults.add("503", times=50)
    tasks.take_gateway_events()
    event = GatewayEvent.objects.first()
    assert event and (event.status, event.attempts) == ("pending", 0)
    stripe.faults.clear()
    GatewayEvent.objects.update(not_before=None)
    tasks.take_gateway_events()
    assert Payment.objects.count() == 1


def test_forged_and_foreign_webhooks_do_nothing(stripe: StripeSandbox, bill: Invoice, settings: Any) -> None:
    body = json.dumps({"id": "evt_1", "type": "checkout.session.completed", "data": {"object": {"id": "cs_1"}}})
    post = lambda **headers: Client().post(  # noqa: E731 - short
        "/webhooks/stripe/", body, content_type="application/json", headers=headers
    )
    assert post().status_code == 403
    assert post(**{"Stripe-Signature": "t=1,v1=00"}).status_code == 403
    assert not GatewayEvent.objects.exists()
    settings.STRIPE_WEBHOOK_SECRET = ""
    assert post().status_code == 404
    assert Client().get("/webhooks/stripe/").status_code == 405


def test_a_page_of_somebody_else_on_the_same_account_pays_none_of_our_invoices(
    stripe: StripeSandbox, bill: Invoice
) -> None:
    ours = go_to_stripe(bill)
    form = {
        "mode": "payment",
        "success_url": "https://shop.example.com/thanks",
        "line_items[0][quantity]": "1",
        "line_items[0][price_data][currency]": "usd",
        "line_items[0][price_data][unit_amount]": "999",
        "line_items[0][price_data][product_data][name]": "Book",
        "client_reference_id": f"cart-{bill.pk}",
        "metadata[invoice]": str(bill.pk),
    }
    api = f"{stripe.url}/v1/checkout/sessions"
    made = requests.post(api, form, auth=(stripe.secret_key, ""), timeout=5).json()
    assert stripe.pay(made["url"], email="reader@example.com") is None
    told(stripe)
    assert list(GatewayEvent.objects.values_list("status", flat=True)) == ["done"]
    assert not Payment.objects.exists()
    assert PaySession.objects.get().status == Status.OPEN and stripe.session(ours)["status"] == "open"


def test_a_page_whose_making_was_cut_off_is_known_again_by_its_key(stripe: StripeSandbox, bill: Invoice) -> None:
    url = go_to_stripe(bill)
    PaySession.objects.update(status=Status.MAKING, reference="", url="")
    stripe.pay(url)
    told(stripe)
    assert Payment.objects.get().amount == 120
    assert PaySession.objects.get().status == Status.PAID


def test_ids_that_no_database_stores_are_no_ids(stripe: StripeSandbox) -> None:
    for odd in ("cs_\x00", "cs_\ud800"):
        event = {"id": "evt_1", "type": "checkout.session.completed", "data": {"object": {"id": odd}}}
        body = json.dumps(event).encode()
        signed = {"Stripe-Signature": headers_of(body, stripe.webhooks.secret)["stripe-signature"]}
        answer = Client().post("/webhooks/stripe/", body, content_type="application/json", headers=signed)
        assert answer.status_code == 400
    assert not GatewayEvent.objects.exists()


def test_nothing_is_offered_where_nothing_is_owed_or_no_key_is_set(
    stripe: StripeSandbox, bill: Invoice, settings: Any
) -> None:
    Invoice.objects.update(status="paid", balance="0")
    assert not re.search('name="gateway"', Client().get(page_of(bill)).text)
    assert Client().post(f"{page_of(bill)}pay/", {"gateway": "stripe"})["Location"] == page_of(bill)
    Invoice.objects.update(status="open", balance="120")
    assert Client().post(f"{page_of(bill)}pay/", {"gateway": "paypal"})["Location"] == page_of(bill)
    settings.STRIPE_SECRET_KEY = ""
    assert not re.search('name="gateway"', Client().get(page_of(bill)).text)
    assert not PaySession.objects.exists()


def test_it_is_paid_in_quickbooks_too_and_in_undeposited_funds(
    stripe: StripeSandbox, quickbooks: Sandbox, connection: QuickBooksConnection
) -> None:
    books = quickbooks.company("us")
    look = follow(connection)
    made = invoice(books, customer(books))
    look()
    ours = Invoice.objects.get()
    stripe.pay(go_to_stripe(ours))
    told(stripe)
    assert outbox.drain(connection, push.PUSHES) == 1
    look()
    (booked,) = books.query("SELECT * FROM Payment")
    assert booked["TotalAmt"] == 100 and books.read("Invoice", made["Id"])["Balance"] == 0
    assert books.read("Account", booked["DepositToAccountRef"]["value"])["AccountSubType"] == "UndepositedFunds"
    ours.refresh_from_db()
    assert (ours.status, ours.balance, Payment.objects.count()) == ("paid", 0, 1)


def test_paid_at_stripe_and_in_quickbooks_at_once_is_one_debt_and_one_credit(
    stripe: StripeSandbox, quickbooks: Sandbox, connection: QuickBooksConnection
) -> None:
    books: Company = quickbooks.company("us")
    look = follow(connection)
    ada = customer(books)
    made = invoice(books, ada)
    look()
    ours = Invoice.objects.get()
    stripe.pay(go_to_stripe(ours))
    pay_there(books, ada, 100, (made, 100))
    told(stripe)
    outbox.drain(connection, push.PUSHES)
    look()
    assert OutboxEntry.objects.get().status == "done"
    assert sum(one["UnappliedAmt"] for one in books.query("SELECT * FROM Payment")) == 100
    assert "at the same time" in Invoice.objects.get().attention


def test_what_is_charged_is_what_quickbooks_says_at_that_moment(
    stripe: StripeSandbox, quickbooks: Sandbox, connection: QuickBooksConnection
) -> None:
    books: Company = quickbooks.company("us")
    look = follow(connection)
    ada = customer(books)
    made = invoice(books, ada)
    look()
    ours = Invoice.objects.get()
    pay_there(books, ada, 40, (made, 40))  # nobody has told us
    assert "60.00" in requests.get(go_to_stripe(ours), timeout=5).text
    pay_there(books, ada, 60, (made, 60))
    assert Client().post(f"{page_of(ours)}pay/", {"gateway": "stripe"})["Location"] == page_of(ours)
    assert "Paid" in Client().get(page_of(ours)).text


def test_while_quickbooks_cannot_be_asked_what_is_held_is_charged(
    stripe: StripeSandbox, quickbooks: Sandbox, connection: QuickBooksConnection
) -> None:
    books: Company = quickbooks.company("us")
    look = follow(connection)
    invoice(books, customer(books))
    look()
    quickbooks.faults.add("503", times=100)
    assert "100.00" in requests.get(go_to_stripe(Invoice.objects.get()), timeout=5).text


def test_what_the_bookkeeper_changes_ends_the_page(
    stripe: StripeSandbox, quickbooks: Sandbox, connection: QuickBooksConnection
) -> None:
    books: Company = quickbooks.company("us")
    look = follow(connection)
    ada = customer(books)
    made, other = invoice(books, ada), invoice(books, ada)
    look()
    urls = [go_to_stripe(one) for one in Invoice.objects.order_by("pk")]
    pay_there(books, ada, 40, (made, 40))
    books.void("Invoice", other["Id"])
    look()
    for one in Invoice.objects.all():
        tasks.close_pay_pages(one.pk)
    assert {stripe.session(url)["status"] for url in urls} == {"expired"}
    assert OrmQ.objects.filter(payload__isnull=False).exists()


@pytest.mark.parametrize(
    ("amount", "currency", "units"),
    [
        ("12.34", "USD", 1234),
        ("12000", "JPY", 12000),
        ("1.250", "KWD", 1250),
        ("5", "ISK", 500),
        ("5", "UGX", 500),
        ("7", "MGA", 7),
    ],
)
def test_amounts_are_counted_as_stripe_does(amount: str, currency: str, units: int) -> None:
    assert to_stripe(Decimal(amount), currency) == units
    assert from_stripe(units, currency) == Decimal(amount)


@pytest.mark.parametrize(
    ("amount", "currency", "can"), [("1.255", "KWD", False), ("1.25", "KWD", True), ("7.5", "MGA", False)]
)
def test_what_stripe_has_no_number_for_is_not_sent(amount: str, currency: str, can: bool) -> None:
    assert can_take(Decimal(amount), currency) is can
