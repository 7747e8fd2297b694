"""Settings > Payments, and a customer who pays a part: at either gateway, checked again on our side."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import requests
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from crm.models import Activity, Business
from integrations import tasks
from integrations.models import PaySession
from invoicing.links import link_for
from invoicing.models import Invoice, Payment, PaymentSettings
from sandbox import CrezcoSandbox, StripeSandbox
from tests.factories import make_agent, make_contact, make_invoice, make_user

pytestmark = pytest.mark.django_db(transaction=True)
PAGE = "/settings/payments/"
EVERYTHING = {"stripe USD": "on", "stripe GBP": "on", "crezco GBP": "on"}


@pytest.fixture
def crezco(settings: Any) -> Iterator[CrezcoSandbox]:
    with CrezcoSandbox() as sandbox:
        settings.CREZCO_API_KEY, settings.CREZCO_USER_ID = sandbox.api_key, sandbox.user_id
        settings.CREZCO_API_URL = sandbox.url
        yield sandbox


@pytest.fixture
def stripe(settings: Any) -> Iterator[StripeSandbox]:
    with StripeSandbox() as sandbox:
        settings.STRIPE_SECRET_KEY, settings.STRIPE_API_URL = sandbox.secret_key, sandbox.url
        yield sandbox


@pytest.fixture(autouse=True)
def fresh_limits(db: None) -> None:
    cache.clear()


@pytest.fixture
def bill(stripe: StripeSandbox, crezco: CrezcoSandbox) -> Invoice:
    contact = make_contact("Zoë Quill", email="zoe@example.com")
    return make_invoice(contact, number="1042", total="1200.50", currency="GBP", owner=Invoice.Owner.BOOKS)


@pytest.fixture
def admin(client: Client) -> Client:
    client.force_login(make_user())
    return client


def page_of(of: Invoice) -> str:
    return f"/i/{link_for(of).token}/"


def pay(of: Invoice, amount: str | None, gateway: str = "crezco") -> Any:
    written = {} if amount is None else {"amount": amount}
    return Client().post(f"{page_of(of)}pay/", {"gateway": gateway, **written})


def allow_parts(least: str = "10") -> None:
    PaymentSettings.objects.update_or_create(pk=1, defaults={"allows_part": True, "least_part": least})


# -- the page of settings ----------------------------------------------------------------------------------------


def test_an_admin_takes_a_button_off_for_one_currency_and_puts_it_back(bill: Invoice, admin: Client) -> None:
    page = admin.get(PAGE).text
    assert "Pay by card in GBP" in page and "Pay by bank in GBP" in page and "Pay by bank in USD" not in page
    assert "Not here" in page
    admin.post(PAGE, {name: "on" for name in EVERYTHING if name != "crezco GBP"})
    assert PaymentSettings.load().switched_off == ["crezco GBP"]
    page = Client().get(page_of(bill)).text
    assert "Pay by card" in page and "Pay by bank" not in page
    assert pay(bill, None)["Location"] == page_of(bill)
    admin.post(PAGE)
    assert 'name="gateway"' not in Client().get(page_of(bill)).text
    admin.post(PAGE, EVERYTHING)
    assert "Pay by bank" in Client().get(page_of(bill)).text
    facts = Activity.objects.filter(verb="payment_settings.changed").values_list("changes", flat=True)
    assert {"switched_off": [["crezco GBP", "stripe GBP", "stripe USD"], []]} in list(facts)


def test_a_currency_that_is_not_shown_just_now_keeps_its_switches(bill: Invoice, admin: Client) -> None:
    PaymentSettings.objects.create(pk=1, switched_off=["stripe JPY"])
    admin.post(PAGE, {**EVERYTHING, "least_part": "5"})
    assert PaymentSettings.load().switched_off == ["stripe JPY"]
    values = {name: "on" for name in EVERYTHING if name != "stripe GBP"}
    admin.post(PAGE, values)
    assert PaymentSettings.load().switched_off == ["stripe GBP", "stripe JPY"]


def test_where_nothing_is_set_up_the_page_says_so(admin: Client) -> None:
    Business.load()
    page = admin.get(PAGE).text
    assert page.count("Not here") == 3  # the words above the table, and both gateways


@pytest.mark.parametrize("least", ["-1", "many", "1.234"])
def test_a_smallest_part_that_is_none_is_refused_in_words(admin: Client, least: str) -> None:
    answer = admin.post(PAGE, {"allows_part": "on", "least_part": least})
    assert answer.status_code == 422 and "Write an amount" in answer.text
    assert not PaymentSettings.objects.exists()


def test_settings_are_for_admins_and_reading_them_writes_nothing(bill: Invoice, client: Client) -> None:
    client.force_login(make_agent())
    assert client.get(PAGE).status_code == 403
    Client().get(page_of(bill))
    assert not PaymentSettings.objects.exists()
    client.force_login(make_user())
    assert PAGE in client.get("/settings/").text


# -- a part ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("written", ["300.25", "£300.25", " 300.25 ", "0300.25"])
def test_a_part_is_paid_by_bank_and_then_the_rest_by_card(
    stripe: StripeSandbox, crezco: CrezcoSandbox, bill: Invoice, written: str
) -> None:
    allow_parts()
    page = Client().get(page_of(bill)).text
    assert 'value="1200.50"' in page and "a part from £10.00" in page
    url = pay(bill, written)["Location"]
    assert "£300.25" in requests.get(url, timeout=5).text
    crezco.pay(url)
    back = Client().get(f"{page_of(bill)}paid/", follow=True).text
    assert "£300.25 has arrived" in back and 'value="900.25"' in back
    assert "http-equiv" not in back  # nobody's page is loaded anew while they write
    bill.refresh_from_db()
    assert (bill.status, bill.balance) == ("open", 900.25)
    stripe.pay(pay(bill, "900.25", "stripe")["Location"])
    assert "Thank you" in Client().get(f"{page_of(bill)}paid/", follow=True).text
    bill.refresh_from_db()
    assert (bill.status, bill.balance) == ("paid", 0)
    assert sorted(Payment.objects.values_list("source", "unapplied")) == [("crezco", 0), ("stripe", 0)]


def test_two_parts_of_the_same_size_are_two_payments(crezco: CrezcoSandbox, bill: Invoice) -> None:
    allow_parts()
    for _ in range(2):
        crezco.pay(pay(bill, "100")["Location"])
        Client().get(f"{page_of(bill)}paid/")
    bill.refresh_from_db()
    assert (Payment.objects.count(), bill.balance) == (2, 1000.5)


@pytest.mark.parametrize(
    "wrong", ["9.99", "0", "-20", "1200.51", "12,50", "1e3", "NaN", "١٠٠", "20.005", "x", "9" * 40, "1.200,50", "5 0 ."]
)
def test_an_amount_out_of_bounds_is_refused_by_the_server(bill: Invoice, wrong: str) -> None:
    allow_parts()
    answer = pay(bill, wrong)
    assert answer.status_code == 422
    assert "Write an amount" in answer.text and 'aria-invalid="true"' in answer.text and "<button" in answer.text
    assert answer["Cache-Control"] == "no-store"
    assert not PaySession.objects.exists()


def test_what_is_written_comes_back_escaped(bill: Invoice) -> None:
    allow_parts()
    assert '"><b>' not in pay(bill, '"><b>20').text


@pytest.mark.parametrize("written", ["1200.50", "1,200.50", "1200.5", "", "GBP 1,200.50"])
def test_all_of_it_may_always_be_paid(crezco: CrezcoSandbox, bill: Invoice, written: str) -> None:
    allow_parts("5000")
    assert "<input" not in Client().get(page_of(bill)).text
    assert crezco.demand(pay(bill, written)["Location"])["amount"] == "1200.50"


def test_without_part_payments_a_part_is_not_charged_nor_all_of_it_instead(bill: Invoice) -> None:
    page = Client().get(page_of(bill)).text
    assert "<input" not in page
    answer = pay(bill, "20")
    assert answer.status_code == 422 and "one amount, which is £1,200.50" in answer.text
    assert not PaySession.objects.exists()


def test_a_balance_that_shrank_while_the_customer_wrote_is_told(bill: Invoice) -> None:
    allow_parts()
    Invoice.objects.update(balance="50")
    answer = pay(bill, "1200.50")
    assert answer.status_code == 422 and "from £10.00 to £50.00" in answer.text


def test_a_gateway_that_is_away_keeps_the_other_from_nothing(
    stripe: StripeSandbox, crezco: CrezcoSandbox, bill: Invoice
) -> None:
    other = make_invoice(bill.contact, total="30", currency="GBP", owner=Invoice.Owner.BOOKS)
    for one in (bill, other):
        pay(one, None, "stripe")
        crezco.pay(pay(one, None)["Location"])
    stripe.faults.add("503", times=100)
    assert "Thank you" in Client().get(f"{page_of(bill)}paid/", follow=True).text
    PaySession.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    tasks.take_gateway_events()
    assert Payment.objects.count() == 2
    tasks.close_pay_pages(other.pk)
    assert not PaySession.objects.filter(gateway="crezco", status="open").exists()


def test_pages_of_a_gateway_that_was_switched_off_still_end_and_their_money_is_still_taken(
    crezco: CrezcoSandbox, bill: Invoice
) -> None:
    url = pay(bill, None)["Location"]
    PaymentSettings.objects.create(pk=1, switched_off=["crezco GBP"])
    crezco.pay(url, "wait")
    assert "on its way" in Client().get(f"{page_of(bill)}paid/", follow=True).text
    [payment] = crezco.book.all("payment")
    crezco.bank_answers(payment["id"])
    tasks.close_pay_pages(bill.pk)
    Client().get(f"{page_of(bill)}paid/")
    assert Payment.objects.get().amount == bill.total
