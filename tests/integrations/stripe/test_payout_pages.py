"""Settings > Payments > Payouts: what came, what was kept, what went back, what is booked in Undeposited Funds."""

import csv
import io
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from integrations import tasks
from integrations.models import Payout, QuickBooksConnection
from invoicing.models import Invoice, Payment
from invoicing.recording import record_payment
from sandbox import Sandbox
from sandbox.stripe.stand_in import StripeSandbox
from tests.factories import make_agent, make_contact, make_invoice, make_user
from tests.integrations.stripe.story import follow
from tests.integrations.stripe.test_payouts import charge_of, pay, pay_out
from tests.sandbox.cast import customer, invoice

pytestmark = pytest.mark.django_db(transaction=True)
PAGE = "/settings/payments/payouts/"


@pytest.fixture
def admin(db: None) -> Client:
    client = Client()
    client.force_login(make_user())
    return client


def read_csv(client: Client, address: str) -> list[dict[str, str]]:
    answer = client.get(address)
    assert answer.status_code == 200 and answer["Content-Type"].startswith("text/csv")
    return list(csv.DictReader(io.StringIO(answer.getvalue().decode().lstrip("\ufeff"))))


def make_payout(number: int, arrives_on: date, **fields: Any) -> Payout:
    facts = {"gateway": "stripe", "amount": "10", "currency": "USD", "status": "paid", **fields}
    return Payout.objects.create(reference=f"po_{number}", arrives_on=arrives_on, **facts)


def test_before_the_first_payout_the_page_says_what_will_stand_there(admin: Client) -> None:
    page = admin.get(PAGE).text
    assert "Nothing was paid out yet" in page and "Crezco" not in page
    assert PAGE in admin.get("/settings/payments/").text


def test_gross_fees_refunds_and_net_stand_beside_each_other(
    stripe: StripeSandbox, bill: Invoice, admin: Client
) -> None:
    payment = pay(stripe, bill)
    stripe.refund(charge_of(stripe, payment), 2000)
    (made,) = pay_out(stripe)
    fee = payment.gateway_fee.fee
    (row,) = admin.get(PAGE).context["rows"]
    assert (row.payments, row.fees, row.refunds, row.disputes, row.number) == (120, fee, -20, 0, 1)
    assert row.payments - row.fees + row.refunds == row.payout.amount == Decimal(made["amount"]) / 100
    page = admin.get(PAGE).text
    assert "$120.00" in page and "-$20.00" in page and "1 payment" in page


def test_the_csv_tells_each_movement_and_adds_up_to_the_payout(
    stripe: StripeSandbox, bill: Invoice, admin: Client
) -> None:
    payment = pay(stripe, bill)
    stripe.refund(charge_of(stripe, payment), 2000)
    pay_out(stripe)
    payout = Payout.objects.get()
    lines = read_csv(admin, f"{PAGE}{payout.pk}/payout.csv")
    assert [(line["What"], line["Gross"]) for line in lines] == [("Payment", "120.00"), ("Refund", "-20.00")]
    assert sum(Decimal(line["Net"]) for line in lines) == payout.amount
    first = lines[0]
    assert (first["Invoice"], first["Customer"], first["Reference"]) == ("1042", "Zoë Quill", payment.reference)
    assert (first["Payout"], first["Currency"]) == (payout.reference, "USD")
    assert first["Booked in Undeposited Funds"] == ""  # it was never booked


def test_what_is_booked_in_undeposited_funds_is_told_beside_it(
    stripe: StripeSandbox, quickbooks: Sandbox, connection: QuickBooksConnection, admin: Client
) -> None:
    books, look = quickbooks.company("us"), follow(connection)
    made = invoice(books, customer(books))
    look()
    pay(stripe, Invoice.objects.get(quickbooks_link__external_id=made["Id"]))
    tasks.drain_outbox()
    look()
    pay_out(stripe)
    (row,) = admin.get(PAGE).context["rows"]
    assert row.undeposited == {"USD": 100}
    (line,) = read_csv(admin, f"{PAGE}payouts.csv")
    assert (line["Booked in Undeposited Funds"], line["Its currency"]) == ("100.00", "USD")
    savings = books.query("SELECT * FROM Account WHERE Name = 'Savings'")[0]["Id"]
    (booked,) = books.query("SELECT * FROM Payment")
    books.update("Payment", {"Id": booked["Id"], "sparse": True, "DepositToAccountRef": {"value": savings}})
    look()
    (row,) = admin.get(PAGE).context["rows"]
    assert row.undeposited == {}


def test_days_narrow_the_list_and_its_csv_and_nonsense_is_passed_over(admin: Client) -> None:
    for number, day in enumerate((date(2026, 10, 30), date(2026, 11, 2), date(2026, 11, 20))):
        make_payout(number, day).lines.create(
            reference=f"txn_{number}", kind="payment", happened_at=timezone.now(), gross="11", fee="1", net="10"
        )
    query = "?since=2026-11-01&until=2026-11-19"
    assert [row.payout.reference for row in admin.get(PAGE + query).context["rows"]] == ["po_1"]
    assert [line["Payout"] for line in read_csv(admin, f"{PAGE}payouts.csv{query}")] == ["po_1"]
    newest_first = [row.payout.reference for row in admin.get(f"{PAGE}?since=never").context["rows"]]
    assert newest_first == ["po_2", "po_1", "po_0"]
    assert "No payout in these days" in admin.get(f"{PAGE}?since=2027-01-01").text


def test_a_long_list_comes_page_by_page(admin: Client) -> None:
    for number in range(30):
        make_payout(number, date(2026, 1, 1) + timedelta(days=number))
    first = admin.get(PAGE)
    assert len(first.context["rows"]) == 25
    assert len(admin.get(first.context["page"].next).context["rows"]) == 5


def test_a_payout_that_failed_or_was_made_by_hand_says_so(admin: Client) -> None:
    make_payout(1, date(2026, 11, 1), status="failed")
    make_payout(2, date(2026, 11, 2), is_told=False)
    page = admin.get(PAGE).text
    assert "Failed" in page and "does not tell what is in it" in page


def test_what_crezco_brought_stands_in_the_csv_with_an_unknown_fee(admin: Client) -> None:
    bill = make_invoice(make_contact(), number="77", currency="GBP", total="40")
    facts = {"source": "crezco", "method": "Bank", "origin": "crezco", "received_on": date(2026, 11, 5)}
    record_payment(bill, reference="pd_1", amount=Decimal(40), **facts)
    (line,) = read_csv(admin, f"{PAGE}payouts.csv?since=2026-11-01")
    assert (line["Gross"], line["Fee"], line["Net"], line["Currency"]) == ("40.00", "unknown", "unknown", "GBP")
    assert (line["Payout"], line["Invoice"]) == ("Crezco", "77")
    assert "Crezco" in admin.get(PAGE).text
    assert not read_csv(admin, f"{PAGE}payouts.csv?until=2026-11-01")
    assert Payment.objects.count() == 1


def test_agents_do_not_see_it() -> None:
    payout, client = make_payout(1, date(2026, 11, 1)), Client()
    client.force_login(make_agent())
    for address in (PAGE, f"{PAGE}payouts.csv", f"{PAGE}{payout.pk}/payout.csv"):
        assert client.get(address).status_code == 403
