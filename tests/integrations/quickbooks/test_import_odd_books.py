"""Books in an unusual order, and servers that answer a little differently: nothing is lost or counted twice."""

import pytest
from django.db import IntegrityError, OperationalError

from crm.models import Contact
from integrations.models import ImportRun, QuickBooksLink
from integrations.quickbooks.client import QuickBooksClient
from integrations.quickbooks.imports import runs
from integrations.quickbooks.imports.phases import counted
from integrations.quickbooks.tokens import StoredAccess
from invoicing.models import Allocation, Invoice, Payment
from tests.factories import make_contact
from tests.integrations.quickbooks.test_import_contacts import add, customer, import_contacts
from tests.integrations.quickbooks.test_import_invoices import bill, import_year, pay

pytestmark = pytest.mark.django_db(transaction=False)


class ShortPages(QuickBooksClient):
    """A server that gives two records a page, whatever was asked for."""

    def page(self, entity: str, *, size: int = 2, **options) -> list[dict]:
        return super().page(entity, size=2, **options)


class GenerousCount(QuickBooksClient):
    """A server whose count is higher than what it lists, as when a record is deleted in between."""

    def count(self, entity: str, where: str = "") -> int:
        return super().count(entity, where) + 1


def import_through(kind_of_client: type[QuickBooksClient], connection, **options) -> ImportRun:
    client = kind_of_client(connection.realm_id, StoredAccess(connection.pk))
    run = runs.start(connection, ImportRun.Kind.CONTACTS, **options)
    while runs.step(run.pk, client):
        pass
    client.close()
    run.refresh_from_db()
    return run


def test_a_job_that_comes_before_its_parent_shares_the_parents_contact(quickbooks, connection):
    kitchen, freeman = add(quickbooks, customer("Kitchen", email="f@x.com"), customer("Freeman", email="f@x.com"))
    body = {"Id": kitchen["Id"], "sparse": True, "Job": True, "ParentRef": {"value": freeman["Id"]}}
    quickbooks.company("us").update("Customer", body)
    run = import_contacts(connection)
    assert run.status == "done", run.message
    contact = Contact.objects.get()
    assert (contact.name, contact.email, contact.parent) == ("Freeman", "f@x.com", None)
    links = QuickBooksLink.objects.order_by("external_id").values_list("external_id", "state", "contact")
    assert list(links) == [(kitchen["Id"], "linked", contact.pk), (freeman["Id"], "linked", contact.pk)]
    assert counted(run, "customer") == {"created": 1, "updated": 1, "unchanged": 0, "dropped": 0}
    assert counted(import_contacts(connection), "customer")["unchanged"] == 2


def test_pages_shorter_than_asked_for_are_all_read(quickbooks, connection):
    add(quickbooks, *(customer(f"Customer {n}") for n in range(5)))
    run = import_through(ShortPages, connection)
    assert counted(run, "customer") == {"created": 5, "updated": 0, "unchanged": 0, "dropped": 0}


@pytest.mark.parametrize("preview", [False, True])
def test_a_second_walk_counts_nothing_twice(quickbooks, connection, preview):
    add(quickbooks, customer("Ann", mobile="4155550142"), customer("Bob", mobile="4155550142"), customer("Cy"))
    run = import_through(GenerousCount, connection, preview=preview)
    assert run.status == "done", run.message
    assert counted(run, "customer") == {"created": 2, "updated": 0, "unchanged": 0, "dropped": 1}
    assert run.items.filter(outcome="dropped").get().name == "Bob"


def test_the_contact_of_a_customer_in_conflict_is_nobody_elses(quickbooks, connection):
    make_contact("Cleo", email="cleo@example.com")
    (ada,) = add(quickbooks, customer("Ada", email="ada@example.com"))
    import_contacts(connection)
    ada["PrimaryEmailAddr"] = {"Address": "cleo@example.com"}
    quickbooks.company("us").update("Customer", ada)
    import_contacts(connection)
    add(quickbooks, customer("Another", email="ada@example.com"))
    run = import_contacts(connection)
    assert counted(run, "customer") == {"created": 0, "updated": 0, "unchanged": 0, "dropped": 2}
    assert sorted(Contact.objects.values_list("name", flat=True)) == ["Ada", "Cleo"]


def test_a_customer_made_inactive_while_in_conflict_is_archived_here_too(quickbooks, connection):
    make_contact("Cleo", email="cleo@example.com")
    (ada,) = add(quickbooks, customer("Ada", email="ada@example.com"))
    import_contacts(connection)
    ada["PrimaryEmailAddr"] = {"Address": "cleo@example.com"}
    ada = quickbooks.company("us").update("Customer", ada)
    import_contacts(connection)
    quickbooks.company("us").update("Customer", {"Id": ada["Id"], "sparse": True, "Active": False})
    import_contacts(connection)
    assert Contact.objects.get(name="Ada").is_archived


def test_a_preview_foresees_who_comes_second_to_a_contact_of_ours(quickbooks, connection):
    make_contact("Ada", email="ada@example.com", phone="+14155550142")
    add(quickbooks, customer("One", email="ada@example.com"), customer("Two", mobile="4155550142"), customer("Three"))
    foreseen = counted(import_through(ShortPages, connection, preview=True), "customer")
    assert foreseen == counted(import_through(ShortPages, connection), "customer")


def test_a_preview_foresees_it_on_later_pages_too(quickbooks, connection):
    make_contact("Ada", email="ada@example.com", phone="+14155550142")
    add(quickbooks, customer("One", email="ada@example.com"), customer("Three"), customer("Two", mobile="4155550142"))
    foreseen = counted(import_through(ShortPages, connection, preview=True), "customer")
    assert foreseen == counted(import_through(ShortPages, connection), "customer")
    assert foreseen == {"created": 1, "updated": 1, "unchanged": 0, "dropped": 1}


def test_a_payment_deleted_in_quickbooks_gives_back_what_it_had_settled(quickbooks, connection):
    us = quickbooks.company("us")
    (ada,) = add(quickbooks, customer("Ada"))
    payment = pay(us, ada, "100", {bill(us, ada)["Id"]: "100"})
    import_year(connection)
    us.delete("Payment", payment["Id"])
    assert counted(import_year(connection, preview=True), "payment")["updated"] == 1
    run = import_year(connection)
    invoice, stored = Invoice.objects.get(), Payment.objects.get()
    assert (invoice.status, invoice.balance, invoice.paid) == ("open", 100, 0)
    assert (stored.amount, stored.is_void, list(stored.allocations.all())) == (0, True, [])
    assert counted(run, "payment") == {"created": 0, "updated": 1, "unchanged": 0, "dropped": 0}
    runs.start_undo(run)
    assert runs.run_to_end(run).kept == []
    invoice.refresh_from_db()
    assert (invoice.status, invoice.balance, invoice.paid) == ("paid", 0, 100)


def test_a_payment_taken_off_an_invoice_is_the_contacts_credit(quickbooks, connection):
    us = quickbooks.company("us")
    (ada,) = add(quickbooks, customer("Ada"))
    payment = pay(us, ada, "100", {bill(us, ada)["Id"]: "100"})
    import_year(connection)
    us.update("Payment", {**us.read("Payment", payment["Id"]), "Line": []})
    import_year(connection)
    invoice, stored = Invoice.objects.get(), Payment.objects.get()
    assert (invoice.status, invoice.balance, invoice.paid) == ("open", 100, 0)
    assert (stored.amount, stored.unapplied, Allocation.objects.count()) == (100, 100, 0)


def test_a_preview_foresees_that_a_job_stays_with_its_parent(quickbooks, connection):
    (freeman,) = add(quickbooks, customer("Freeman", email="f@x.com"))
    (kitchen,) = add(quickbooks, customer("Kitchen", email="f@x.com", Job=True, ParentRef={"value": freeman["Id"]}))
    import_contacts(connection)
    for doc in (freeman, kitchen):
        quickbooks.company("us").update("Customer", {"Id": doc["Id"], "sparse": True, "GivenName": "Changed"})
    foreseen = counted(import_contacts(connection, preview=True), "customer")
    assert foreseen == counted(import_contacts(connection), "customer")


class DatabaseInTrouble(QuickBooksClient):
    """A step in which the database gives out: restarted, or taken by another writer."""

    error: Exception

    def count(self, entity: str, where: str = "") -> int:
        raise self.error


@pytest.mark.parametrize("error", [OperationalError("server closed the connection"), IntegrityError("UNIQUE failed")])
def test_a_database_in_trouble_is_asked_again_and_its_words_are_not_the_readers(quickbooks, connection, error):
    client = DatabaseInTrouble(connection.realm_id, StoredAccess(connection.pk))
    client.error = error
    run = runs.start(connection, ImportRun.Kind.CONTACTS)
    runs.step(run.pk, client)
    run.refresh_from_db()
    assert run.status == "waiting" and run.not_before is not None
    for _ in range(runs.ATTEMPTS):
        ImportRun.objects.filter(pk=run.pk).update(not_before=None)
        runs.step(run.pk, client)
    run.refresh_from_db()
    assert (run.status, run.message) == ("stopped", runs.DATABASE_SAID_NO)


def test_who_is_active_again_comes_back_once_the_clash_is_gone(quickbooks, connection):
    (ada,) = add(quickbooks, customer("Ada", email="ada@example.com"))
    import_contacts(connection)
    Contact.objects.update(city="Ely")
    us = quickbooks.company("us")
    us.update("Customer", {"Id": ada["Id"], "sparse": True, "Active": False})
    import_contacts(connection)
    (cleo,) = add(quickbooks, customer("Cleo", email="ada@example.com"))
    import_contacts(connection)
    us.update("Customer", {"Id": ada["Id"], "sparse": True, "Active": True, "BillAddr": {"Line1": "New Street"}})
    import_contacts(connection)
    assert counted(import_contacts(connection), "customer")["dropped"] == 1
    us.update("Customer", {"Id": cleo["Id"], "sparse": True, "PrimaryEmailAddr": {"Address": "cleo@example.com"}})
    import_contacts(connection)
    assert counted(import_contacts(connection), "customer")["dropped"] == 0
    contact = Contact.objects.get(name="Ada")
    assert (contact.is_archived, contact.street, contact.city) == (False, "New Street", "Ely")
