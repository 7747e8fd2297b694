"""The ways of the benchmark bring the same books in, or comparing their times would mean nothing."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps

from bench import events, floor, ours, plain, task
from bench.books import Books, Place, Size, books
from crm.models import Contact
from integrations.models import QuickBooksConnection, QuickBooksLink
from invoicing.models import Allocation, Invoice, InvoiceLine, Payment

pytestmark = pytest.mark.django_db

SIZE = Size(30, 120, 80)
FEW = Size(10, 40, 27)  # for a way that takes its time
COLUMNS = {
    Contact: ["name", "first_name", "last_name", "email", "phone", "phone_typed", "street", "city", "owner"],
    Invoice: ["number", "status", "issued_on", "due_on", "contact__name", "total", "tax", "paid", "balance", "bill_to"],
    InvoiceLine: ["invoice__number", "position", "kind", "name", "quantity", "rate", "amount"],
    Payment: ["reference", "received_on", "contact__name", "amount", "unapplied"],
    Allocation: ["payment__reference", "invoice__number", "amount", "credit"],
    QuickBooksLink: ["entity", "external_id", "state", "sync_token", "contact__name", "invoice__number", "document"],
}
# It keeps no documents, and takes numbers and addresses as they are typed.
NOT_BY_PLAIN = {"phone", "bill_to", "document"}

Rows = dict[Any, list[dict[str, Any]]]


@pytest.fixture(scope="module")
def small_books(request) -> Iterator[Books]:
    with books(getattr(request, "param", SIZE)) as running:
        yield running


@pytest.fixture
def place(small_books, settings, monkeypatch) -> Place:
    place = small_books.place
    settings.QUICKBOOKS_CLIENT_ID, settings.QUICKBOOKS_CLIENT_SECRET = place.client_id, place.client_secret
    settings.QUICKBOOKS_ENVIRONMENT, settings.QUICKBOOKS_API_URL = place.discovery_url, place.api_url
    settings.QUICKBOOKS_REQUESTS_PER_SECOND, settings.QUICKBOOKS_REQUESTS_PER_MINUTE = 10_000, 600_000
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")
    return place


def test_the_floor_writes_what_we_write_and_as_much_of_it(place):
    floor.bring_in(task.connect(place), place)
    by_floor, floor_counts, floor_widths = rows(), task.rows(), widths()
    start_anew()
    ours.bring_in(task.connect(place), place)
    assert floor_counts == task.rows()
    for model, found in rows().items():
        assert by_floor[model] == found, model
    for table, width in widths().items():
        assert floor_widths[table] == pytest.approx(width, rel=0.1), table


def test_the_plain_way_brings_in_the_same_contacts_invoices_and_payments(place):
    plain.bring_in(task.connect(place), place)
    by_plain = rows(without=NOT_BY_PLAIN)
    start_anew()
    ours.bring_in(task.connect(place), place)
    for model, found in rows(without=NOT_BY_PLAIN).items():
        assert by_plain[model] == found, model


@pytest.mark.parametrize(
    ("small_books", "way"), [(SIZE, events.together), (FEW, events.one_by_one)], indirect=["small_books"]
)
def test_webhooks_about_every_record_bring_in_what_an_import_does(place, way):
    way(task.connect(place), place)
    by_webhooks = rows()
    start_anew()
    ours.bring_in(task.connect(place), place)
    assert by_webhooks == rows()


def rows(without: set[str] = frozenset()) -> Rows:
    """The columns that matter of every row, in an order that all ways share."""
    return {
        model: sorted(model._default_manager.values(*(name for name in columns if name not in without)), key=str)
        for model, columns in COLUMNS.items()
    }


def widths() -> dict[str, int]:
    """How many characters each table holds, the numbers of rows left out: they only ever grow."""
    return {
        table: sum(
            len(str(value))
            for row in apps.get_model(table)._default_manager.values_list()
            for value in row
            if not isinstance(value, int)
        )
        for table in task.TABLES
        if table != "integrations.ImportRun"  # two rows, of which we keep more than the floor
    }


def start_anew() -> None:
    for table in reversed(task.TABLES):
        apps.get_model(table)._default_manager.all().delete()
    QuickBooksConnection.objects.all().delete()
