"""One payment for several invoices: the oldest due first, each up to its balance, once, and nothing is lost."""

import threading
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from crm.models import Activity, Contact
from invoicing.models import Invoice, Payment
from invoicing.recording import CannotRecord, record_payment, record_payment_of_all, spread
from invoicing.signals import invoice_paid
from tests.factories import business_day, make_contact, make_invoice

CENTS = st.integers(0, 10**9).map(lambda cents: Decimal(cents) / 100)


BILLS = st.lists(st.tuples(st.integers(0, 5), CENTS, st.sampled_from(["open", "open", "open", "paid", "void"])))


def owed(pk: int, days: int, balance: Decimal, status: str) -> Invoice:
    return Invoice(pk=pk, due_on=date(2026, 1, 1) + timedelta(days=days), balance=balance, status=status)


@given(CENTS, BILLS)
def test_what_is_spread_is_never_more_than_came_nor_than_is_owed_and_nothing_owed_is_passed_over(
    amount: Decimal, bills: list[tuple[int, Decimal, str]]
) -> None:
    invoices = [owed(pk, *bill) for pk, bill in enumerate(bills, start=1)]
    shares = spread(amount, invoices)
    by_age = [one for one in sorted(invoices, key=lambda one: (one.due_on, one.pk)) if one.status == "open"]
    assert sum(shares.values()) == min(amount, sum(one.balance for one in by_age))
    assert all(0 < shares[one.pk] <= one.balance for one in by_age if one.pk in shares)
    assert set(shares) <= {one.pk for one in by_age}
    # Whoever got less than is owed is the last to get anything.
    short = [place for place, one in enumerate(by_age) if shares.get(one.pk, 0) < one.balance]
    assert not short or not any(one.pk in shares for one in by_age[short[0] + 1 :])


@given(CENTS, BILLS, st.randoms())
def test_in_which_order_the_invoices_come_makes_no_difference(
    amount: Decimal, bills: list[tuple[int, Decimal, str]], random: Any
) -> None:
    invoices = [owed(pk, *bill) for pk, bill in enumerate(bills, start=1)]
    mixed = random.sample(invoices, len(invoices))
    assert spread(amount, invoices) == spread(amount, mixed)


@pytest.fixture
def ada(db: None) -> Contact:
    return make_contact()


def three(ada: Contact, **fields: Any) -> list[Invoice]:
    today = business_day()
    return [
        make_invoice(ada, total=total, due_on=today + timedelta(days=days), **fields)
        for total, days in (("30", 5), ("20", -5), ("50", 0))
    ]


def pay(ada: Contact, invoices: list[Invoice], amount: str, reference: str = "pi_1") -> Payment:
    return record_payment_of_all(
        ada,
        invoices,
        source="stripe",
        reference=reference,
        amount=Decimal(amount),
        received_on=business_day(),
        method="Card",
        origin="stripe",
    )


def balances(invoices: list[Invoice]) -> list[Decimal]:
    return [Invoice.objects.get(pk=one.pk).balance for one in invoices]


def test_all_are_paid_by_one_payment_that_is_told_once(ada: Contact) -> None:
    told: list[int] = []

    def hear(sender: Any, invoice: Invoice, **facts: Any) -> None:
        told.append(invoice.pk)

    invoice_paid.connect(hear)
    invoices = three(ada)
    assert pay(ada, invoices, "100") == pay(ada, invoices, "100")
    payment = Payment.objects.get()
    assert (payment.amount, payment.unapplied, payment.contact, payment.customer_name) == (100, 0, ada, ada.name)
    assert balances(invoices) == [0, 0, 0] and payment.allocations.count() == 3
    assert sorted(told) == sorted(one.pk for one in invoices)
    assert set(Invoice.objects.values_list("status", "attention")) == {("paid", "")}
    assert Activity.objects.filter(verb="payment.recorded", contact=ada).count() == 1


def test_less_than_all_settles_the_oldest_due(ada: Contact) -> None:
    invoices = three(ada)
    pay(ada, invoices, "45")
    assert balances(invoices) == [30, 0, 25]


def test_what_was_paid_meanwhile_leaves_credit_and_says_so_where_it_was_meant_to_go(ada: Contact) -> None:
    invoices = three(ada)
    record_payment(
        invoices[2],
        source="staff",
        reference="1",
        amount=Decimal(50),
        received_on=business_day(),
        method="",
        origin="staff",
    )
    assert pay(ada, invoices, "100").unapplied == 50
    assert balances(invoices) == [0, 0, 0]
    flagged = Invoice.objects.exclude(attention="").get()
    assert flagged == invoices[2] and "50.00 USD more than was owed" in flagged.attention


def test_what_belongs_to_another_contact_meanwhile_gets_nothing(ada: Contact) -> None:
    invoices = three(ada)
    Invoice.objects.filter(pk=invoices[1].pk).update(contact=make_contact("Ben"))
    assert pay(ada, invoices, "100").unapplied == 20
    assert balances(invoices) == [0, 20, 0]


def test_more_than_all_is_credit_and_flagged_once(ada: Contact) -> None:
    pay(ada, three(ada), "120")
    assert Payment.objects.get().unapplied == 20
    assert Invoice.objects.exclude(attention="").count() == 1


@pytest.mark.parametrize("amount", ["0", "-5", "1.005"])
def test_no_amount_and_one_finer_than_the_currency_are_refused(ada: Contact, amount: str) -> None:
    with pytest.raises(CannotRecord):
        pay(ada, three(ada), amount)
    assert not Payment.objects.exists()


def test_yen_and_dinars_are_spread_to_the_last_unit(ada: Contact) -> None:
    yen = [make_invoice(ada, currency="JPY", total=total) for total in ("1200", "1")]
    assert pay(ada, yen, "1201").unapplied == 0
    dinars = [make_invoice(ada, currency="KWD", total=total) for total in ("1.255", "0.001")]
    assert pay(ada, dinars, "1.256", "pi_2").unapplied == 0
    assert balances([*yen, *dinars]) == [0, 0, 0, 0]


@pytest.mark.django_db(transaction=True)
def test_webhook_and_return_at_once_record_it_once_and_never_wait_for_each_other_for_ever() -> None:
    ada = make_contact()
    invoices = three(ada)
    start, failed = threading.Barrier(4), []

    def record(order: list[Invoice], reference: str) -> None:
        start.wait()
        try:
            pay(ada, order, "100", reference)
        except Exception as error:
            failed.append(error)
        finally:
            connection.close()

    # The same money told twice in either order, and another payment of the same invoices.
    told = [(invoices, "pi_1"), (invoices[::-1], "pi_1"), (invoices[::-1], "pi_2"), (invoices[1:], "pi_3")]
    threads = [threading.Thread(target=record, args=one) for one in told]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed
    assert Payment.objects.count() == 3
    assert balances(invoices) == [0, 0, 0]
    assert sum(Payment.objects.values_list("unapplied", flat=True)) == 200
