"""Money noted here is booked in QuickBooks: once, on its invoice, in Undeposited Funds, whatever goes wrong between."""

import threading
import time
from collections.abc import Callable
from contextlib import closing
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from integrations import outbox, tasks
from integrations.models import OutboxEntry, QuickBooksConnection, QuickBooksLink, SyncLogEntry
from integrations.quickbooks import push
from integrations.quickbooks.client import client_for
from integrations.quickbooks.sync import drain
from invoicing.models import Allocation, Invoice, Payment
from invoicing.recording import record_payment
from invoicing.signals import invoice_paid, invoice_reopened
from sandbox import Company, Sandbox
from tests.factories import make_agent, make_invoice, make_user
from tests.integrations.processes import run_python
from tests.sandbox.cast import customer, invoice, pay

pytestmark = pytest.mark.django_db(transaction=True)
Status = OutboxEntry.Status
Look = Callable[[], None]


@pytest.fixture
def bill(look: Look, books: Company) -> dict:
    """An invoice of 100 that came in."""
    made = invoice(books, customer(books))
    look()
    return made


def ours(doc: dict) -> Invoice:
    return Invoice.objects.get(quickbooks_link__external_id=doc["Id"])


def paid(doc: dict, amount: str = "100", reference: str = "slip-1") -> Payment:
    return record_payment(
        ours(doc),
        source="staff",
        reference=reference,
        amount=Decimal(amount),
        received_on=date(2026, 11, 20),
        method="Card",
        memo="slip 1",
        origin="staff",
    )


def book(connection: QuickBooksConnection) -> int:
    OutboxEntry.objects.filter(status=Status.PENDING).update(not_before=None)
    return outbox.drain(connection, push.PUSHES)


def there(books: Company) -> list[dict]:
    return books.query("SELECT * FROM Payment")


def test_money_noted_here_is_booked_on_its_invoice_in_undeposited_funds(
    bill: dict, look: Look, followed: QuickBooksConnection, books: Company
) -> None:
    payment = paid(bill)
    assert (ours(bill).status, ours(bill).balance) == (Invoice.Status.PAID, 0)
    tasks.drain_outbox()
    (booked,) = there(books)
    assert (booked["TotalAmt"], booked["TxnDate"], booked["PaymentRefNum"]) == (100, "2026-11-20", f"TB-{payment.pk}")
    account = books.read("Account", booked["DepositToAccountRef"]["value"])
    assert account["AccountSubType"] == "UndepositedFunds"
    assert books.read("Invoice", bill["Id"])["Balance"] == 0
    look()
    payment.refresh_from_db()
    assert Payment.objects.get() == payment
    assert (payment.source, payment.method, payment.memo, payment.amount) == ("staff", "Card", "slip 1", 100)
    assert payment.quickbooks_link.external_id == booked["Id"]
    assert (ours(bill).status, ours(bill).balance, ours(bill).paid) == (Invoice.Status.PAID, 0, 100)
    assert SyncLogEntry.objects.filter(door="push", entity="payment", external_id=booked["Id"]).exists()


def test_a_part_leaves_the_rest_owed_on_both_sides(
    bill: dict, look: Look, followed: QuickBooksConnection, books: Company
) -> None:
    paid(bill, "40")
    assert book(followed) == 1
    look()
    assert ours(bill).balance == 60 == books.read("Invoice", bill["Id"])["Balance"]


def test_what_is_not_booked_yet_is_owed_no_longer_whatever_quickbooks_says(
    bill: dict, look: Look, followed: QuickBooksConnection, books: Company
) -> None:
    paid(bill, "40")
    books.update("Invoice", {"Id": bill["Id"], "sparse": True, "CustomerMemo": {"value": "Thank you"}})
    look()
    assert (ours(bill).customer_note, ours(bill).balance) == ("Thank you", 60)
    assert book(followed) == 1
    look()
    assert ours(bill).balance == 60


@pytest.mark.parametrize("trouble", ["cut_before", "cut_after", "500", "503", "429", "garbage"])
def test_a_lost_answer_books_nothing_twice(
    bill: dict, look: Look, followed: QuickBooksConnection, quickbooks: Sandbox, books: Company, trouble: str
) -> None:
    paid(bill)
    quickbooks.faults.add(trouble, times=5, match=f"POST /v3/company/{followed.realm_id}/payment")
    for _ in range(8):
        book(followed)
        look()
    assert len(there(books)) == Payment.objects.count() == QuickBooksLink.objects.filter(entity="payment").count() == 1
    assert OutboxEntry.objects.get().status == Status.DONE
    assert (ours(bill).status, ours(bill).balance) == (Invoice.Status.PAID, 0)


def test_a_worker_that_died_with_the_answer_in_its_hands_books_nothing_twice_however_late_its_successor_comes(
    bill: dict, followed: QuickBooksConnection, books: Company
) -> None:
    payment = paid(bill)
    request = {
        "CustomerRef": bill["CustomerRef"],
        "TotalAmt": 100,
        "TxnDate": "2026-11-20",
        "PaymentRefNum": f"TB-{payment.pk}",
        "Line": [{"Amount": 100, "LinkedTxn": [{"TxnId": bill["Id"], "TxnType": "Invoice"}]}],
    }
    booked = books.create("Payment", request)  # so long ago that QuickBooks knows the requestid no more
    assert book(followed) == 1
    assert [one["Id"] for one in there(books)] == [booked["Id"]]
    assert QuickBooksLink.objects.get(payment=payment).external_id == booked["Id"]


def test_a_payment_that_comes_home_before_its_answer_is_recognised(
    bill: dict, look: Look, followed: QuickBooksConnection, quickbooks: Sandbox, books: Company
) -> None:
    payment = paid(bill)
    quickbooks.faults.add("cut_after", times=1, match=f"POST /v3/company/{followed.realm_id}/payment")
    quickbooks.faults.add("503", times=20, match=f"POST /v3/company/{followed.realm_id}/payment")
    assert book(followed) == 0
    quickbooks.faults.clear()
    look()
    assert Payment.objects.get() == payment and payment.quickbooks_link
    assert (ours(bill).status, ours(bill).balance) == (Invoice.Status.PAID, 0)
    assert book(followed) == 1
    assert len(there(books)) == 1


def test_paid_on_both_sides_at_once_is_booked_as_credit_and_told(
    bill: dict, look: Look, followed: QuickBooksConnection, books: Company
) -> None:
    paid(bill)
    pay(books, books.read("Customer", bill["CustomerRef"]["value"]), 100, (bill, 100))
    assert book(followed) == 1
    look()
    assert sum(one["UnappliedAmt"] for one in there(books)) == 100
    assert (ours(bill).status, ours(bill).balance, ours(bill).paid) == (Invoice.Status.PAID, 0, 100)
    assert "at the same time" in ours(bill).attention
    assert set(Payment.objects.values_list("source", "unapplied")) == {("staff", 100), ("quickbooks", 0)}


def test_where_only_a_part_has_room_there_one_look_at_the_invoice_brings_what_was_booked(
    bill: dict, followed: QuickBooksConnection, books: Company
) -> None:
    paid(bill)
    pay(books, books.read("Customer", bill["CustomerRef"]["value"]), 45, (bill, 45))
    assert book(followed) == 1
    drain.drain(followed)
    assert (ours(bill).status, ours(bill).balance, ours(bill).paid) == (Invoice.Status.PAID, 0, 100)
    assert set(Payment.objects.values_list("source", "amount", "unapplied")) == {
        ("staff", 100, 45),
        ("quickbooks", 45, 0),
    }


@pytest.mark.parametrize("comes_home_first", [True, False])
def test_paid_on_both_sides_at_once_is_told_though_the_answer_of_the_booking_was_lost(
    bill: dict,
    look: Look,
    followed: QuickBooksConnection,
    quickbooks: Sandbox,
    books: Company,
    comes_home_first: bool,
) -> None:
    paid(bill)
    pay(books, books.read("Customer", bill["CustomerRef"]["value"]), 100, (bill, 100))
    quickbooks.faults.add("cut_after", times=1, match=f"POST /v3/company/{followed.realm_id}/payment")
    quickbooks.faults.add("503", times=20, match=f"POST /v3/company/{followed.realm_id}/payment")
    assert book(followed) == 0
    quickbooks.faults.clear()
    for step in [look, lambda: book(followed)] if comes_home_first else [lambda: book(followed), look]:
        step()
    assert (ours(bill).status, ours(bill).balance, ours(bill).paid) == (Invoice.Status.PAID, 0, 100)
    assert "at the same time" in ours(bill).attention


def test_what_is_paid_there_while_the_booking_is_under_way_is_booked_as_credit_and_told(
    bill: dict, look: Look, followed: QuickBooksConnection, quickbooks: Sandbox, books: Company
) -> None:
    paid(bill)
    quickbooks.faults.add("slow", seconds=1, match=f"POST /v3/company/{followed.realm_id}/payment")

    def follow() -> None:
        book(followed)
        connection.close()

    worker = threading.Thread(target=follow)
    worker.start()
    while quickbooks.faults.waiting:
        assert worker.is_alive()
    pay(books, books.read("Customer", bill["CustomerRef"]["value"]), 100, (bill, 100))
    worker.join()
    look()
    assert OutboxEntry.objects.get().status == Status.DONE
    assert (ours(bill).balance, ours(bill).paid) == (0, 100)
    assert "at the same time" in ours(bill).attention
    assert set(Payment.objects.values_list("source", "unapplied")) == {("staff", 100), ("quickbooks", 0)}


def test_paid_on_both_sides_at_once_is_told_as_paid_once(
    bill: dict, look: Look, followed: QuickBooksConnection, books: Company
) -> None:
    told: list[str] = []

    def hear_paid(sender: Any, **facts: Any) -> None:
        told.append("paid")

    def hear_reopened(sender: Any, **facts: Any) -> None:
        told.append("reopened")

    invoice_paid.connect(hear_paid)
    invoice_reopened.connect(hear_reopened)
    paid(bill)
    pay(books, books.read("Customer", bill["CustomerRef"]["value"]), 100, (bill, 100))
    assert book(followed) == 1
    look()
    assert told == ["paid"]
    assert (ours(bill).status, ours(bill).paid) == (Invoice.Status.PAID, 100)
    assert set(Payment.objects.values_list("source", "unapplied")) == {("staff", 100), ("quickbooks", 0)}


def test_money_noted_at_the_moment_a_look_is_written_stays_noted(
    bill: dict, look: Look, followed: QuickBooksConnection, books: Company
) -> None:
    books.update("Invoice", {"Id": bill["Id"], "sparse": True, "CustomerMemo": {"value": "Thank you"}})

    def follow() -> None:
        look()
        connection.close()

    worker = threading.Thread(target=follow)
    with transaction.atomic():
        paid(bill, "40")
        worker.start()
        while connection.vendor == "postgresql" and not _somebody_waits():
            assert worker.is_alive()
    worker.join()
    assert (ours(bill).customer_note, ours(bill).balance) == ("Thank you", 60)


def _somebody_waits() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
        return cursor.fetchone()[0] > 0


def test_what_is_entered_by_hand_with_our_reference_is_no_second_payment(
    bill: dict, look: Look, followed: QuickBooksConnection, books: Company
) -> None:
    payment = paid(bill)
    books.delete("Invoice", bill["Id"])
    assert book(followed) == 0
    told = OutboxEntry.objects.get().last_error
    assert f"TB-{payment.pk}" in told and "20 Nov 2026" in told
    ada = books.read("Customer", bill["CustomerRef"]["value"])
    pay(books, ada, 100, PaymentRefNum=f"TB-{payment.pk}", TxnDate="2026-11-20")
    look()
    assert Payment.objects.get().unapplied == 100
    outbox.try_again(followed)
    assert (book(followed), len(there(books))) == (1, 1)


@pytest.mark.parametrize("comes_home_first", [True, False])
def test_what_is_entered_by_hand_as_credit_leaves_the_invoice_owed(
    bill: dict, look: Look, followed: QuickBooksConnection, books: Company, comes_home_first: bool
) -> None:
    payment = paid(bill)
    entered = {"CustomerRef": bill["CustomerRef"], "TotalAmt": 100, "Line": []}
    entered |= {"PaymentRefNum": f"TB-{payment.pk}", "TxnDate": "2026-11-20"}
    books.create("Payment", entered, at=time.time() + 2)  # QuickBooks counts whole seconds
    for step in [look, lambda: book(followed)] if comes_home_first else [lambda: book(followed), look]:
        step()
    assert Payment.objects.get().unapplied == 100
    assert (ours(bill).status, ours(bill).balance, ours(bill).paid) == (Invoice.Status.OPEN, 100, 0)


def test_what_a_customer_in_conflict_paid_too_much_ends_with_a_person_who_enters_it(
    look: Look, followed: QuickBooksConnection, books: Company
) -> None:
    same = {"PrimaryEmailAddr": {"Address": "ann@example.com"}}
    customer(books, "Ann Lee", **same)
    bob = customer(books, "Bob Lee", **same)
    bill = invoice(books, bob)
    look()
    assert ours(bill).contact is None
    paid(bill)
    twice = paid(bill, reference="slip-2")
    assert book(followed) == 1
    entry = OutboxEntry.objects.get(payment=twice)
    assert entry.status == Status.STUCK
    assert f"TB-{twice.pk}" in entry.last_error and "20 Nov 2026" in entry.last_error
    pay(books, bob, 100, PaymentRefNum=f"TB-{twice.pk}", TxnDate="2026-11-20")
    look()
    outbox.try_again(followed)
    assert (book(followed), len(there(books)), Payment.objects.count()) == (1, 2, 2)


def test_an_invoice_that_is_gone_there_ends_with_a_person(
    bill: dict, followed: QuickBooksConnection, books: Company
) -> None:
    paid(bill)
    books.delete("Invoice", bill["Id"])
    assert book(followed) == 0
    entry = OutboxEntry.objects.get()
    assert entry.status == Status.STUCK and "not in QuickBooks any more" in entry.last_error
    assert SyncLogEntry.objects.filter(door="push", outcome="failed").exists()
    client = Client()
    client.force_login(make_user())
    page = client.get(reverse("integrations:sync-log")).text
    assert "1 payment not booked in QuickBooks" in page and "not in QuickBooks any more" in page
    again = client.post(reverse("integrations:outbox-try-again"), follow=True).text
    assert "1 record is tried again now" in again
    assert "Nothing was left to try" in client.post(reverse("integrations:outbox-try-again"), follow=True).text
    with pytest.raises(CommandError, match="What failed"):
        call_command("push_outbox")
    client.force_login(make_agent())
    assert client.post(reverse("integrations:outbox-try-again")).status_code == 403


def test_a_closed_period_is_told_in_quickbooks_own_words(
    bill: dict, followed: QuickBooksConnection, books: Company
) -> None:
    paid(bill)
    books.close_books("2026-12-31")
    assert book(followed) == 0
    assert OutboxEntry.objects.get().status == Status.STUCK
    books.close_books(None)
    outbox.try_again(followed)
    assert book(followed) == 1


def test_the_same_reference_is_one_payment(bill: dict, followed: QuickBooksConnection, books: Company) -> None:
    assert paid(bill, "40") == paid(bill, "40")
    book(followed)
    assert len(there(books)) == OutboxEntry.objects.count() == Allocation.objects.count() == 1


def test_more_than_is_owed_is_taken_and_the_rest_is_credit(
    bill: dict, look: Look, followed: QuickBooksConnection, books: Company
) -> None:
    payment = paid(bill, "130")
    assert payment.unapplied == 30 and "30.00 USD more than was owed" in ours(bill).attention
    assert book(followed) == 1
    assert there(books)[0]["UnappliedAmt"] == 30
    look()
    assert Payment.objects.get().unapplied == 30


def test_what_the_bookkeeper_does_to_a_booked_payment_follows(
    bill: dict, look: Look, followed: QuickBooksConnection, books: Company
) -> None:
    paid(bill)
    book(followed)
    look()
    books.update("Payment", {"Id": there(books)[0]["Id"], "sparse": True, "Line": []})
    look()
    assert (ours(bill).status, ours(bill).balance) == (Invoice.Status.OPEN, 100)
    assert Payment.objects.get().unapplied == 100
    books.delete("Payment", there(books)[0]["Id"])
    look()
    assert Payment.objects.get().is_void


@pytest.mark.parametrize("deed", ["parted", "deleted"])
def test_what_the_bookkeeper_undoes_before_we_look_is_owed_again(
    bill: dict, look: Look, followed: QuickBooksConnection, books: Company, deed: str
) -> None:
    paid(bill)
    book(followed)
    (booked,) = there(books)
    if deed == "parted":
        books.update("Payment", {"Id": booked["Id"], "sparse": True, "Line": []})
    else:
        books.delete("Payment", booked["Id"])
    look()
    assert (ours(bill).status, ours(bill).balance, ours(bill).paid) == (Invoice.Status.OPEN, 100, 0)


def test_a_payment_that_is_deleted_in_quickbooks_keeps_our_own_words_of_it(
    bill: dict, look: Look, followed: QuickBooksConnection, books: Company
) -> None:
    paid(bill)
    book(followed)
    look()
    books.delete("Payment", there(books)[0]["Id"])
    look()
    payment = Payment.objects.get()
    assert (payment.is_void, payment.method, payment.memo) == (True, "Card", "slip 1")


def test_a_worker_killed_before_it_heard_the_answer_does_not_look_like_paying_twice(
    bill: dict, look: Look, followed: QuickBooksConnection, books: Company
) -> None:
    payment = paid(bill)
    entry = OutboxEntry.objects.get()
    with closing(client_for(followed)) as client:
        body, *_ = push._body(client, followed, payment)
        client.create_payment(body, request_id=str(entry.key))
    OutboxEntry.objects.update(not_before=timezone.now())  # what a killed worker held is free again
    assert outbox.drain(followed, push.PUSHES) == 1
    look()
    assert (len(there(books)), ours(bill).status, ours(bill).attention) == (1, Invoice.Status.PAID, "")


def test_money_for_an_invoice_that_quickbooks_does_not_have_is_not_booked_there(
    bill: dict, followed: QuickBooksConnection
) -> None:
    of_ours = make_invoice(ours(bill).contact, total="50")
    record_payment(
        of_ours,
        source="staff",
        reference="slip-2",
        amount=Decimal(50),
        received_on=date(2026, 11, 20),
        method="Card",
        origin="staff",
    )
    assert not OutboxEntry.objects.exists()


def test_what_goes_wrong_on_our_side_claims_nothing_about_the_books(
    bill: dict, followed: QuickBooksConnection, books: Company
) -> None:
    def book_and_stumble(entry: OutboxEntry) -> None:
        push.push_payment(entry)
        raise KeyError("the disk is full")

    paid(bill)
    assert outbox.drain(followed, {OutboxEntry.Kind.CREATE_PAYMENT: book_and_stumble}) == 0
    told = OutboxEntry.objects.get().last_error
    assert len(there(books)) == 1 and "on our side (KeyError)" in told and "Nothing was booked" not in told


def test_many_workers_book_each_once(
    bill: dict, followed: QuickBooksConnection, quickbooks: Sandbox, books: Company
) -> None:
    for number in range(10):
        paid(bill, "5", f"slip-{number}")
    code = "from integrations import tasks\ntasks.drain_outbox()\nprint(1)"
    run_python(code, times=4, sandbox=quickbooks)
    assert len(there(books)) == 10
    assert books.read("Invoice", bill["Id"])["Balance"] == 50


def test_the_command_books_what_waits_and_tells(
    bill: dict, followed: QuickBooksConnection, books: Company, capsys: pytest.CaptureFixture[str]
) -> None:
    paid(bill)
    call_command("push_outbox", "--json")
    assert '"booked": 1, "waiting": 0, "failed": 0' in capsys.readouterr().out
    call_command("push_outbox")
    assert "Booked: 0" in capsys.readouterr().out


def test_while_disconnected_the_queue_waits(bill: dict, followed: QuickBooksConnection, books: Company) -> None:
    paid(bill)
    QuickBooksConnection.objects.update(status="disconnected")
    assert book(followed) == 0
    QuickBooksConnection.objects.update(status="connected")
    assert book(followed) == 1
