"""An invoice of QuickBooks that is sent from here is marked as sent there, and nothing else of it changes."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse

from integrations import inbox, outbox
from integrations.models import OutboxEntry, QuickBooksConnection, SyncLogEntry
from integrations.quickbooks import push
from integrations.quickbooks.sync import drain
from invoicing.models import Invoice
from invoicing.sent import mark_sent
from invoicing.signals import invoice_changed
from sandbox import Company, Sandbox
from tests.factories import make_invoice, make_user
from tests.integrations.quickbooks.test_push import book, ours, paid
from tests.sandbox.cast import customer, invoice, sold

pytestmark = pytest.mark.django_db(transaction=True)
Status = OutboxEntry.Status
Look = Callable[[], None]
# What every write moves.
MOVED = ("SyncToken", "MetaData")


@pytest.fixture
def bill(look: Look, books: Company) -> dict:
    """An invoice with all that a document may carry, which came in; its customer has no email address."""
    made = invoice(
        books,
        customer(books, BillAddr={"Line1": "1 Main Street", "City": "Springfield"}),
        sold("1", 2, 45.5, "TAX"),
        sold("1", 1, 9, "NON"),
        {"DetailType": "DescriptionOnly", "Description": "With thanks", "DescriptionLineDetail": {}},
        DocNumber="T-1",
        DueDate="2026-12-24",
        CustomerMemo={"value": "Thank you"},
        PrivateNote="for the books only",
        PrintStatus="PrintComplete",
        AllowOnlineACHPayment=True,
    )
    look()
    return made


@pytest.fixture
def news() -> Iterator[list[str]]:
    """What is announced of invoices by the books."""
    heard: list[str] = []

    def hear(signal: Any, **facts: Any) -> None:
        heard.append(str(facts["changes"]))

    invoice_changed.connect(hear)
    yield heard
    invoice_changed.disconnect(hear)


def send(doc: dict) -> None:
    mark_sent(ours(doc), actor=None, how="by text to (415) 555-0123")


def there(books: Company, doc: dict) -> dict:
    return books.read("Invoice", doc["Id"])


def log() -> list[tuple[str, str]]:
    lines = SyncLogEntry.objects.filter(entity="invoice", door__in=["push", "poll", "webhook"]).order_by("id")
    return list(lines.values_list("door", "outcome"))


def entry() -> OutboxEntry:
    return OutboxEntry.objects.get(kind=OutboxEntry.Kind.MARK_SENT)


def test_sending_sets_the_marker_and_changes_nothing_else(
    bill: dict, look: Look, followed: QuickBooksConnection, books: Company, news: list[str]
) -> None:
    before, lines = there(books, bill), log()
    assert before["EmailStatus"] == "NotSet" and "BillEmail" not in before
    send(bill)
    assert book(followed) == 1
    after = there(books, bill)
    assert after["EmailStatus"] == "EmailSent"
    changed = {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
    assert changed - set(MOVED) == {"EmailStatus"}
    assert int(after["SyncToken"]) == int(before["SyncToken"]) + 1
    look()
    assert log() == [*lines, ("push", "updated")]
    assert not news and entry().status == Status.DONE


def test_our_own_echo_by_webhook_announces_nothing(
    bill: dict, look: Look, followed: QuickBooksConnection, books: Company, news: list[str]
) -> None:
    send(bill)
    book(followed)
    inbox.look_at(followed.realm_id, "invoice", bill["Id"], why="told")
    drain.drain(followed)
    assert not news
    assert SyncLogEntry.objects.latest("id").outcome == "unchanged"


def test_what_somebody_else_changed_in_the_same_moment_still_comes_in(
    bill: dict, look: Look, followed: QuickBooksConnection, books: Company
) -> None:
    send(bill)
    books.update("Invoice", {"Id": bill["Id"], "sparse": True, "CustomerMemo": {"value": "Paid on delivery"}})
    assert book(followed) == 1
    assert there(books, bill)["CustomerMemo"]["value"] == "Paid on delivery"
    look()
    assert ours(bill).customer_note == "Paid on delivery"


def test_one_that_quickbooks_has_sent_itself_is_left_alone(
    bill: dict, followed: QuickBooksConnection, books: Company
) -> None:
    books.update("Invoice", {"Id": bill["Id"], "sparse": True, "EmailStatus": "EmailSent"})
    before = there(books, bill)
    send(bill)
    assert book(followed) == 1
    assert there(books, bill) == before and entry().status == Status.DONE


def test_sent_again_is_looked_at_again_with_one_entry(
    bill: dict, followed: QuickBooksConnection, books: Company
) -> None:
    send(bill)
    book(followed)
    books.update("Invoice", {"Id": bill["Id"], "sparse": True, "EmailStatus": "NotSet"})
    send(bill)
    assert book(followed) == 1
    assert there(books, bill)["EmailStatus"] == "EmailSent" and entry().status == Status.DONE


@pytest.mark.parametrize("way", ["void", "delete"])
def test_one_that_is_void_or_gone_there_is_left_alone(
    way: str, bill: dict, followed: QuickBooksConnection, books: Company
) -> None:
    send(bill)
    getattr(books, way)("Invoice", bill["Id"])
    assert book(followed) == 1
    assert entry().status == Status.IGNORED and entry().last_error
    if way == "void":
        assert there(books, bill)["EmailStatus"] == "NotSet"


def test_one_that_never_was_of_quickbooks_is_no_business_of_it(followed: QuickBooksConnection) -> None:
    mark_sent(make_invoice(), actor=None, how="by text")
    assert not OutboxEntry.objects.exists()


@pytest.mark.parametrize("trouble", ["cut_before", "cut_after", "500", "503", "429", "garbage"])
def test_a_lost_answer_ends_with_one_marker(
    trouble: str, bill: dict, look: Look, followed: QuickBooksConnection, quickbooks: Sandbox, books: Company
) -> None:
    before = there(books, bill)
    send(bill)
    quickbooks.faults.add(trouble, times=5, match=f"POST /v3/company/{followed.realm_id}/invoice")
    for _ in range(8):
        book(followed)
        look()
    after = there(books, bill)
    assert (after["EmailStatus"], entry().status) == ("EmailSent", Status.DONE)
    assert int(after["SyncToken"]) == int(before["SyncToken"]) + 1


def test_a_version_that_went_stale_meanwhile_is_read_again(
    bill: dict, followed: QuickBooksConnection, quickbooks: Sandbox, books: Company
) -> None:
    send(bill)
    quickbooks.faults.add("5010", times=2, match=f"POST /v3/company/{followed.realm_id}/invoice")
    assert book(followed) == 1
    assert there(books, bill)["EmailStatus"] == "EmailSent"


def test_a_closed_period_is_told_in_plain_words_and_tried_again_when_asked(
    bill: dict, followed: QuickBooksConnection, books: Company
) -> None:
    send(bill)
    books.close_books("2026-12-31")
    assert book(followed) == 0
    assert entry().status == Status.STUCK
    failed = SyncLogEntry.objects.get(door="push", outcome="failed")
    assert (failed.entity, failed.external_id) == ("invoice", bill["Id"]) and "its period is closed" in failed.text
    client = Client()
    client.force_login(make_user())
    page = client.get(reverse("integrations:sync-log")).text
    assert "1 invoice not marked as sent in QuickBooks" in page and "its period is closed" in page
    books.close_books(None)
    client.post(reverse("integrations:outbox-try-again"))
    assert book(followed) == 1
    assert there(books, bill)["EmailStatus"] == "EmailSent"


def test_no_marker_stands_in_the_way_of_a_payment(
    bill: dict, followed: QuickBooksConnection, quickbooks: Sandbox, books: Company
) -> None:
    quickbooks.faults.add("503", times=100, match=f"GET /v3/company/{followed.realm_id}/invoice")
    send(bill)
    paid(bill, str(ours(bill).balance))
    assert book(followed) == 1
    (booked,) = books.query("SELECT * FROM Payment")
    assert booked["TotalAmt"] == bill["TotalAmt"]
    assert entry().status == Status.PENDING
    quickbooks.faults.clear()
    assert book(followed) == 1 and entry().status == Status.DONE


def test_a_paid_invoice_is_marked_too(bill: dict, look: Look, followed: QuickBooksConnection, books: Company) -> None:
    paid(bill, str(ours(bill).balance))
    book(followed)
    look()
    send(bill)
    before = there(books, bill)
    book(followed)
    after = there(books, bill)
    assert after == before | {name: after[name] for name in MOVED} | {"EmailStatus": "EmailSent"}
    look()
    assert ours(bill).status == Invoice.Status.PAID


def test_an_entry_is_about_one_record(bill: dict, followed: QuickBooksConnection) -> None:
    payment = paid(bill)
    both = {"payment": payment, "invoice": ours(bill)}
    for records in ({}, both):
        with pytest.raises(IntegrityError), transaction.atomic():
            OutboxEntry.objects.create(connection=followed, kind="invoice.sent", **records)
    assert connection.in_atomic_block is False
    assert outbox.drain(followed, push.PUSHES) == 1
