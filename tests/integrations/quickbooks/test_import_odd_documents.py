"""Documents that QuickBooks does not promise: said twice, cut short, or nonsense. One holds up none of the others."""

from decimal import Decimal

import pytest
from django.utils import timezone

from integrations.models import ImportRun
from integrations.quickbooks import customers
from integrations.quickbooks.client import QuickBooksClient
from integrations.quickbooks.importing import Context
from integrations.quickbooks.imports import runs
from integrations.quickbooks.imports.phases import counted
from integrations.quickbooks.tokens import StoredAccess
from invoicing.models import Invoice, Payment
from tests.factories import make_user
from tests.integrations.quickbooks.test_import_contacts import add, customer, import_contacts
from tests.integrations.quickbooks.test_import_invoices import YEAR, bill, pay

pytestmark = pytest.mark.django_db(transaction=False)


class Twice(QuickBooksClient):
    """A server that lists every record twice on its page."""

    def page(self, entity: str, **options) -> list[dict]:
        return [doc for doc in super().page(entity, **options) for _ in range(2)]


class Odd(QuickBooksClient):
    """A server that says something odd of one invoice."""

    odd: dict = {}

    def page(self, entity: str, **options) -> list[dict]:
        docs = super().page(entity, **options)
        return [{**doc, **self.odd} if entity == "Invoice" and doc["DocNumber"] == "ODD" else doc for doc in docs]


def import_through(client: QuickBooksClient, connection, **options) -> ImportRun:
    run = runs.start(connection, ImportRun.Kind.INVOICES, year=YEAR, **options)
    while runs.step(run.pk, client):
        pass
    client.close()
    run.refresh_from_db()
    return run


@pytest.fixture
def us(quickbooks, connection):
    add(quickbooks, customer("Ada", email="ada@example.com"))
    import_contacts(connection)
    connection.refresh_from_db()
    return quickbooks.company("us")


def test_what_is_listed_twice_on_a_page_comes_in_once(us, quickbooks, connection):
    add(quickbooks, customer("Ben", email="ada@example.com"), customer("Cleo"))
    ada = {"Id": "1"}
    invoice = bill(us, ada)
    pay(us, ada, "100", {invoice["Id"]: "100"})
    run = import_through(Twice(connection.realm_id, StoredAccess(connection.pk)), connection)
    assert run.status == "done", run.message
    assert Invoice.objects.get().status == "paid" and Payment.objects.get().amount == 100
    assert counted(run, "invoice")["created"] == counted(run, "payment")["created"] == 1
    assert counted(run, "customer") == {"created": 1, "updated": 0, "unchanged": 1, "dropped": 1}


ODD = {
    "no date": {"TxnDate": None},
    "a date that never was": {"TxnDate": "2026-02-31"},
    "a due date in words": {"DueDate": "soon"},
    "an amount in words": {"TotalAmt": "abc"},
    "no number at all": {"TotalAmt": "NaN"},
    "more than a column holds": {"TotalAmt": Decimal("1e30")},
    "an empty line": {"Line": [None]},
    "lines that are no list": {"Line": {"Amount": 1}},
    "no currency": {"CurrencyRef": {"value": "€€"}},
}


@pytest.mark.parametrize("odd", ODD.values(), ids=ODD.keys())
def test_an_invoice_that_cannot_be_read_is_left_out_and_listed(us, client, connection, odd):
    good, bad = bill(us, {"Id": "1"}), bill(us, {"Id": "1"}, DocNumber="ODD")
    quickbooks = Odd(connection.realm_id, StoredAccess(connection.pk))
    quickbooks.odd = odd
    run = import_through(quickbooks, connection)
    assert run.status == "done", run.message
    assert counted(run, "invoice") == {"created": 1, "updated": 0, "unchanged": 0, "dropped": 1}
    item = run.items.get(outcome="dropped")
    assert (item.external_id, item.name) == (bad["Id"], "ODD") and "cannot read this record" in item.reason
    assert Invoice.objects.get().number == good["DocNumber"]
    client.force_login(make_user())
    assert client.get("/invoices/").status_code == 200


LENIENT = {
    "no total": {"TotalAmt": None},
    "no due date": {"DueDate": None},
    "no customer": {"CustomerRef": None},
    "a customer in words": {"CustomerRef": "1"},
    "a customer nobody knows": {"CustomerRef": {"value": "99999"}},
    "no lines": {"Line": None},
    "a kind of line from the future": {"Line": [{"DetailType": "NewLineDetail", "Amount": 5, "NewLineDetail": {}}]},
    "a payment nobody knows": {"LinkedTxn": [{"TxnId": "424242", "TxnType": "Payment"}]},
    "yen": {"CurrencyRef": {"value": "JPY"}, "TotalAmt": 12000, "Balance": 12000},
    "dinars": {"CurrencyRef": {"value": "KWD"}, "TotalAmt": Decimal("1.250"), "Balance": Decimal("1.250")},
}


@pytest.mark.parametrize("odd", LENIENT.values(), ids=LENIENT.keys())
def test_an_invoice_with_gaps_comes_in_and_is_shown(us, client, connection, odd):
    bill(us, {"Id": "1"}, DocNumber="ODD")
    quickbooks = Odd(connection.realm_id, StoredAccess(connection.pk))
    quickbooks.odd = odd
    run = import_through(quickbooks, connection)
    assert run.status == "done", run.message
    client.force_login(make_user())
    assert client.get(f"/invoices/{Invoice.objects.get().pk}/").status_code == 200


def test_a_customer_that_cannot_be_read_is_left_out_and_listed(us, quickbooks, connection):
    (ben,) = add(quickbooks, customer("Ben", email="ben@example.com"))
    ben["PrimaryEmailAddr"] = "ben@example.com"
    odd = [ben, {"DisplayName": "Nameless"}]
    tally = customers.take_over(odd, Context(connection, timezone.now()))
    assert {item.name for item in tally.items} == {"Ben", "Nameless"} and tally.counts == {"dropped": 2}
