"""A customer pays all invoices at once, at either gateway: one page, one payment, each invoice settled once."""

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
import requests
from django.core.cache import cache
from django.db import connections
from django.test import Client
from django.utils import timezone
from django_q.models import OrmQ

from crm.merging import merge_contacts
from crm.models import Contact
from integrations import outbox, tasks
from integrations.models import GatewayEvent, OutboxEntry, PaySession, QuickBooksConnection, QuickBooksLink
from integrations.quickbooks import push
from integrations.quickbooks.sync import drain, poll
from invoicing.links import link_for
from invoicing.models import Invoice, Payment, PaymentSettings
from invoicing.statement_links import statement_link_for
from sandbox import Company, CrezcoSandbox, Sandbox, StripeSandbox
from tests.factories import business_day, make_contact, make_invoice, make_user
from tests.sandbox.cast import customer, invoice
from tests.sandbox.cast import pay as pay_there

pytestmark = pytest.mark.django_db(transaction=True)
Status = PaySession.Status
SECRET = "a-secret-in-an-address"
BOTH = pytest.mark.parametrize("gateway", ["stripe", "crezco"])


@pytest.fixture
def stripe(settings: Any, live_server: Any) -> Iterator[StripeSandbox]:
    with StripeSandbox(webhook_url=f"{live_server.url}/webhooks/stripe/") as sandbox:
        settings.STRIPE_SECRET_KEY, settings.STRIPE_API_URL = sandbox.secret_key, sandbox.url
        settings.STRIPE_WEBHOOK_SECRET = sandbox.webhooks.secret
        settings.SITE_URL = live_server.url
        yield sandbox


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
def zoe(stripe: StripeSandbox, crezco: CrezcoSandbox) -> Contact:
    return make_contact("Zoë Quill", email="zoe@example.com")


@pytest.fixture
def bills(zoe: Contact) -> list[Invoice]:
    """Three in pounds, the second due first."""
    today = business_day()
    known = [("1041", "30", 5), ("1042", "20.50", -5), ("1043", "50", 1)]
    return [
        make_invoice(zoe, number=number, total=total, due_on=today + timedelta(days=days), currency="GBP")
        for number, total, days in known
    ]


@pytest.fixture
def vendors(stripe: StripeSandbox, crezco: CrezcoSandbox) -> dict[str, Any]:
    return {"stripe": stripe, "crezco": crezco}


def statement(of: Contact) -> str:
    return f"/s/{statement_link_for(of).token}/"


def page_of(of: Invoice) -> str:
    return f"/i/{link_for(of).token}/"


def press_all(of: Contact, gateway: str, currency: str = "GBP") -> str:
    answer = Client().post(f"{statement(of)}pay/", {"gateway": gateway, "currency": currency})
    assert answer.status_code == 302
    return answer["Location"]


def press_one(of: Invoice, gateway: str) -> str:
    return Client().post(f"{page_of(of)}pay/", {"gateway": gateway})["Location"]


def come_back(of: Contact) -> str:
    return Client().get(f"{statement(of)}paid/", follow=True).text


def told(vendors: dict[str, Any]) -> None:
    """Everything that the gateways have to say has arrived, and a worker has taken it over."""
    for vendor in vendors.values():
        assert vendor.webhooks.wait_idle()
    tasks.take_gateway_events()


def balances(bills: list[Invoice]) -> list[Any]:
    return [Invoice.objects.get(pk=one.pk).balance for one in bills]


def end_what_is_to_end() -> None:
    """The worker's turn: tasks that close pages, as they were put."""
    for task in list(OrmQ.objects.all()):
        if "close_pay_pages" in str(task.func()):
            tasks.close_pay_pages(*task.task["args"])
        task.delete()


# -- from the page to paid ---------------------------------------------------------------------------------------


@BOTH
def test_from_the_statement_over_the_gateway_to_paid(
    vendors: dict[str, Any], zoe: Contact, bills: list[Invoice], gateway: str
) -> None:
    page = Client().get(statement(zoe))
    assert "Pay all 3 invoices by card" in page.text and "Pay all 3 invoices by bank" in page.text
    assert all(vendor.url in page["Content-Security-Policy"] for vendor in vendors.values())
    url = press_all(zoe, gateway)
    assert "100.50" in requests.get(url, timeout=5).text
    vendors[gateway].pay(url)
    back = come_back(zoe)
    assert "Nothing is due" in back and "£100.50 has arrived" in back
    told(vendors)
    payment = Payment.objects.get()
    assert (payment.source, payment.amount, payment.unapplied, payment.contact) == (gateway, 100.5, 0, zoe)
    assert {one.invoice: one.amount for one in payment.allocations.all()} == {one: one.total for one in bills}
    assert set(Invoice.objects.values_list("status", "balance", "attention")) == {("paid", 0, "")}
    assert PaySession.objects.get().status == Status.PAID


def test_what_is_paid_is_named_at_the_gateway(
    stripe: StripeSandbox, crezco: CrezcoSandbox, zoe: Contact, bills: list[Invoice]
) -> None:
    assert "3 invoices: 1042, 1043, 1041" in requests.get(press_all(zoe, "stripe"), timeout=5).text
    assert crezco.demand(press_all(zoe, "crezco"))["reference"] == "3 INV. 1042"


@BOTH
def test_the_webhook_alone_is_enough_and_told_twice_it_is_one_payment(
    vendors: dict[str, Any], zoe: Contact, bills: list[Invoice], gateway: str
) -> None:
    vendors[gateway].webhooks.double = 1.0
    vendors[gateway].pay(press_all(zoe, gateway))
    told(vendors)
    tasks.take_gateway_events()
    assert Payment.objects.count() == 1 and balances(bills) == [0, 0, 0]


@BOTH
def test_a_lost_webhook_is_made_up_for(
    vendors: dict[str, Any], zoe: Contact, bills: list[Invoice], gateway: str
) -> None:
    vendors[gateway].webhooks.drop = 1.0
    vendors[gateway].pay(press_all(zoe, gateway))
    PaySession.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    told(vendors)
    assert balances(bills) == [0, 0, 0]


@BOTH
def test_a_page_whose_making_was_cut_off_is_known_by_its_key(
    vendors: dict[str, Any], zoe: Contact, bills: list[Invoice], gateway: str
) -> None:
    url = press_all(zoe, gateway)
    PaySession.objects.update(reference="", url="", status=Status.MAKING)
    vendors[gateway].pay(url)
    told(vendors)
    assert balances(bills) == [0, 0, 0] and PaySession.objects.get().status == Status.PAID


def test_a_demand_whose_making_was_cut_off_is_found_and_not_made_twice(
    crezco: CrezcoSandbox, zoe: Contact, bills: list[Invoice]
) -> None:
    url = press_all(zoe, "crezco")
    PaySession.objects.update(reference="", url="", status=Status.MAKING)
    assert crezco.demand(press_all(zoe, "crezco")) == crezco.demand(url)
    assert len(crezco.book.all("demand")) == PaySession.objects.count() == 1


@BOTH
@pytest.mark.parametrize("trouble", ["cut_before", "cut_after", "500", "503", "429", "garbage"])
def test_a_gateway_in_trouble_charges_nothing_and_says_so(
    vendors: dict[str, Any], zoe: Contact, bills: list[Invoice], gateway: str, trouble: str
) -> None:
    vendors[gateway].faults.add(trouble, times=20)
    answer = Client().post(f"{statement(zoe)}pay/", {"gateway": gateway, "currency": "GBP"}, follow=True)
    assert "does not work just now. Nothing was charged" in answer.text
    vendors[gateway].faults.clear()
    vendors[gateway].pay(press_all(zoe, gateway))
    told(vendors)
    assert Payment.objects.count() == 1 and balances(bills) == [0, 0, 0]


@pytest.mark.parametrize(
    ("currency", "totals", "shown"), [("JPY", ("1200", "1"), "1,201"), ("KWD", ("1.25", "0.5"), "1.75")]
)
def test_yen_and_dinars_are_charged_to_the_last_unit(
    stripe: StripeSandbox, zoe: Contact, currency: str, totals: tuple[str, str], shown: str
) -> None:
    bills = [make_invoice(zoe, currency=currency, total=total) for total in totals]
    assert "Pay all 2 invoices by card" in Client().get(statement(zoe)).text
    stripe.pay(press_all(zoe, "stripe", currency))
    assert shown in come_back(zoe)
    assert balances(bills) == [0, 0] and Payment.objects.get().unapplied == 0


def test_each_currency_is_paid_for_itself(stripe: StripeSandbox, zoe: Contact, bills: list[Invoice]) -> None:
    dollars = [make_invoice(zoe, total="7"), make_invoice(zoe, total="8")]
    pounds_page = press_all(zoe, "stripe")
    stripe.pay(press_all(zoe, "stripe", "USD"))
    come_back(zoe)
    assert (balances(dollars), balances(bills)) == ([0, 0], [30, 20.5, 50])
    stripe.pay(pounds_page)
    come_back(zoe)
    assert balances(bills) == [0, 0, 0]


def test_one_open_invoice_is_paid_as_on_its_own_page(stripe: StripeSandbox, zoe: Contact) -> None:
    bill = make_invoice(zoe, total="20", currency="GBP")
    assert "Pay £20.00 by card" in Client().get(statement(zoe)).text
    url = press_all(zoe, "stripe")
    assert url == press_one(bill, "stripe") and PaySession.objects.get().invoice == bill
    stripe.pay(url)
    assert "Nothing is due" in come_back(zoe)


@pytest.mark.parametrize(
    "wrong",
    [{}, {"gateway": "paypal"}, {"currency": "USD"}, {"currency": "\x00"}, {"currency": "gbp"}, {"gateway": "\x00"}],
)
def test_what_is_not_offered_is_not_paid(
    stripe: StripeSandbox, zoe: Contact, bills: list[Invoice], wrong: dict
) -> None:
    sent = {"gateway": "stripe", "currency": "GBP", **wrong} if wrong else {}
    assert Client().post(f"{statement(zoe)}pay/", sent)["Location"] == statement(zoe)
    assert not PaySession.objects.exists()


def test_a_gateway_that_is_switched_off_for_a_currency_has_no_button(zoe: Contact, bills: list[Invoice]) -> None:
    PaymentSettings.objects.create(pk=1, switched_off=["stripe GBP", "crezco GBP"])
    assert "Pay all" not in Client().get(statement(zoe)).text
    assert press_all(zoe, "stripe") == statement(zoe)


def test_whoever_presses_without_end_is_slowed_down(zoe: Contact, bills: list[Invoice]) -> None:
    sent = {"gateway": "stripe", "currency": "GBP"}
    statuses = [Client().post(f"{statement(zoe)}pay/", sent).status_code for _ in range(25)]
    assert statuses[0] == 302 and statuses[-1] == 429 and PaySession.objects.count() == 1
    back = [Client().get(f"{statement(zoe)}paid/")["Location"] for _ in range(25)]
    assert back[-1] == statement(zoe)


# -- one page, and what ends it ----------------------------------------------------------------------------------


@BOTH
def test_two_tabs_lead_to_the_same_page(zoe: Contact, bills: list[Invoice], gateway: str) -> None:
    assert press_all(zoe, gateway) == press_all(zoe, gateway)
    assert PaySession.objects.count() == 1


@BOTH
def test_two_tabs_at_the_very_same_moment_leave_one_open_page(
    vendors: dict[str, Any], zoe: Contact, bills: list[Invoice], gateway: str
) -> None:
    start, found = threading.Barrier(4), []
    path = f"{statement(zoe)}pay/"

    def press() -> None:
        start.wait()
        found.append(Client().post(path, {"gateway": gateway, "currency": "GBP"})["Location"])
        connections.close_all()

    threads = [threading.Thread(target=press) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    [row] = PaySession.objects.filter(status=Status.OPEN)
    assert row.url in found and {one for one in found if "sorry" not in one} == {row.url}
    vendors[gateway].pay(row.url)
    told(vendors)
    assert Payment.objects.count() == 1 and balances(bills) == [0, 0, 0]


@BOTH
def test_another_balance_makes_another_page(
    vendors: dict[str, Any], zoe: Contact, bills: list[Invoice], gateway: str
) -> None:
    old = press_all(zoe, gateway)
    Invoice.objects.filter(pk=bills[0].pk).update(balance="10")
    new = press_all(zoe, gateway)
    assert new != old and PaySession.objects.filter(status=Status.OPEN).count() == 1
    vendors[gateway].pay(new)
    told(vendors)
    assert Payment.objects.get().amount == 80.5 and balances(bills) == [0, 0, 0]


def test_the_same_sum_of_other_invoices_is_another_page(
    stripe: StripeSandbox, zoe: Contact, bills: list[Invoice]
) -> None:
    old = press_all(zoe, "stripe")
    Invoice.objects.filter(pk=bills[0].pk).update(balance="50")
    Invoice.objects.filter(pk=bills[2].pk).update(balance="30")
    assert press_all(zoe, "stripe") != old and stripe.session(old)["status"] == "expired"


def test_a_page_over_other_invoices_is_not_handed_out_for_these(
    stripe: StripeSandbox, zoe: Contact, bills: list[Invoice]
) -> None:
    old = press_all(zoe, "stripe")
    Invoice.objects.update(status="paid", balance="0")
    others = [make_invoice(zoe, total=total, currency="GBP") for total in ("60", "40.50")]
    new = press_all(zoe, "stripe")
    assert new != old and stripe.session(old)["status"] == "expired"
    stripe.pay(new)
    come_back(zoe)
    assert balances(others) == [0, 0]


def test_an_invoice_paid_by_another_way_in_between_ends_the_page(
    stripe: StripeSandbox, zoe: Contact, bills: list[Invoice], client: Client
) -> None:
    url = press_all(zoe, "stripe")
    OrmQ.objects.all().delete()
    client.force_login(make_user())
    values = {"key": "8f7f4b3c-68c8-4e0e-a0cf-4f8e9d6f3a11", "amount": "50", "method": "Bank", "memo": ""}
    client.post(f"/invoices/{bills[2].pk}/record-payment/", {**values, "received_on": business_day().isoformat()})
    end_what_is_to_end()
    assert stripe.session(url)["status"] == "expired" and PaySession.objects.get().status == Status.CLOSED
    assert "Pay all 2 invoices" in Client().get(statement(zoe)).text


@BOTH
def test_money_that_still_arrives_pays_what_is_owed_and_the_rest_is_credit(
    vendors: dict[str, Any], zoe: Contact, bills: list[Invoice], gateway: str
) -> None:
    vendors[gateway].pay(press_all(zoe, gateway))
    Invoice.objects.filter(pk=bills[2].pk).update(status="paid", balance="0")
    told(vendors)
    payment = Payment.objects.get()
    assert (payment.amount, payment.unapplied) == (100.5, 50) and balances(bills) == [0, 0, 0]
    assert "50.00 GBP more than was owed" in Invoice.objects.exclude(attention="").get().attention
    assert "Your credit" in Client().get(statement(zoe)).text


@BOTH
def test_a_page_of_one_ends_when_all_are_to_be_paid_and_the_other_way_round(
    vendors: dict[str, Any], zoe: Contact, bills: list[Invoice], gateway: str
) -> None:
    one = press_one(bills[0], gateway)
    every = press_all(zoe, gateway)
    [row] = PaySession.objects.filter(status=Status.OPEN)
    assert row.url == every and row.contact == zoe
    again = press_one(bills[0], gateway)
    [row] = PaySession.objects.filter(status=Status.OPEN)
    assert row.url == again and row.invoice == bills[0] and len({one, every, again}) == 3


@BOTH
def test_paid_at_once_on_the_page_of_one_and_on_that_of_all_is_one_debt_and_one_credit(
    vendors: dict[str, Any], zoe: Contact, bills: list[Invoice], gateway: str
) -> None:
    """Two gateways do not know of each other: both pages are open, and both are paid before anybody is told."""
    other = {"stripe": "crezco", "crezco": "stripe"}[gateway]
    every, one = press_all(zoe, gateway), press_one(bills[2], other)
    vendors[gateway].pay(every)
    vendors[other].pay(one)
    told(vendors)
    assert Payment.objects.count() == 2 and balances(bills) == [0, 0, 0]
    assert sum(Payment.objects.values_list("unapplied", flat=True)) == 50
    assert "more than was owed" in Invoice.objects.exclude(attention="").get().attention


def test_what_is_paid_for_all_ends_the_other_gateways_page_of_one(
    stripe: StripeSandbox, crezco: CrezcoSandbox, zoe: Contact, bills: list[Invoice]
) -> None:
    one, every = press_one(bills[0], "stripe"), press_all(zoe, "crezco")
    OrmQ.objects.all().delete()
    crezco.pay(every)
    come_back(zoe)
    end_what_is_to_end()
    assert stripe.session(one)["status"] == "expired"


@BOTH
def test_a_page_that_was_paid_at_this_very_moment_is_not_followed_by_another(
    vendors: dict[str, Any], zoe: Contact, bills: list[Invoice], gateway: str
) -> None:
    vendors[gateway].webhooks.drop = 1.0
    vendors[gateway].pay(press_one(bills[2], gateway))
    answer = Client().post(f"{statement(zoe)}pay/", {"gateway": gateway, "currency": "GBP"}, follow=True)
    assert "£50.00 has arrived" in answer.text and "Pay all 2 invoices" in answer.text
    assert PaySession.objects.count() == 1


def test_many_tasks_are_not_needed_to_end_one_page(zoe: Contact, bills: list[Invoice], stripe: StripeSandbox) -> None:
    press_all(zoe, "stripe")
    OrmQ.objects.all().delete()
    stripe.pay(PaySession.objects.get().url)
    come_back(zoe)
    assert sum("close_pay_pages" in str(task.func()) for task in OrmQ.objects.all()) == 1


# -- a bank that answers late ------------------------------------------------------------------------------------


@BOTH
def test_while_a_bank_takes_its_time_nothing_of_it_can_be_paid_again(
    vendors: dict[str, Any], zoe: Contact, bills: list[Invoice], gateway: str
) -> None:
    vendors[gateway].pay(press_all(zoe, gateway), "wait")
    page = come_back(zoe)
    assert "A payment is on its way" in page and "Pay all" not in page and "Pay £" not in page
    own = Client().get(page_of(bills[0])).text
    assert "Your payment is on its way" in own and 'name="gateway"' not in own
    assert press_all(zoe, "stripe") == statement(zoe)
    late = make_invoice(zoe, total="5", currency="GBP")
    page = Client().get(statement(zoe)).text
    assert "£5.00 of it is left to pay" in page and "Pay £5.00 by card" in page
    vendors["stripe"].pay(press_all(zoe, "stripe"))
    come_back(zoe)
    assert balances([late, *bills]) == [0, 30, 20.5, 50]


def test_what_waits_alone_is_left_out_of_all(
    stripe: StripeSandbox, crezco: CrezcoSandbox, zoe: Contact, bills: list[Invoice]
) -> None:
    crezco.pay(press_one(bills[2], "crezco"), "wait")
    Client().get(f"{page_of(bills[2])}paid/")
    page = Client().get(statement(zoe)).text
    assert "Pay the other 2 invoices by card" in page and "£50.50 of it is left to pay" in page
    stripe.pay(press_all(zoe, "stripe"))
    come_back(zoe)
    assert balances(bills) == [0, 0, 50]


def test_a_bank_that_refuses_late_leaves_all_of_it_owed(
    stripe: StripeSandbox, vendors: dict[str, Any], zoe: Contact, bills: list[Invoice]
) -> None:
    url = press_all(zoe, "stripe")
    stripe.pay(url, "wait")
    told(vendors)
    stripe.bank_answers(stripe.session(url)["payment_intent"], paid=False)
    told(vendors)
    assert not Payment.objects.exists() and "Pay all 3 invoices" in Client().get(statement(zoe)).text
    assert press_all(zoe, "stripe") != url


# -- races -------------------------------------------------------------------------------------------------------


@BOTH
def test_webhook_and_return_at_once_are_one_payment(
    vendors: dict[str, Any], zoe: Contact, bills: list[Invoice], gateway: str
) -> None:
    vendors[gateway].pay(press_all(zoe, gateway))
    assert vendors[gateway].webhooks.wait_idle()
    assert GatewayEvent.objects.filter(status="pending").exists()
    start, path, failed = threading.Barrier(4), statement(zoe), []

    def at_once(what: Callable[[], Any]) -> None:
        start.wait()
        try:
            what()
        except Exception as error:
            failed.append(error)
        connections.close_all()

    back = lambda: Client().get(f"{path}paid/")  # noqa: E731 - short
    threads = [threading.Thread(target=at_once, args=(what,)) for what in (back, back, tasks.take_gateway_events, back)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed
    told(vendors)
    assert Payment.objects.count() == 1 and balances(bills) == [0, 0, 0]
    assert not Invoice.objects.exclude(attention="").exists()


def test_of_two_contacts_that_become_one_both_pages_are_still_taken(
    stripe: StripeSandbox, zoe: Contact, bills: list[Invoice], vendors: dict[str, Any]
) -> None:
    ben = make_contact("Ben")
    of_ben = [make_invoice(ben, total=total, currency="GBP") for total in ("3", "4")]
    urls = [press_all(zoe, "stripe"), press_all(ben, "stripe")]
    merge_contacts(ben, zoe, actor=None, origin="staff")
    assert PaySession.objects.filter(contact=zoe).count() == 2
    for url in urls:
        stripe.pay(url)
    told(vendors)
    assert balances([*bills, *of_ben]) == [0] * 5
    assert set(Payment.objects.values_list("contact", "unapplied")) == {(zoe.pk, 0)}


# -- in QuickBooks -----------------------------------------------------------------------------------------------


def follow(connection: QuickBooksConnection) -> Callable[[], None]:
    connection.contacts_imported_at = timezone.now()
    connection.save(update_fields=["contacts_imported_at"])

    def look() -> None:
        assert poll.poll(connection) == ""
        drain.drain(connection)

    return look


def test_in_quickbooks_it_is_one_payment_with_a_line_for_each_invoice(
    stripe: StripeSandbox, quickbooks: Sandbox, connection: QuickBooksConnection, zoe: Contact
) -> None:
    books: Company = quickbooks.company("us")
    look = follow(connection)
    ada = customer(books)
    made = [invoice(books, ada) for _ in range(3)]
    look()
    contact = Contact.objects.get(name=ada["DisplayName"])
    stripe.pay(press_all(contact, "stripe", "USD"))
    come_back(contact)
    assert outbox.drain(connection, push.PUSHES) == 1
    look()
    (booked,) = books.query("SELECT * FROM Payment")
    assert (booked["TotalAmt"], booked["UnappliedAmt"]) == (300, 0)
    lines = [(line["Amount"], line["LinkedTxn"][0]["TxnId"]) for line in booked["Line"]]
    assert sorted(lines) == sorted((100, one["Id"]) for one in made)
    assert {books.read("Invoice", one["Id"])["Balance"] for one in made} == {0}
    assert set(Invoice.objects.values_list("status", "balance", "paid")) == {("paid", 0, 100)}
    assert (Payment.objects.count(), Payment.objects.get().allocations.count()) == (1, 3)


def test_what_is_charged_is_what_quickbooks_says_of_each_at_that_moment(
    stripe: StripeSandbox, quickbooks: Sandbox, connection: QuickBooksConnection, zoe: Contact
) -> None:
    books: Company = quickbooks.company("us")
    look = follow(connection)
    ada = customer(books)
    made = [invoice(books, ada) for _ in range(3)]
    look()
    contact = Contact.objects.get(name=ada["DisplayName"])
    old = press_all(contact, "stripe", "USD")
    pay_there(books, ada, 140, (made[0], 40), (made[1], 100))  # nobody has told us
    new = press_all(contact, "stripe", "USD")
    assert "160.00" in requests.get(new, timeout=5).text and stripe.session(old)["status"] == "expired"
    pay_there(books, ada, 160, (made[0], 60), (made[2], 100))
    assert press_all(contact, "stripe", "USD") == statement(contact)
    assert "Nothing is due" in Client().get(statement(contact)).text
    assert stripe.session(new)["status"] == "open"
    end_what_is_to_end()
    assert stripe.session(new)["status"] == "expired"


def test_jobs_that_share_a_contact_are_paid_by_the_customer_above_them(
    stripe: StripeSandbox, quickbooks: Sandbox, connection: QuickBooksConnection, zoe: Contact
) -> None:
    books: Company = quickbooks.company("us")
    look = follow(connection)
    ada = customer(books, DisplayName="Ada", PrimaryEmailAddr={"Address": "ada@example.com"})
    known = {"Job": True, "ParentRef": {"value": ada["Id"]}, "PrimaryEmailAddr": {"Address": "ada@example.com"}}
    jobs = [customer(books, DisplayName=name, **known) for name in ("Roof", "Cellar")]
    made = [invoice(books, job) for job in jobs]
    look()
    contact = Contact.objects.get(name="Ada")
    assert Invoice.objects.filter(contact=contact).count() == 2
    stripe.pay(press_all(contact, "stripe", "USD"))
    come_back(contact)
    assert outbox.drain(connection, push.PUSHES) == 1
    (booked,) = books.query("SELECT * FROM Payment")
    assert booked["CustomerRef"]["value"] == ada["Id"] and booked["UnappliedAmt"] == 0
    assert {books.read("Invoice", one["Id"])["Balance"] for one in made} == {0}


def test_customers_that_are_one_contact_only_here_are_not_paid_together(
    stripe: StripeSandbox, quickbooks: Sandbox, connection: QuickBooksConnection, zoe: Contact
) -> None:
    books: Company = quickbooks.company("us")
    look = follow(connection)
    made = [invoice(books, customer(books, DisplayName=name)) for name in ("Ada", "Ada of old")]
    look()
    one, other = (Invoice.objects.get(quickbooks_link__external_id=doc["Id"]) for doc in made)
    assert one.contact and other.contact
    url = press_all(one.contact, "stripe", "USD")
    merge_contacts(other.contact, one.contact, actor=None, origin="staff")
    page = Client().get(statement(one.contact)).text
    assert "$200.00" in page and "Pay all" not in page
    assert press_all(one.contact, "stripe", "USD") == statement(one.contact)
    stripe.pay(url)  # a page over one of them is as good as before
    come_back(one.contact)
    assert outbox.drain(connection, push.PUSHES) == 1
    assert OutboxEntry.objects.get().status == "done"


def test_invoices_that_move_apart_after_they_were_paid_together_end_with_a_person(
    stripe: StripeSandbox, quickbooks: Sandbox, connection: QuickBooksConnection, zoe: Contact
) -> None:
    books: Company = quickbooks.company("us")
    look = follow(connection)
    ada, ben = customer(books, DisplayName="Ada"), customer(books, DisplayName="Ben")
    made = [invoice(books, ada), invoice(books, ada)]
    look()
    contact = Contact.objects.get(name="Ada")
    stripe.pay(press_all(contact, "stripe", "USD"))
    come_back(contact)
    books.update("Invoice", {"Id": made[1]["Id"], "sparse": True, "CustomerRef": {"value": ben["Id"]}})
    assert outbox.drain(connection, push.PUSHES) == 0
    entry = OutboxEntry.objects.get()
    assert entry.status == "stuck" and "Enter one payment for each" in entry.last_error
    assert not books.query("SELECT * FROM Payment") and not QuickBooksLink.objects.filter(entity="payment").exists()


def test_jobs_are_not_paid_together_by_a_customer_that_is_another_contact(
    stripe: StripeSandbox, quickbooks: Sandbox, connection: QuickBooksConnection, zoe: Contact
) -> None:
    books: Company = quickbooks.company("us")
    look = follow(connection)
    landlord = customer(books, DisplayName="Landlord")
    jobs = [
        customer(books, DisplayName=name, Job=True, ParentRef={"value": landlord["Id"]}) for name in ("Hut", "Mill")
    ]
    made = [invoice(books, job) for job in jobs]
    look()
    hut, mill = (Invoice.objects.get(quickbooks_link__external_id=doc["Id"]) for doc in made)
    assert hut.contact and mill.contact and hut.contact != mill.contact
    merge_contacts(mill.contact, hut.contact, actor=None, origin="staff")
    page = Client().get(statement(hut.contact)).text
    assert "$200.00" in page and "Pay all" not in page
