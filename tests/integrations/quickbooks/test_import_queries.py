"""A page costs a fixed number of queries, whatever it holds: nothing is asked or written row by row."""

from collections.abc import Callable

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext

from integrations.models import ImportRun
from tests.integrations.quickbooks.test_import_contacts import add, customer, import_contacts
from tests.integrations.quickbooks.test_import_invoices import bill, import_year, pay

pytestmark = pytest.mark.django_db(transaction=False)

FEW, MANY = 3, 20  # both fit into one INSERT, of which SQLite takes some thirty invoices


def queries_of(work: Callable[[], ImportRun], counts: dict[str, dict[str, int]]) -> int:
    """How many queries an import sends; ``counts`` is what it has to have done."""
    with CaptureQueriesContext(database) as captured:
        run = work()
    done = {entity: {outcome: n for outcome, n in found.items() if n} for entity, found in run.counts.items()}
    assert (run.status, done) == ("done", counts), run.message
    return len(captured)


def test_new_and_changed_contacts(quickbooks, connection):
    def rename(docs: list[dict], word: str) -> None:
        for doc in docs:
            body = {"Id": doc["Id"], "sparse": True, "GivenName": word}
            quickbooks.company("us").update("Customer", body)

    def queries(**counts: int) -> int:
        return queries_of(lambda: import_contacts(connection), {"customer": counts})

    add(quickbooks, customer("There before", email="before@example.com"))
    import_contacts(connection)  # the first request of all makes the row that keeps the limits
    first = add(quickbooks, *(customer(f"First {n}", email=f"a{n}@example.com") for n in range(FEW)))
    few_created = queries(created=FEW, unchanged=1)
    second = add(quickbooks, *(customer(f"Second {n}", email=f"b{n}@example.com") for n in range(MANY)))
    assert queries(created=MANY, unchanged=FEW + 1) == few_created
    rename(first, "Ada")
    few_updated = queries(updated=FEW, unchanged=MANY + 1)
    rename(second, "Ben")
    assert queries(updated=MANY, unchanged=FEW + 1) == few_updated


def test_new_and_changed_invoices_and_payments(quickbooks, connection):
    us = quickbooks.company("us")
    people = add(quickbooks, *(customer(f"Customer {n}", email=f"c{n}@example.com") for n in range(MANY)))
    import_contacts(connection)
    connection.refresh_from_db()

    def paid_by(who: list[dict], year: int) -> list[dict]:
        invoices = [bill(us, person, TxnDate=f"{year}-03-01") for person in who]
        return [pay(us, person, "60", {doc["Id"]: "60"}) for person, doc in zip(who, invoices, strict=True)]

    def amend(payments: list[dict]) -> None:
        for doc in payments:
            us.update("Payment", {"Id": doc["Id"], "sparse": True, "PaymentRefNum": "amended"})
            invoice = us.read("Invoice", doc["Line"][0]["LinkedTxn"][0]["TxnId"])
            us.update("Invoice", {**invoice, "CustomerMemo": {"value": "amended"}})

    def queries(year: int, **counts: int) -> int:
        every = {"customer": {"unchanged": MANY}, "invoice": counts, "payment": counts}
        return queries_of(lambda: import_year(connection, year), every)

    few, many = paid_by(people[:FEW], 2025), paid_by(people, 2024)
    import_contacts(connection)  # their balances moved with that; nothing we show did
    assert queries(2024, created=MANY) == queries(2025, created=FEW)
    amend(few)
    amend(many)
    import_contacts(connection)
    assert queries(2024, updated=MANY) == queries(2025, updated=FEW)
