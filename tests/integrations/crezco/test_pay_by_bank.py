"""A customer pays by bank: at Crezco, once, whatever is lost, doubled, late or forged on the way."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal
from io import StringIO
from typing import Any

import pytest
import requests
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.db import connections
from django.test import Client
from django.utils import timezone

from integrations import tasks
from integrations.crezco import payments
from integrations.crezco.mapping import bank_reference, demand_from, payments_from
from integrations.errors import Rejected
from integrations.models import GatewayEvent, PaySession
from invoicing.links import link_for
from invoicing.models import Invoice, Payment
from sandbox import CrezcoSandbox
from tests.factories import make_contact, make_invoice

pytestmark = pytest.mark.django_db(transaction=True)
Status = PaySession.Status
SECRET = "a-secret-in-an-address"


@pytest.fixture
def crezco(settings: Any, live_server: Any) -> Iterator[CrezcoSandbox]:
    with CrezcoSandbox(webhook_url=f"{live_server.url}/webhooks/crezco/{SECRET}/") as sandbox:
        settings.CREZCO_API_KEY, settings.CREZCO_USER_ID = sandbox.api_key, sandbox.user_id
        settings.CREZCO_API_URL, settings.CREZCO_WEBHOOK_SECRET = sandbox.url, SECRET
        settings.SITE_URL = live_server.url
        yield sandbox


@pytest.fixture(autouse=True)
def fresh_limits(db: None) -> None:
    cache.clear()


@pytest.fixture
def bill(crezco: CrezcoSandbox) -> Invoice:
    contact = make_contact("Zoë Quill", email="zoe@example.com")
    return make_invoice(contact, number="inv_1042", total="120", currency="GBP", owner=Invoice.Owner.BOOKS)


def page_of(of: Invoice) -> str:
    return f"/i/{link_for(of).token}/"


def press(of: Invoice) -> str:
    answer = Client().post(f"{page_of(of)}pay/", {"gateway": "crezco"})
    assert answer.status_code == 302
    return answer["Location"]


def go_to_the_bank(of: Invoice) -> str:
    url = press(of)
    assert "/payment/" in url
    return url


def told(crezco: CrezcoSandbox) -> None:
    """Everything that Crezco has to say has arrived, and a worker has taken it over."""
    assert crezco.webhooks.wait_idle()
    tasks.take_gateway_events()


def later() -> None:
    """The time has come to look after pages."""
    PaySession.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    tasks.take_gateway_events()


def test_from_the_page_over_the_bank_to_paid(crezco: CrezcoSandbox, bill: Invoice) -> None:
    page = Client().get(page_of(bill))
    assert "Pay by bank" in page.text
    assert crezco.url in page["Content-Security-Policy"]
    url = go_to_the_bank(bill)
    form = requests.get(url, timeout=5).text
    assert "£120.00" in form and "INV 1042" in form
    back = requests.post(url, {"bank": "Heron & Hazel", "way": "approve"}, timeout=20)
    assert back.url.endswith(f"{page_of(bill)}?paid=1") or back.url.endswith(page_of(bill))
    assert "Thank you" in back.text and "Pay by bank" not in back.text
    told(crezco)
    payment = Payment.objects.get()
    assert (payment.source, payment.amount, payment.method, payment.contact) == ("crezco", 120, "Bank", bill.contact)
    assert payment.memo == "INV 1042"
    assert PaySession.objects.get().status == Status.PAID
    bill.refresh_from_db()
    assert (bill.status, bill.balance, bill.paid) == ("paid", 0, 120)


@pytest.mark.parametrize("in_lists", [False, True])
def test_the_webhook_alone_is_enough_however_often_late_and_mixed_up_it_comes(
    crezco: CrezcoSandbox, bill: Invoice, in_lists: bool
) -> None:
    hooks = crezco.webhooks
    hooks.double, hooks.shuffle, hooks.delay, hooks.in_lists = 1.0, True, 0.05, in_lists
    crezco.pay(go_to_the_bank(bill))
    told(crezco)
    tasks.take_gateway_events()
    assert Payment.objects.count() == 1
    assert Invoice.objects.get().status == "paid"
    assert {event.kind for event in GatewayEvent.objects.all()} == {"PaymentPending", "PaymentCompleted"}


def test_a_lost_webhook_is_made_up_for(crezco: CrezcoSandbox, bill: Invoice) -> None:
    crezco.webhooks.drop = 1.0
    crezco.pay(go_to_the_bank(bill))
    told(crezco)
    assert not Payment.objects.exists()
    later()
    assert Payment.objects.count() == 1 and PaySession.objects.get().status == Status.PAID


def test_two_tabs_and_a_double_click_lead_to_the_same_page(crezco: CrezcoSandbox, bill: Invoice) -> None:
    assert go_to_the_bank(bill) == go_to_the_bank(bill)
    assert PaySession.objects.count() == 1 and len(crezco.book.all("demand")) == 1


def test_many_presses_at_once_leave_one_open_demand(crezco: CrezcoSandbox, bill: Invoice) -> None:
    path = f"{page_of(bill)}pay/"

    def once(number: int) -> str:
        try:
            return str(Client().post(path, {"gateway": "crezco"})["Location"])
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        urls = [url for url in pool.map(once, range(8)) if "/payment/" in url]
    assert urls
    [row] = PaySession.objects.filter(status=Status.OPEN)
    assert {crezco.demand(url)["payDemandId"] for url in urls} == {row.reference}


def test_the_return_the_webhook_and_the_sweep_at_once_record_one_payment(crezco: CrezcoSandbox, bill: Invoice) -> None:
    crezco.pay(go_to_the_bank(bill))
    reference = PaySession.objects.get().reference

    def once(number: int) -> bool:
        try:
            return payments.take(reference)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(once, range(8)))
    assert Payment.objects.count() == 1
    assert Invoice.objects.get().status == "paid"


def test_an_old_page_is_left_by_a_new_link_to_the_same_demand(crezco: CrezcoSandbox, bill: Invoice) -> None:
    first = go_to_the_bank(bill)
    PaySession.objects.update(created_at=timezone.now() - timedelta(days=3))
    second = go_to_the_bank(bill)
    assert first != second and len(crezco.book.all("demand")) == 1


def test_another_amount_makes_another_demand_and_the_old_one_is_not_handed_out_again(
    crezco: CrezcoSandbox, bill: Invoice
) -> None:
    old = go_to_the_bank(bill)
    Invoice.objects.update(balance="80")
    new = go_to_the_bank(bill)
    assert crezco.demand(new)["payDemandId"] != crezco.demand(old)["payDemandId"]
    assert PaySession.objects.get(reference=crezco.demand(old)["payDemandId"]).status == Status.LINGERING
    assert go_to_the_bank(bill) == new
    crezco.pay(new)
    told(crezco)
    assert Payment.objects.get().amount == 80


@pytest.mark.parametrize("is_told", [True, False])
def test_money_on_a_page_that_was_closed_is_taken_as_credit(
    crezco: CrezcoSandbox, bill: Invoice, is_told: bool
) -> None:
    url = go_to_the_bank(bill)
    Invoice.objects.update(status="paid", balance="0")
    tasks.close_pay_pages(bill.pk)
    assert PaySession.objects.get().status == Status.LINGERING
    crezco.webhooks.drop = 0.0 if is_told else 1.0
    crezco.pay(url)
    told(crezco)
    later()
    assert Payment.objects.get().unapplied == 120
    assert "more than was owed" in Invoice.objects.get().attention


def test_a_page_is_closed_here_even_while_crezco_is_away(crezco: CrezcoSandbox, bill: Invoice) -> None:
    go_to_the_bank(bill)
    crezco.faults.add("503", times=20)
    tasks.close_pay_pages(bill.pk)
    assert PaySession.objects.get().status == Status.LINGERING


def test_a_closed_page_is_asked_for_less_and_less_often_and_in_the_end_no_more(
    crezco: CrezcoSandbox, bill: Invoice
) -> None:
    go_to_the_bank(bill)
    tasks.close_pay_pages(bill.pk)
    PaySession.objects.update(created_at=timezone.now() - timedelta(hours=8))
    later()
    row = PaySession.objects.get()
    assert row.status == Status.LINGERING and row.expires_at
    assert timedelta(minutes=110) < row.expires_at - timezone.now() < timedelta(minutes=121)
    PaySession.objects.update(created_at=timezone.now() - timedelta(days=31))
    later()
    assert PaySession.objects.get().status == Status.CLOSED


def test_a_page_that_was_paid_is_not_handed_out_before_the_webhook_comes(crezco: CrezcoSandbox, bill: Invoice) -> None:
    crezco.webhooks.enabled = False
    crezco.pay(go_to_the_bank(bill))
    assert press(bill) == page_of(bill)
    assert Payment.objects.count() == 1 and Invoice.objects.get().status == "paid"


def test_paying_the_same_page_twice_is_one_debt_and_one_credit(crezco: CrezcoSandbox, bill: Invoice) -> None:
    crezco.open.pays_again = True
    url = go_to_the_bank(bill)
    crezco.pay(url)
    told(crezco)
    crezco.pay(url)
    told(crezco)
    assert sorted(Payment.objects.values_list("amount", "unapplied")) == [(120, 0), (120, 120)]


def test_a_declined_payment_charges_nothing_and_may_be_tried_again(crezco: CrezcoSandbox, bill: Invoice) -> None:
    url = go_to_the_bank(bill)
    crezco.pay(url, "decline")
    told(crezco)
    assert not Payment.objects.exists() and PaySession.objects.get().status == Status.LINGERING
    again = go_to_the_bank(bill)
    assert again != url
    crezco.pay(again)
    told(crezco)
    assert Payment.objects.count() == 1


def test_whoever_stays_at_the_bank_after_a_decline_and_pays_has_paid(crezco: CrezcoSandbox, bill: Invoice) -> None:
    url = go_to_the_bank(bill)
    crezco.pay(url, "decline")
    told(crezco)
    crezco.pay(url)
    told(crezco)
    assert Payment.objects.count() == 1 and PaySession.objects.get().status == Status.PAID


def test_a_bank_that_takes_its_time_is_waited_for(crezco: CrezcoSandbox, bill: Invoice) -> None:
    payment = crezco.pay(go_to_the_bank(bill), "wait")
    told(crezco)
    assert PaySession.objects.get().status == Status.WAITING
    page = Client().get(f"{page_of(bill)}paid/", follow=True).text
    assert "Your payment is on its way" in page and 'name="gateway"' not in page
    assert press(bill) == page_of(bill)
    crezco.bank_answers(payment["id"], paid=True)
    told(crezco)
    assert Invoice.objects.get().status == "paid"


def test_a_bank_that_refuses_late_leaves_it_owed(crezco: CrezcoSandbox, bill: Invoice) -> None:
    url = go_to_the_bank(bill)
    payment = crezco.pay(url, "wait")
    told(crezco)
    crezco.webhooks.drop = 1.0
    crezco.bank_answers(payment["id"], paid=False)
    later()
    assert PaySession.objects.get().status == Status.LINGERING
    assert Invoice.objects.get().status == "open" and not Payment.objects.exists()
    assert go_to_the_bank(bill) != url


@pytest.mark.parametrize("trouble", ["cut_before", "cut_after", "500", "503", "429", "garbage", "401"])
def test_crezco_in_trouble_charges_nothing_and_says_so(crezco: CrezcoSandbox, bill: Invoice, trouble: str) -> None:
    crezco.faults.add(trouble, times=20, match="pay-demands")
    answer = Client().post(f"{page_of(bill)}pay/", {"gateway": "crezco"}, follow=True)
    assert "does not work just now. Nothing was charged" in answer.text
    crezco.faults.clear()
    crezco.pay(go_to_the_bank(bill))
    told(crezco)
    assert Payment.objects.count() == 1
    assert len(crezco.book.all("demand")) == 1  # the key of the page that was cut off found the demand again


@pytest.mark.parametrize("trouble", ["cut_before", "cut_after", "503"])
def test_one_lost_answer_is_not_even_noticed(crezco: CrezcoSandbox, bill: Invoice, trouble: str) -> None:
    crezco.faults.add(trouble, times=1, match="pay-demands")
    crezco.pay(go_to_the_bank(bill))
    assert len(crezco.book.all("demand")) == 1


def test_without_a_link_that_comes_back_the_plain_page_will_do(crezco: CrezcoSandbox, bill: Invoice) -> None:
    crezco.faults.add("503", times=20, match="/payment?")
    url = go_to_the_bank(bill)
    assert url == crezco.demand(url)["paymentUri"]


def test_a_demand_whose_answer_was_lost_is_found_by_its_key_when_it_is_paid(
    crezco: CrezcoSandbox, bill: Invoice
) -> None:
    crezco.faults.add("cut_after", times=20, match="pay-demands")
    press(bill)
    crezco.faults.clear()
    [demand] = crezco.book.all("demand")
    crezco.pay(demand["paymentUri"])
    told(crezco)
    assert Payment.objects.count() == 1
    assert PaySession.objects.get().reference == demand["payDemandId"]


def test_events_wait_while_crezco_cannot_be_asked(crezco: CrezcoSandbox, bill: Invoice) -> None:
    crezco.pay(go_to_the_bank(bill))
    assert crezco.webhooks.wait_idle()
    crezco.faults.add("503", times=50)
    tasks.take_gateway_events()
    event = GatewayEvent.objects.order_by("pk").first()
    assert event and (event.status, event.attempts) == ("pending", 0)
    crezco.faults.clear()
    GatewayEvent.objects.update(not_before=None)
    tasks.take_gateway_events()
    assert Payment.objects.count() == 1


@pytest.mark.parametrize("name", ["id_alone", "by_user", "status_within", "numbers", "all"])
def test_where_the_guides_are_silent_either_answer_is_survived(crezco: CrezcoSandbox, bill: Invoice, name: str) -> None:
    for one in vars(crezco.open) if name == "all" else [name]:
        setattr(crezco.open, one, not getattr(crezco.open, one))
    crezco.open.pays_again = False
    url = go_to_the_bank(bill)
    assert go_to_the_bank(bill) == url
    crezco.pay(url, "decline")
    told(crezco)
    payment = crezco.pay(go_to_the_bank(bill), "wait")
    told(crezco)
    assert sorted(PaySession.objects.values_list("status", flat=True)) == [Status.LINGERING, Status.WAITING]
    crezco.bank_answers(payment["id"])
    told(crezco)
    later()
    assert Payment.objects.get().amount == Decimal(120)
    assert Invoice.objects.get().status == "paid"


def test_a_list_of_payments_that_comes_up_later_records_nothing_twice(crezco: CrezcoSandbox, bill: Invoice) -> None:
    crezco.open.status_within = True
    crezco.pay(go_to_the_bank(bill))
    told(crezco)
    crezco.open.status_within = False
    payments.take(PaySession.objects.get().reference)
    crezco.open.status_within = True
    payments.take(PaySession.objects.get().reference)
    assert Payment.objects.count() == 1


def event(**known: Any) -> dict[str, Any]:
    return {
        "type": "Payment",
        "eventType": "PaymentCompleted",
        "id": "02ea8cc2-a831-4e3a-87e6-2c25c7bf42dc",
        "metadata": {"payDemandId": "a1b4591e-4d93-4978-bea1-f9611d8712cd"},
        "timestamp": "2026-09-18T11:25:56.0702497Z",
        **known,
    }


def post(body: Any, secret: str = SECRET) -> int:
    text = body if isinstance(body, str) else json.dumps(body)
    return Client().post(f"/webhooks/crezco/{secret}/", text, content_type="application/json").status_code


def test_what_a_webhook_says_is_not_believed(crezco: CrezcoSandbox, bill: Invoice) -> None:
    go_to_the_bank(bill)
    demand = PaySession.objects.get().reference
    assert post(event(metadata={"payDemandId": demand})) == 200
    assert post([event(metadata={"payDemandId": "of somebody else"})]) == 200
    tasks.take_gateway_events()
    assert not Payment.objects.exists() and Invoice.objects.get().status == "open"
    assert set(GatewayEvent.objects.values_list("status", flat=True)) == {"done"}


def test_only_the_address_with_the_secret_answers(crezco: CrezcoSandbox, settings: Any) -> None:
    assert post(event(), "guess") == 404
    assert post(event(), "ünïcode") == 404
    assert Client().get(f"/webhooks/crezco/{SECRET}/").status_code == 405
    settings.CREZCO_WEBHOOK_SECRET = ""
    assert post(event(), "") == 404 and post(event(), SECRET) == 404
    assert not GatewayEvent.objects.exists()


@pytest.mark.parametrize(
    "riddle",
    [
        "",
        "{",
        "null",
        "7",
        "[[]]",
        "[" * 100_000,
        {"eventType": "PaymentRefunded"},
        {"eventType": ["x"]},
        {"eventType": "PaymentFailed", "id": "\ud800\0"},
        [None, 1, {}],
    ],
)
def test_riddles_are_answered_kindly_as_crezco_may_switch_a_webhook_off(crezco: CrezcoSandbox, riddle: Any) -> None:
    assert post(riddle) == 200
    assert not GatewayEvent.objects.exists()


def test_a_body_without_end_is_refused(crezco: CrezcoSandbox) -> None:
    assert post("x" * 2_000_001) == 413


def test_a_demand_that_crezco_no_longer_knows_ends_with_a_person(crezco: CrezcoSandbox, bill: Invoice) -> None:
    go_to_the_bank(bill)
    with crezco.book.lock:
        crezco.book.tables["demand"].clear()
    with pytest.raises(Rejected, match="no longer knows"):
        payments.take(PaySession.objects.get().reference)
    later()  # and holds up nobody else
    expires_at = PaySession.objects.get().expires_at
    assert expires_at and expires_at > timezone.now()


def test_only_pounds_are_taken_and_only_where_it_is_set_up(crezco: CrezcoSandbox, bill: Invoice, settings: Any) -> None:
    Invoice.objects.update(currency="EUR")
    assert "Pay by bank" not in Client().get(page_of(bill)).text
    assert press(bill) == page_of(bill)
    Invoice.objects.update(currency="GBP")
    settings.CREZCO_USER_ID = ""
    assert "Pay by bank" not in Client().get(page_of(bill)).text
    assert not PaySession.objects.exists()


def test_a_page_elsewhere_is_not_led_to(crezco: CrezcoSandbox, bill: Invoice, settings: Any) -> None:
    settings.CREZCO_API_URL = crezco.url.replace("127.0.0.1", "localhost")
    assert "?sorry=" in press(bill)
    assert not PaySession.objects.filter(status=Status.OPEN).exists()


def test_the_command_registers_the_webhook(crezco: CrezcoSandbox, settings: Any) -> None:
    out = StringIO()
    call_command("register_crezco_webhook", stdout=out)
    call_command("register_crezco_webhook", stdout=out)
    [hook] = crezco.webhooks.registered()
    assert hook["callback"] == f"{settings.SITE_URL}/webhooks/crezco/{SECRET}/"
    crezco.faults.add("401")
    with pytest.raises(CommandError, match="CREZCO_API_KEY"):
        call_command("register_crezco_webhook")
    settings.CREZCO_WEBHOOK_SECRET = ""
    with pytest.raises(CommandError, match="first"):
        call_command("register_crezco_webhook")


@pytest.mark.parametrize(
    ("number", "reference"),
    [
        ("1042", "1042"),
        ("inv_1042/a", "INV 1042/A"),
        ("Rechnung Nr. 2026-000123", "RECHNUNG NR. 2026-"),
        ("請求書", "INV-7"),
        ("", "INV-7"),
        ("A" * 17 + " B", "A" * 17),
    ],
)
def test_a_reference_is_what_banks_take(number: str, reference: str) -> None:
    assert bank_reference(number, 7) == reference


def test_odd_answers_are_read_as_far_as_they_go() -> None:
    assert payments_from({"no": "list"}) == [] and payments_from(None) == []
    [only] = payments_from([{"id": "1", "status": "Odd", "amount": {"amount": "5"}, "new": 1}, {"status": "x"}, 7])
    assert (only.state, only.amount, only.at) == ("unknown", 5, None)
    assert demand_from({"id": "1", "amount": "many", "metadata": 7}).amount is None
    with pytest.raises(Rejected):
        demand_from([])
