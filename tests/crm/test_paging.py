"""Keyset pages: every row once, forward and back, whatever the data and however long the list."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.db.models import QuerySet
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django_htmx.middleware import HtmxDetails
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crm.models import Activity, Contact
from crm.paging import Page, is_fragment, paginate
from invoicing.models import Invoice
from tests.factories import make_contact

ORDERS = {"name": ("sort_name", "id"), "newest": ("-created_at", "-id")}
INVOICE_ORDERS = {"balance": ("balance", "id"), "largest": ("-balance", "-id"), "due": ("due_on", "id")}

pytestmark = pytest.mark.django_db


def ask(address: str = "/contacts/") -> Any:
    request = RequestFactory().get(address)
    request.user = AnonymousUser()
    return request


def page_of(address: str, queryset: QuerySet[Any], size: int = 3, orders: Any = ORDERS, default: str = "name") -> Page:
    return paginate(ask(address), queryset, orders=orders, default=default, size=size)


def walk(address: str, way: str, queryset: QuerySet[Any], **options: Any) -> tuple[list[list[int]], str]:
    """The ids of each page from ``address`` on, by its links; and the last page's address."""
    pages = []
    while True:
        page = page_of(address, queryset, **options)
        pages.append([row.pk for row in page.items])
        if not getattr(page, way):
            return pages, address
        address = getattr(page, way)


def assert_walks_once(queryset: QuerySet[Any], order: str, columns: tuple[str, ...], **options: Any) -> None:
    expected = list(queryset.order_by(*columns).values_list("pk", flat=True))
    forward, last = walk(f"/contacts/?sort={order}", "next", queryset, **options)
    assert [pk for page in forward for pk in page] == expected
    backward, _ = walk(last, "previous", queryset, **options)
    assert backward == forward[::-1]


NAMES = st.lists(
    st.sampled_from(["a", "A", "ä", "b'", '"', "%", "日本", "ß", "", "z" * 100, "\U0001f600"]), max_size=14
)


@given(names=NAMES, size=st.integers(1, 5))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_walking_forward_and_back_visits_every_contact_once(names: list[str], size: int) -> None:
    Contact.objects.all().delete()
    make_many(names)
    for order, columns in ORDERS.items():
        assert_walks_once(Contact.objects.all(), order, columns, size=size)


def make_many(names: list[str]) -> None:
    contacts = [Contact(name=name or "-") for name in names]
    for contact in contacts:
        contact.index()
    Contact.objects.bulk_create(contacts)
    # Few moments, so that rows tie; one whole second among them, which is written without a fraction.
    moments = [datetime(2026, 3, 1, tzinfo=UTC) + timedelta(microseconds=n) for n in (0, 1, 999_999)]
    for position, contact in enumerate(contacts):
        Contact.objects.filter(pk=contact.pk).update(created_at=moments[position % 3])


AMOUNTS = st.lists(st.decimals(-1000, 10_000_000, places=4), max_size=12)


@given(amounts=AMOUNTS, size=st.integers(1, 4))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_walking_by_money_and_by_date_visits_every_invoice_once(amounts: list[Decimal], size: int) -> None:
    Invoice.objects.all().delete()
    day = datetime(2026, 2, 27, tzinfo=UTC).date()
    for position, amount in enumerate([*amounts, *amounts[:2]]):
        days = {"issued_on": day, "due_on": day + timedelta(days=position % 4)}
        Invoice.objects.create(currency="USD", customer_name="Ada", total=amount, balance=amount, **days)
    for order, columns in INVOICE_ORDERS.items():
        options = {"size": size, "orders": INVOICE_ORDERS, "default": "balance"}
        assert_walks_once(Invoice.objects.all(), order, columns, **options)


def test_a_path_over_a_relation_is_a_sort_too() -> None:
    for name in ["Cleo", "Ada", "Ben", "Ada"]:
        Activity.objects.create(contact=make_contact(name), subject_type="contact", at=timezone.now(), verb="x")
    columns = ("contact__sort_name", "id")
    activities = Activity.objects.select_related("contact")
    assert_walks_once(activities, "who", columns, orders={"who": columns}, default="who", size=2)


def test_filters_stay_in_the_links_and_the_place_does_not_stay_in_a_new_sort() -> None:
    make_many(list("abcdef"))
    second = page_of(page_of("/contacts/?q=x&tag=1&tag=2", Contact.objects.all(), size=2).next, Contact.objects.all())
    query = parse_qs(urlsplit(second.previous).query)
    assert query["q"] == ["x"] and query["tag"] == ["1", "2"] and "after" not in query
    newest = parse_qs(urlsplit(second.sort_urls["newest"]).query)
    assert newest == {"q": ["x"], "tag": ["1", "2"], "sort": ["newest"]}


@pytest.mark.parametrize("cursor", ["", "x", "WyJhIiwiMSJd", "WyJhIiwiMSJd:AAAA", "\x00", "é" * 3000, "null:", "[]:x"])
@pytest.mark.parametrize("way", ["after", "before"])
def test_a_cursor_that_we_did_not_write_gives_the_first_page(cursor: str, way: str) -> None:
    make_many(list("abcdef"))
    request = RequestFactory().get("/contacts/", {way: cursor})
    page = paginate(request, Contact.objects.all(), orders=ORDERS, default="name", size=2)
    assert [contact.name for contact in page.items] == ["a", "b"]
    assert not page.previous


def test_a_cursor_of_another_sort_or_another_list_gives_the_first_page() -> None:
    make_many(list("abcdef"))
    place = parse_qs(urlsplit(page_of("/contacts/?sort=name", Contact.objects.all()).next).query)["after"][0]
    page = page_of(f"/contacts/?sort=newest&after={place}", Contact.objects.all())
    assert not page.previous and page.order == "newest"
    assert not page_of(
        f"/invoices/?after={place}", Contact.objects.live(), orders={"all": ("-id",)}, default="all"
    ).previous


def test_an_unknown_sort_is_the_default() -> None:
    assert page_of("/contacts/?sort=password", Contact.objects.all()).order == "name"


def test_sorts_that_could_lose_rows_are_refused() -> None:
    for columns in [("sort_name",), ("sort_name", "-id")]:
        with pytest.raises(ValueError, match="sort 'bad'"):
            page_of("/", Contact.objects.all(), orders={"bad": columns}, default="bad")


def test_one_page_is_one_query_even_in_the_middle(django_assert_num_queries: Any) -> None:
    make_many(list("abcdefgh"))
    for address in ["/contacts/", page_of("/contacts/", Contact.objects.all()).next]:
        with django_assert_num_queries(1):
            page = page_of(address, Contact.objects.all())
    with django_assert_num_queries(1):
        page_of(page.previous, Contact.objects.all())


def test_going_back_to_a_start_that_lost_rows_gives_a_whole_first_page() -> None:
    make_many(list("abcdef"))
    third = page_of(page_of("/", Contact.objects.all(), size=2).next, Contact.objects.all(), size=2)
    Contact.objects.filter(name="b").delete()
    back = page_of(third.previous, Contact.objects.all(), size=2)
    assert [contact.name for contact in back.items] == ["a", "c"] and not back.previous and back.next


def test_a_page_behind_the_end_leads_back_to_the_start() -> None:
    make_many(list("abcd"))
    address = page_of("/", Contact.objects.all(), size=3).next
    Contact.objects.filter(name="d").delete()
    page = page_of(address, Contact.objects.all(), size=3)
    assert page.items == [] and page.next == ""
    assert [contact.name for contact in page_of(page.previous, Contact.objects.all()).items] == ["a", "b", "c"]


@pytest.mark.parametrize("order", ["name", "newest"])
@pytest.mark.parametrize("way", ["first", "next", "previous"])
def test_every_page_is_read_from_the_index_and_nothing_is_sorted(order: str, way: str) -> None:
    make_many([f"n{number:04}" for number in range(600)])
    contacts = Contact.objects.all()
    address = f"/contacts/?sort={order}"
    if way != "first":
        address = page_of(address, contacts).next
    if way == "previous":
        address = page_of(address, contacts).previous
    plan = plan_of(address, contacts)
    assert {"name": "contact_by_name", "newest": "contact_by_newest"}[order] in plan, plan
    assert "TEMP B-TREE" not in plan and "Sort" not in plan.replace("Sort Key", "")


def plan_of(address: str, queryset: QuerySet[Any]) -> str:
    """How the database answers the page's own query."""
    with CaptureQueriesContext(connection) as queries:
        page_of(address, queryset)
    explain = "EXPLAIN QUERY PLAN" if connection.vendor == "sqlite" else "EXPLAIN"
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("ANALYZE crm_contact")
        cursor.execute(f"{explain} {queries[-1]['sql']}")
        plan = "\n".join(str(row) for row in cursor.fetchall())
    if "(" in queries[-1]["sql"].split("WHERE")[-1] and "WHERE" in queries[-1]["sql"]:
        # The place itself is found in the index, not by reading up to it.
        assert "Index Cond" in plan or "SEARCH" in plan, plan
    return plan


def test_htmx_gets_the_rows_alone_but_history_and_boosted_links_get_the_page() -> None:
    def wants(**headers: str) -> bool:
        request = RequestFactory().get("/contacts/", headers=headers)
        request.htmx = HtmxDetails(request)  # type: ignore[attr-defined]
        return is_fragment(request)

    assert wants(**{"HX-Request": "true"})
    assert not wants()
    assert not wants(**{"HX-Request": "true", "HX-Boosted": "true"})
    assert not wants(**{"HX-Request": "true", "HX-History-Restore-Request": "true"})
