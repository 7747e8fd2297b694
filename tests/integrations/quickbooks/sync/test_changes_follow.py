"""What a bookkeeper does in QuickBooks, and what stands here after the next look."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from crm.models import Contact
from integrations.models import QuickBooksConnection, QuickBooksLink, SyncLogEntry, SyncState
from integrations.quickbooks.sync import drain, poll
from invoicing.models import Invoice, Payment
from sandbox import Company, Sandbox
from tests.sandbox.cast import customer, invoice, pay, sold, tax

pytestmark = pytest.mark.django_db(transaction=True)

Look = Callable[[], None]


def held(entity: str, external_id: str) -> QuickBooksLink:
    return QuickBooksLink.objects.get(entity=entity, external_id=external_id)


def invoice_of(doc: dict) -> Invoice:
    return Invoice.objects.get(quickbooks_link__external_id=doc["Id"])


def test_a_new_customer_is_a_contact_and_an_edit_follows(look: Look, books: Company) -> None:
    ada = customer(books, PrimaryEmailAddr={"Address": "ada@example.com"})
    look()
    contact = Contact.objects.get()
    assert (contact.name, contact.email) == ("Ada Byron", "ada@example.com")
    books.update("Customer", {"Id": ada["Id"], "sparse": True, "DisplayName": "Ada Lovelace"})
    look()
    contact.refresh_from_db()
    assert contact.name == "Ada Lovelace"
    latest = SyncLogEntry.objects.filter(entity="customer").latest("id")
    assert latest.changes == {"name": ["Ada Byron", "Ada Lovelace"]}
    assert (latest.door, latest.outcome) == ("poll", "updated")


def test_a_customer_made_inactive_is_an_archived_contact(look: Look, books: Company) -> None:
    ada = customer(books)
    look()
    books.update("Customer", {"Id": ada["Id"], "sparse": True, "Active": False})
    look()
    assert Contact.objects.get().is_archived


def test_an_invoice_and_its_payment_arrive_and_it_is_paid(look: Look, books: Company) -> None:
    ada = customer(books)
    bill = invoice(books, ada)
    look()
    assert invoice_of(bill).status == Invoice.Status.OPEN
    pay(books, ada, 40, (bill, 40))
    look()
    assert (invoice_of(bill).balance, invoice_of(bill).is_part_paid()) == (Decimal(60), True)
    pay(books, ada, 60, (bill, 60), TxnDate="2026-11-01")
    look()
    assert invoice_of(bill).status == Invoice.Status.PAID
    assert Payment.objects.filter(received_on="2026-11-01").exists()


def test_one_payment_over_two_invoices_is_split_and_what_is_left_is_credit(look: Look, books: Company) -> None:
    ada = customer(books)
    first, second = invoice(books, ada), invoice(books, ada)
    pay(books, ada, 180, (first, 100), (second, 50))
    look()
    assert (invoice_of(first).status, invoice_of(second).balance) == (Invoice.Status.PAID, Decimal(50))
    assert Payment.objects.get().unapplied == 30


@pytest.mark.parametrize("ending", ["void", "delete"])
def test_a_payment_taken_back_opens_its_invoice_again(look: Look, books: Company, ending: str) -> None:
    ada = customer(books)
    bill = invoice(books, ada)
    payment = pay(books, ada, 100, (bill, 100))
    look()
    assert invoice_of(bill).status == Invoice.Status.PAID
    getattr(books, ending)("Payment", payment["Id"])
    look()
    again = invoice_of(bill)
    assert (again.status, again.balance, again.paid) == (Invoice.Status.OPEN, Decimal(100), Decimal(0))
    assert Payment.objects.get().is_void


def test_a_payment_that_is_edited_is_applied_anew(look: Look, books: Company) -> None:
    ada = customer(books)
    first, second = invoice(books, ada), invoice(books, ada)
    payment = pay(books, ada, 100, (first, 100))
    look()
    line = {"Amount": 100, "LinkedTxn": [{"TxnId": second["Id"], "TxnType": "Invoice"}]}
    books.update("Payment", {"Id": payment["Id"], "sparse": True, "Line": [line]})
    look()
    assert (invoice_of(first).status, invoice_of(second).status) == (Invoice.Status.OPEN, Invoice.Status.PAID)


def test_a_credit_memo_settles_without_being_paid(look: Look, books: Company) -> None:
    ada = customer(books)
    bill = invoice(books, ada)
    line = {"DetailType": "SalesItemLineDetail", "Amount": 100, "SalesItemLineDetail": {"ItemRef": {"value": "1"}}}
    memo = books.create("CreditMemo", {"CustomerRef": {"value": ada["Id"]}, "Line": [line]})
    pay(books, ada, 0, (bill, 100), (memo, 100))
    look()
    assert (invoice_of(bill).status, invoice_of(bill).credited) == (Invoice.Status.SETTLED, Decimal(100))


def test_an_invoice_voided_unsent_is_void_in_the_list(look: Look, books: Company) -> None:
    bill = invoice(books, customer(books))
    look()
    books.void("Invoice", bill["Id"])
    look()
    assert invoice_of(bill).status == Invoice.Status.VOID
    assert Invoice.objects.present().exists()


@pytest.mark.parametrize("ending", ["void", "delete"])
def test_an_invoice_sent_and_unpaid_that_ends_in_the_books_is_gone_and_stays_gone(
    look: Look, books: Company, ending: str
) -> None:
    bill = invoice(books, customer(books))
    look()
    Invoice.objects.update(sent_at=timezone.now())
    getattr(books, ending)("Invoice", bill["Id"])
    look()
    assert not Invoice.objects.present().exists()
    look()
    assert Invoice.objects.get().removed_why == f"{'voided' if ending == 'void' else 'deleted'} in QuickBooks"


def test_a_deleted_invoice_is_gone_from_the_lists(look: Look, books: Company) -> None:
    bill = invoice(books, customer(books))
    look()
    books.delete("Invoice", bill["Id"])
    look()
    assert not Invoice.objects.present().exists()
    assert held("invoice", bill["Id"]).state == "gone"


@pytest.mark.parametrize("ending", ["void", "unlink_and_delete"])
def test_with_money_on_it_an_ended_invoice_is_kept_and_marked(look: Look, books: Company, ending: str) -> None:
    ada = customer(books)
    bill = invoice(books, ada)
    pay(books, ada, 40, (bill, 40))
    look()
    getattr(books, ending)("Invoice", bill["Id"])
    look()
    kept = Invoice.objects.present().get()
    assert (kept.status, kept.balance, kept.paid) == (Invoice.Status.VOID, 0, 0)
    assert "40.00 USD" in kept.attention
    assert Payment.objects.get().unapplied == 40


def test_two_customers_merged_are_one_contact_with_everything(look: Look, books: Company) -> None:
    ada, twin = customer(books), customer(books, "Ada B.")
    bill = invoice(books, twin)
    pay(books, twin, 30, (bill, 30))
    look()
    books.merge_customers(twin["Id"], ada["Id"])
    look()
    look()
    kept = held("customer", ada["Id"]).contact
    assert invoice_of(bill).contact == kept
    assert Payment.objects.get().contact == kept
    assert list(Contact.objects.live()) == [kept]


def test_a_merge_frees_the_email_that_kept_the_survivor_out(look: Look, books: Company) -> None:
    first = customer(books, PrimaryEmailAddr={"Address": "ada@example.com"}, CompanyName="Engines")
    second = customer(books, "Ada B.", PrimaryEmailAddr={"Address": "ada@example.com"})
    bill = invoice(books, second)
    look()
    assert held("customer", second["Id"]).state == "conflict"
    books.merge_customers(first["Id"], second["Id"])
    look()
    drain.drain(QuickBooksConnection.objects.get())
    assert held("customer", second["Id"]).state == "linked"
    kept = Contact.objects.live().get()
    assert (kept.name, kept.company) == ("Ada B.", "")
    assert invoice_of(bill).contact == Contact.objects.live().get()


def test_invoices_wait_until_contacts_were_imported(connection: QuickBooksConnection, books: Company) -> None:
    ada = customer(books)
    bill = invoice(books, ada)
    poll.poll(connection)
    drain.drain(connection)
    assert Contact.objects.exists() and not Invoice.objects.exists()
    QuickBooksConnection.objects.update(contacts_imported_at=timezone.now())
    drain.drain(connection)
    assert invoice_of(bill).contact == Contact.objects.get()


def test_the_tax_on_a_new_invoice_has_its_name(look: Look, books: Company) -> None:
    bill = invoice(books, customer(books), sold("1", 1, 100, "TAX"), **tax("2"))
    look()
    names = {rate["Id"]: rate["Name"] for rate in books.query("SELECT * FROM TaxRate")}
    lines = bill["TxnTaxDetail"]["TaxLine"]
    there = [names[line["TaxLineDetail"]["TaxRateRef"]["value"]] for line in lines]
    assert [row["name"] for row in invoice_of(bill).taxes] == there


def test_a_look_that_finds_nothing_asks_once_and_the_watermark_moves(
    look: Look, quickbooks: Sandbox, books: Company, connection: QuickBooksConnection
) -> None:
    customer(books)
    look()
    before = SyncState.of(connection).watermark
    quickbooks.clear_log()
    look()
    assert len(quickbooks.requests) == 1
    after = SyncState.of(connection).watermark
    assert before is not None and after is not None and after > before
    assert SyncLogEntry.objects.count() == 1


@pytest.mark.parametrize("trouble", ["500", "503", "429", "cut_before", "cut_after", "garbage"])
def test_a_bad_answer_holds_the_watermark_and_loses_nothing(
    look: Look, quickbooks: Sandbox, books: Company, connection: QuickBooksConnection, trouble: str
) -> None:
    look()
    before = SyncState.of(connection).watermark
    customer(books)
    quickbooks.faults.add(trouble, times=10, match="/cdc")
    assert poll.poll(connection) != ""
    state = SyncState.of(connection)
    assert (state.watermark, bool(state.last_error)) == (before, True)
    quickbooks.faults.clear()
    look()
    assert Contact.objects.count() == 1


def test_more_than_a_thousand_changes_are_walked_by_query(
    look: Look, books: Company, connection: QuickBooksConnection
) -> None:
    for number in range(1010):
        customer(books, f"Customer {number}")
    look()
    assert Contact.objects.count() == 1010
    assert SyncState.of(connection).catch_up == {}


def test_after_more_than_a_month_deletions_are_found_too(
    look: Look, books: Company, connection: QuickBooksConnection
) -> None:
    ada = customer(books)
    bill, other = invoice(books, ada), invoice(books, ada)
    look()
    books.delete("Invoice", bill["Id"])
    SyncState.objects.update(watermark=timezone.now() - timedelta(days=40))
    look()
    assert list(Invoice.objects.present()) == [invoice_of(other)]
