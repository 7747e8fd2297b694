"""Customers that were merged away in QuickBooks: their jobs, chains of merges, and news in an odd order."""

from collections.abc import Callable

import pytest

from crm.models import Contact
from integrations import inbox
from integrations.models import InboxEvent, QuickBooksConnection, QuickBooksLink
from integrations.quickbooks.sync import departures, drain
from invoicing.models import Invoice
from sandbox import Company
from tests.integrations.quickbooks.sync.test_drain import hint
from tests.sandbox.cast import customer, invoice

pytestmark = pytest.mark.django_db(transaction=True)
Look = Callable[[], None]


def contact_of(doc: dict) -> Contact:
    contact = QuickBooksLink.objects.get(entity="customer", external_id=doc["Id"]).contact
    assert contact is not None
    return contact


def job_of(books: Company, parent: dict, name: str) -> dict:
    """A job that shares its parent's email, so that it stands for the same contact."""
    return customer(
        books, name, Job=True, ParentRef={"value": parent["Id"]}, PrimaryEmailAddr=parent["PrimaryEmailAddr"]
    )


def merged(connection: QuickBooksConnection, loser: dict, survivor: dict) -> InboxEvent:
    name = f"{loser['Id']} into {survivor['Id']}"
    return hint(connection, "customer", survivor["Id"], name, operation="merged", deleted_id=loser["Id"])


def test_the_jobs_of_a_merged_customer_go_with_it(look: Look, books: Company) -> None:
    ada = customer(books, PrimaryEmailAddr={"Address": "ada@example.com"})
    job = job_of(books, ada, "Kitchen")
    bill = invoice(books, job)
    ben = customer(books, "Ben")
    look()
    assert contact_of(job) == contact_of(ada)
    books.merge_customers(ada["Id"], ben["Id"])
    look()
    assert contact_of(job) == contact_of(ben) == Contact.objects.live().get()
    assert Invoice.objects.get(quickbooks_link__external_id=bill["Id"]).contact == contact_of(ben)


@pytest.mark.parametrize("order", ["as it happened", "the later one first", "together", "by the regular check"])
def test_a_chain_of_merges_ends_at_its_last(
    look: Look, followed: QuickBooksConnection, books: Company, order: str
) -> None:
    ada, ben, cleo = customer(books), customer(books, "Ben"), customer(books, "Cleo")
    bill = invoice(books, ada)
    look()
    books.merge_customers(ada["Id"], ben["Id"])
    books.merge_customers(ben["Id"], cleo["Id"])
    events = [merged(followed, ada, ben), merged(followed, ben, cleo)]
    if order == "together":
        inbox.accept(events)
        drain.drain(followed)
    elif order != "by the regular check":
        for event in events if order == "as it happened" else reversed(events):
            inbox.accept([event])
            drain.drain(followed)
    look()
    assert Contact.objects.live().get() == contact_of(ada) == contact_of(cleo)
    assert Invoice.objects.get(quickbooks_link__external_id=bill["Id"]).contact == contact_of(cleo)


def test_a_chain_over_somebody_nobody_has_met_ends_at_its_last(
    look: Look, followed: QuickBooksConnection, books: Company
) -> None:
    ada, cleo = customer(books), customer(books, "Cleo")
    look()
    ben = customer(books, "Ben")
    books.merge_customers(ada["Id"], ben["Id"])
    books.merge_customers(ben["Id"], cleo["Id"])
    inbox.accept([merged(followed, ada, ben), merged(followed, ben, cleo)])
    drain.drain(followed)
    assert Contact.objects.live().get() == contact_of(ada) == contact_of(cleo)


def test_books_that_go_on_naming_a_merged_customer_are_not_asked_for_ever(
    look: Look, followed: QuickBooksConnection, books: Company
) -> None:
    ada = customer(books)
    invoice(books, ada)
    look()
    with books.store.changing():
        books.store.remove("Customer", ada["Id"])  # no bookkeeper can: the invoice still names her
    inbox.accept([hint(followed, "customer", ada["Id"], "gone", operation="deleted")])
    for _ in range(20):
        drain.drain(followed)
        InboxEvent.objects.update(not_before=None)
    assert not InboxEvent.objects.filter(status="pending").exists()
    assert InboxEvent.objects.filter(entity="customer", source="staff").count() == departures.LOOKS
    assert Contact.objects.get().is_archived
