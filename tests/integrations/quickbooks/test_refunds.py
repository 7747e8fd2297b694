"""A refund reaches QuickBooks: its Payment is lowered to what is left, once, and nothing that comes home undoes it."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from integrations import inbox, outbox
from integrations.models import OutboxEntry, QuickBooksConnection, SyncLogEntry
from integrations.quickbooks import push
from integrations.quickbooks.lowering import body_of
from integrations.quickbooks.sync import drain
from invoicing.models import Allocation, Invoice, Payment
from invoicing.recording import record_payment
from invoicing.refunding import record_refund
from invoicing.signals import invoice_changed, payment_changed, payment_recorded, payment_reversed
from sandbox import Company, Sandbox
from tests.factories import make_user
from tests.sandbox.cast import customer, deposit, invoice

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


def paid(doc: dict, amount: str = "100") -> Payment:
    return record_payment(
        ours(doc),
        source="stripe",
        reference="pi_1",
        amount=Decimal(amount),
        received_on=date(2026, 11, 20),
        method="Card",
        memo="pi_1",
        origin="stripe",
    )


@pytest.fixture
def payment(bill: dict, look: Look, followed: QuickBooksConnection) -> Payment:
    """The bill, paid in full and booked."""
    made = paid(bill)
    assert book(followed) == 1
    look()
    return made


def give_back(payment: Payment, amount: str, reference: str = "re_1", left: str = "") -> None:
    record_refund(
        payment,
        source="stripe",
        reference=reference,
        amount=Decimal(amount),
        left=Decimal(left) if left else None,
        origin="stripe",
    )


def book(connection: QuickBooksConnection) -> int:
    OutboxEntry.objects.filter(status=Status.PENDING).update(not_before=None)
    return outbox.drain(connection, push.PUSHES)


def there(books: Company) -> dict[str, Any]:
    (found,) = books.query("SELECT * FROM Payment")
    return found


def lowering() -> OutboxEntry:
    return OutboxEntry.objects.get(kind=OutboxEntry.Kind.LOWER_PAYMENT)


def here(doc: dict, payment: Payment) -> tuple[Decimal, ...]:
    """What the payment still is, what went back, what of it is on the invoice, and what is owed."""
    payment.refresh_from_db()
    spread = sum(Allocation.objects.filter(payment=payment).values_list("amount", flat=True), Decimal(0))
    assert spread + payment.unapplied == payment.amount
    return payment.amount, payment.refunded, ours(doc).paid, ours(doc).balance


def touch(books: Company, doc: dict, words: str) -> None:
    """Something else of the invoice changes there, so that it comes home."""
    books.update("Invoice", {"Id": doc["Id"], "sparse": True, "CustomerMemo": {"value": words}})


@pytest.fixture
def news() -> Any:
    """What is announced from now on of payments and invoices, by the books."""
    heard: list[str] = []

    def hear(signal: Any, **facts: Any) -> None:
        if facts["origin"] == "quickbooks":
            heard.append(f"{facts['sender'].__name__} {facts.get('changes', '')}")

    signals = (payment_changed, payment_recorded, payment_reversed, invoice_changed)
    for signal in signals:
        signal.connect(hear, weak=False)
    yield heard
    for signal in signals:
        signal.disconnect(hear)


def test_a_part_lowers_the_payment_and_its_line_and_the_echo_is_no_news(
    bill: dict, payment: Payment, look: Look, followed: QuickBooksConnection, books: Company, news: list[str]
) -> None:
    before = there(books)
    give_back(payment, "20")
    assert here(bill, payment) == (80, 20, 80, 20)
    look()  # before QuickBooks knows of it
    assert here(bill, payment) == (80, 20, 80, 20)
    assert book(followed) == 1
    after = there(books)
    assert (after["TotalAmt"], after["UnappliedAmt"], [line["Amount"] for line in after["Line"]]) == (80, 0, [80])
    kept = ("PaymentRefNum", "TxnDate", "DepositToAccountRef", "PaymentMethodRef", "PrivateNote", "CustomerRef")
    assert {name: after.get(name) for name in kept} == {name: before.get(name) for name in kept}
    assert books.read("Invoice", bill["Id"])["Balance"] == 20
    look()
    look()
    assert here(bill, payment) == (80, 20, 80, 20)
    assert (ours(bill).status, lowering().status, Payment.objects.count()) == ("open", Status.DONE, 1)
    assert not news


def test_a_second_refund_lowers_it_again_and_the_last_voids_it(
    bill: dict, payment: Payment, look: Look, followed: QuickBooksConnection, books: Company, news: list[str]
) -> None:
    give_back(payment, "20")
    book(followed)
    key = lowering().key
    give_back(payment, "30", "re_2")
    assert (lowering().status, lowering().key != key) == (Status.PENDING, True)
    assert book(followed) == 1
    assert there(books)["TotalAmt"] == 50
    give_back(payment, "50", "re_3")
    assert book(followed) == 1
    voided = there(books)
    assert (voided["TotalAmt"], voided["Line"], voided["PrivateNote"][:6]) == (0, [], "Voided")
    look()
    assert here(bill, payment) == (0, 100, 0, 100)
    assert payment.is_void and ours(bill).status == "open"
    assert books.read("Invoice", bill["Id"])["Balance"] == 100
    (told,) = news  # of the word that QuickBooks put before the note, and of no money
    assert "private_note" in told and "amount" not in told


@pytest.mark.parametrize("amount", ["20", "100"])
@pytest.mark.parametrize("trouble", ["cut_before", "cut_after", "500", "503", "429", "garbage"])
def test_a_lost_answer_lowers_nothing_twice(
    bill: dict,
    payment: Payment,
    look: Look,
    followed: QuickBooksConnection,
    quickbooks: Sandbox,
    books: Company,
    amount: str,
    trouble: str,
) -> None:
    give_back(payment, amount)
    quickbooks.faults.add(trouble, times=5, match=f"POST /v3/company/{followed.realm_id}/payment")
    for _ in range(8):
        book(followed)
        look()
    left = 100 - int(amount)
    assert there(books)["TotalAmt"] == left and lowering().status == Status.DONE
    assert here(bill, payment) == (left, int(amount), left, int(amount))


@pytest.mark.parametrize("amount", ["20", "100"])
def test_what_was_lowered_there_without_our_hearing_of_it_is_owed_once(
    bill: dict, payment: Payment, followed: QuickBooksConnection, quickbooks: Sandbox, books: Company, amount: str
) -> None:
    give_back(payment, amount)
    quickbooks.faults.add("cut_after", times=1, match=f"POST /v3/company/{followed.realm_id}/payment")
    quickbooks.faults.add("503", times=20, match=f"POST /v3/company/{followed.realm_id}/payment")
    assert book(followed) == 0
    quickbooks.faults.clear()
    left = 100 - int(amount)
    assert there(books)["TotalAmt"] == left
    inbox.look_at(followed.realm_id, "invoice", bill["Id"], why="changed")
    drain.drain(followed)
    assert here(bill, payment) == (left, int(amount), left, int(amount))
    assert lowering().status == Status.DONE


def test_a_payment_that_is_not_booked_yet_is_booked_at_what_is_left(
    bill: dict, look: Look, followed: QuickBooksConnection, books: Company
) -> None:
    payment = paid(bill)
    give_back(payment, "20")
    assert not OutboxEntry.objects.lowering().exists()
    assert book(followed) == 1
    assert there(books)["TotalAmt"] == 80
    look()
    assert here(bill, payment) == (80, 20, 80, 20)


def test_what_is_all_gone_before_it_was_booked_is_never_booked(
    bill: dict, followed: QuickBooksConnection, books: Company
) -> None:
    payment = paid(bill)
    give_back(payment, "100")
    book(followed)
    assert OutboxEntry.objects.get().status == Status.IGNORED
    assert not books.query("SELECT * FROM Payment")
    assert here(bill, payment) == (0, 100, 0, 100)


@pytest.mark.parametrize("amount", ["20", "100"])
@pytest.mark.parametrize("comes_home_first", [True, False])
def test_money_that_went_back_while_the_answer_of_its_booking_was_lost(
    bill: dict,
    look: Look,
    followed: QuickBooksConnection,
    quickbooks: Sandbox,
    books: Company,
    amount: str,
    comes_home_first: bool,
) -> None:
    payment = paid(bill)
    quickbooks.faults.add("cut_after", times=1, match=f"POST /v3/company/{followed.realm_id}/payment")
    quickbooks.faults.add("503", times=20, match=f"POST /v3/company/{followed.realm_id}/payment")
    book(followed)
    quickbooks.faults.clear()
    give_back(payment, amount)
    for step in [look, lambda: book(followed)] if comes_home_first else [lambda: book(followed), look]:
        step()
    book(followed)
    look()
    left = 100 - int(amount)
    assert here(bill, payment) == (left, int(amount), left, int(amount))
    assert there(books)["TotalAmt"] == left
    assert Payment.objects.count() == 1 and lowering().status == Status.DONE


def test_a_stale_version_is_read_again(
    bill: dict, payment: Payment, look: Look, followed: QuickBooksConnection, books: Company
) -> None:
    give_back(payment, "20")
    books.update("Payment", {"Id": there(books)["Id"], "sparse": True, "PrivateNote": "seen"})
    assert book(followed) == 1
    assert (there(books)["TotalAmt"], there(books)["PrivateNote"]) == (80, "seen")


def test_what_the_bookkeeper_lowered_first_is_not_lowered_twice(
    bill: dict, payment: Payment, look: Look, followed: QuickBooksConnection, books: Company
) -> None:
    give_back(payment, "20")
    lines = [{**line, "Amount": 80} for line in there(books)["Line"]]
    books.update("Payment", {"Id": there(books)["Id"], "sparse": True, "TotalAmt": 80, "Line": lines})
    version = there(books)["SyncToken"]
    look()
    assert lowering().status == Status.DONE
    book(followed)
    look()
    assert there(books)["SyncToken"] == version
    assert here(bill, payment) == (80, 20, 80, 20)


def test_what_the_bookkeeper_lowered_before_the_gateway_told_of_it_is_not_lowered_twice(
    bill: dict, payment: Payment, look: Look, followed: QuickBooksConnection, books: Company
) -> None:
    lines = [{**line, "Amount": 80} for line in there(books)["Line"]]
    books.update("Payment", {"Id": there(books)["Id"], "sparse": True, "TotalAmt": 80, "Line": lines})
    look()
    give_back(payment, "20", left="80")
    book(followed)
    look()
    assert here(bill, payment) == (80, 20, 80, 20)
    assert there(books)["TotalAmt"] == 80


def test_the_invoice_may_change_meanwhile_and_is_still_owed(
    bill: dict, payment: Payment, look: Look, followed: QuickBooksConnection, books: Company
) -> None:
    give_back(payment, "20")
    touch(books, bill, "Thank you")
    look()
    assert ours(bill).customer_note == "Thank you"
    assert here(bill, payment) == (80, 20, 80, 20)
    give_back(payment, "80", "re_2")
    touch(books, bill, "Thanks")
    look()
    assert here(bill, payment) == (0, 100, 0, 100)
    book(followed)
    look()
    assert here(bill, payment) == (0, 100, 0, 100)


def test_credit_goes_before_what_settled_the_invoice(
    bill: dict, look: Look, followed: QuickBooksConnection, books: Company
) -> None:
    payment = paid(bill, "130")
    book(followed)
    look()
    give_back(payment, "40")
    book(followed)
    look()
    assert (there(books)["TotalAmt"], there(books)["UnappliedAmt"]) == (90, 0)
    assert here(bill, payment) == (90, 40, 90, 10)


def test_what_the_bookkeeper_spread_anew_is_lowered_as_it_is_spread(
    bill: dict, payment: Payment, look: Look, followed: QuickBooksConnection, books: Company
) -> None:
    other = invoice(books, books.read("Customer", bill["CustomerRef"]["value"]))
    give_back(payment, "30")
    lines = [
        {"Amount": part, "LinkedTxn": [{"TxnId": one["Id"], "TxnType": "Invoice"}]}
        for one, part in ((bill, 60), (other, 40))
    ]
    books.update("Payment", {"Id": there(books)["Id"], "sparse": True, "Line": lines})
    look()
    book(followed)
    look()
    assert there(books)["TotalAmt"] == 70
    assert here(bill, payment)[:2] == (70, 30)
    assert (ours(bill).balance, ours(other).balance) == tuple(
        books.read("Invoice", one["Id"])["Balance"] for one in (bill, other)
    )


def test_in_a_deposit_nothing_is_changed_and_staff_get_the_steps(
    bill: dict, payment: Payment, look: Look, followed: QuickBooksConnection, books: Company
) -> None:
    held = deposit(books, there(books))
    give_back(payment, "20")
    before = there(books)
    book(followed)
    assert there(books) == before
    assert lowering().status == Status.STUCK
    told = SyncLogEntry.objects.get(door="push", outcome="failed")
    assert told.external_id == before["Id"]
    for words in ("part of a bank deposit", "100.00 USD", "change the payment to 80.00 USD", "Try again"):
        assert words in told.text
    client = Client()
    client.force_login(make_user())
    page = client.get(reverse("integrations:sync-log")).text
    assert "1 payment not booked in QuickBooks" in page and "Refund of 20 Nov 2026, Card" in page
    touch(books, bill, "Thank you")
    look()
    assert here(bill, payment) == (80, 20, 80, 20)
    books.delete("Deposit", held["Id"])
    outbox.try_again(followed)
    assert book(followed) == 1
    look()
    assert there(books)["TotalAmt"] == 80 and lowering().status == Status.DONE
    assert here(bill, payment) == (80, 20, 80, 20)


def test_steps_done_by_hand_end_what_waited(
    bill: dict, payment: Payment, look: Look, followed: QuickBooksConnection, books: Company, news: list[str]
) -> None:
    held = deposit(books, there(books))
    give_back(payment, "100")
    book(followed)
    assert lowering().status == Status.STUCK and "void the payment" in lowering().last_error
    books.delete("Deposit", held["Id"])
    books.void("Payment", there(books)["Id"])
    look()
    assert lowering().status == Status.DONE
    assert here(bill, payment) == (0, 100, 0, 100)


@pytest.mark.parametrize("amount", ["20", "100"])
def test_in_a_closed_period_nothing_is_changed_and_staff_get_the_steps(
    bill: dict, payment: Payment, look: Look, followed: QuickBooksConnection, books: Company, amount: str
) -> None:
    books.close_books("2026-12-31")
    give_back(payment, amount)
    before = there(books)
    book(followed)
    assert there(books) == before
    assert "Its period is closed, so nothing was changed" in SyncLogEntry.objects.get(outcome="failed").text
    look()
    assert here(bill, payment)[0] == 100 - int(amount)
    books.close_books(None)
    outbox.try_again(followed)
    assert book(followed) == 1
    assert there(books)["TotalAmt"] == 100 - int(amount)


def test_a_payment_that_is_gone_there_needs_no_lowering(
    bill: dict, payment: Payment, look: Look, followed: QuickBooksConnection, books: Company
) -> None:
    give_back(payment, "20")
    books.delete("Payment", there(books)["Id"])
    book(followed)
    assert lowering().status == Status.IGNORED
    look()
    assert payment.refunds.count() == 1 and here(bill, payment)[0] == 0
    assert ours(bill).balance == 100 == books.read("Invoice", bill["Id"])["Balance"]


def test_a_try_that_was_overtaken_by_another_refund_ends_nothing(
    bill: dict, payment: Payment, followed: QuickBooksConnection
) -> None:
    give_back(payment, "20")
    tried = lowering()
    give_back(payment, "30", "re_2")
    outbox.end(tried)
    assert lowering().status == Status.PENDING


def test_credit_memos_on_the_payment_stay_when_its_money_goes() -> None:
    document = {
        "Id": "7",
        "SyncToken": "1",
        "TotalAmt": Decimal("60"),
        "UnappliedAmt": Decimal("0"),
        "MetaData": {},
        "Line": [
            {"Amount": Decimal("100"), "LinkedTxn": [{"TxnId": "1", "TxnType": "Invoice"}], "LineEx": {}},
            {"Amount": Decimal("40"), "LinkedTxn": [{"TxnId": "2", "TxnType": "CreditMemo"}]},
        ],
    }
    body = body_of(document, Decimal("0"), {"1": Decimal("40")})
    assert (body["TotalAmt"], [line["Amount"] for line in body["Line"]]) == (0, [40, 40])
    assert "MetaData" not in body and "LineEx" not in body["Line"][0]
