"""The list of invoices, asked as a browser asks it."""

import csv
import io
import re
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from crm.models import Business, Contact
from tests.factories import business_day, make_agent, make_contact, make_invoice, make_user

pytestmark = pytest.mark.django_db

SCRIPT = '<script>alert(1)</script>"><img src=x onerror=alert(2)>'
LIST = "/invoices/"
HTMX = {"HX-Request": "true"}


@pytest.fixture
def jo(client: Client) -> Any:
    user = make_user()
    client.force_login(user)
    return user


@pytest.fixture
def ada() -> Contact:
    return make_contact("Ada Lovelace")


def numbers(client: Client, query: str = "") -> list[str]:
    """The numbers of the invoices shown, in order."""
    html = client.get(f"{LIST}{query}").content.decode()
    return re.findall(r"Invoice </span>([^<]*)</a>", html)


def text_of(client: Client, address: str) -> str:
    """What a person reads on a page, blanks made single."""
    html = re.sub(r"<(head|style|script).*?</\1>|<[^>]+>", " ", client.get(address).content.decode(), flags=re.S)
    return " ".join(html.replace("\xa0", " ").replace("&nbsp;", " ").split())


def test_a_stranger_logs_in_first_and_an_agent_may_look(client: Client) -> None:
    addresses = [LIST, reverse("invoicing:export"), reverse("invoicing:dashboard-panel")]
    for address in addresses:
        answer = client.get(address)
        assert answer.status_code == 302
        assert answer["Location"].startswith("/accounts/login/")
    client.force_login(make_agent())
    for address in addresses:
        assert client.get(address).status_code == 200
        assert client.post(address).status_code == 405


def test_a_row_has_number_customer_dates_figures_status_and_origin(client: Client, jo: Any, ada: Contact) -> None:
    today = business_day()
    make_invoice(ada, number="1042", total="1250.50", balance="250.50", paid="1000", due_on=today + timedelta(days=3))
    page = text_of(client, LIST)
    for words in ("1042", "Ada Lovelace", "$1,250.50", "$250.50", "due in 3 days", "Partly paid", "QuickBooks"):
        assert words in page
    assert "Conflict" not in re.sub(r"Conflict All In conflict", "", page)


def test_the_whole_row_is_one_real_link_to_the_invoice(client: Client, jo: Any, ada: Contact) -> None:
    invoice = make_invoice(ada)
    html = client.get(LIST).content.decode()
    row = html[html.index('<tr class="row-link">') :].partition("</tr>")[0]
    assert re.findall(r'<a href="([^"]*)"', row) == [f"/invoices/{invoice.pk}/"]
    assert 'class="chip chip-books"' in row


def test_a_customer_that_clashes_stands_under_its_own_name_with_a_badge(client: Client, jo: Any, ada: Contact) -> None:
    make_invoice(ada, number="1")
    make_invoice(None, number="2", customer_name="Ann Clash")
    assert "chip-conflict" in client.get(LIST).content.decode()
    assert numbers(client, "?conflict=yes") == ["2"]


def test_every_filter_stands_in_the_url_and_narrows_the_list(client: Client, jo: Any, ada: Contact) -> None:
    today = business_day()
    ben = make_contact("Ben Late")
    make_invoice(ada, number="open")
    make_invoice(ben, number="late", due_on=today - timedelta(days=40), balance="20")
    make_invoice(ada, number="paid", status="paid", currency="EUR")
    make_invoice(ada, number="settled", status="settled", credited="120")
    make_invoice(ada, number="void", status="void", total="0")
    make_invoice(ada, number="draft", status="draft", owner="ours", issued_on=date(2019, 5, 1))
    expected = {
        "status=open": {"open", "late"},
        "status=overdue": {"late"},
        "status=part-paid": {"late"},
        "status=paid": {"paid"},
        "status=settled": {"settled"},
        "status=void": {"void"},
        "status=draft": {"draft"},
        "origin=ours": {"draft"},
        "currency=EUR": {"paid"},
        "year=2019": {"draft"},
        "age=current": {"open"},
        "age=31-60": {"late"},
        "age=over-90": set(),
        f"contact={ben.pk}": {"late"},
        f"contact={ada.pk}&status=open": {"open"},
        "q=late": {"late"},
        "q=LOVELACE": {"open", "paid", "settled", "void", "draft"},
    }
    assert {query: set(numbers(client, f"?{query}")) for query in expected} == expected


@pytest.mark.parametrize(
    "query",
    ["status=nonsense", "year=99999", "year=0", "contact=abc", f"contact={10**30}", "currency=%27--", "age=7"]
    + ["origin=x", "q=%00", "conflict=maybe", "sort=nonsense", "after=tampered"],
)
def test_what_the_url_says_wrongly_is_passed_over(client: Client, jo: Any, ada: Contact, query: str) -> None:
    make_invoice(ada, number="1042")
    assert numbers(client, f"?{query}") == ["1042"]


@pytest.mark.parametrize(
    ("words", "found"),
    [("1042", True), ("#1042", True), ("lovelace ada", True), ("1,200.50", True), ("$1200.50", True), ("1200.5", True)]
    + [("1201", False), ("ada babbage", False), ("100%", False), ("_", False)],
)
def test_search_finds_number_name_and_amount(client: Client, jo: Any, ada: Contact, words: str, found: bool) -> None:
    make_invoice(ada, number="1042", total="1200.50")
    html = client.get(LIST, {"q": words}).content.decode()
    assert ("Invoice </span>1042" in html) is found


@pytest.mark.parametrize("column", ["issued", "due", "total", "balance"])
def test_each_sort_goes_both_ways_and_pages_show_every_invoice_once(
    client: Client, jo: Any, ada: Contact, column: str
) -> None:
    today, name = business_day(), {"issued": "issued_on", "due": "due_on"}.get(column, column)
    for number in range(1, 111):
        # Ties on purpose, and amounts that sort differently as text.
        invoice = {"total": str(number % 13 * 9), "issued_on": today - timedelta(days=number % 7)}
        make_invoice(ada, number=str(number), due_on=today + timedelta(days=number % 5), **invoice)
    for sort in (column, f"-{column}"):
        seen, address, pages = [], f"{LIST}?sort={sort}", 0
        while address:
            answer = client.get(address)
            rows = answer.context["page"].items
            seen += [(getattr(row, name), row.pk) for row in rows]
            address, pages = answer.context["page"].next, pages + 1
        assert pages == 3
        assert len(seen) == 110
        assert seen == sorted(seen, reverse=sort.startswith("-"))


def test_heads_of_columns_sort_and_say_so(client: Client, jo: Any, ada: Contact) -> None:
    make_invoice(ada)
    html = client.get(f"{LIST}?sort=-total&status=open").content.decode()
    assert re.search(
        r'aria-sort="descending">\s*<a id="sort-total" href="/invoices/\?sort=total&amp;status=open"', html
    )
    assert html.count("aria-sort") == 1


def test_sums_are_of_the_filtered_set_and_never_mix_currencies(client: Client, jo: Any, ada: Contact) -> None:
    for _ in range(60):  # more than a page
        make_invoice(ada, total="10.10", balance="0.10", currency="USD")
    make_invoice(ada, total="12000", currency="JPY")
    make_invoice(ada, total="1.250", currency="KWD")
    make_invoice(ada, total="99", status="paid", currency="USD")
    page = text_of(client, f"{LIST}?status=open")
    assert "$6.00 due of $606.00 in 60 USD invoices" in page
    assert "¥12,000 due of ¥12,000 in 1 JPY invoice" in page
    assert "KWD 1.250 due of KWD 1.250 in 1 KWD invoice" in page


def test_the_list_asks_the_database_the_same_few_questions_for_one_row_and_for_a_page(
    client: Client, jo: Any, ada: Contact, django_assert_num_queries: Any
) -> None:
    Business.load()
    make_invoice(ada)
    with django_assert_num_queries(9):
        client.get(LIST)
    for _ in range(60):
        make_invoice(ada, currency="EUR", balance="5")
    make_invoice(None)
    with django_assert_num_queries(9):
        client.get(LIST)
    with django_assert_num_queries(6):
        client.get(LIST, headers=HTMX)


def test_htmx_gets_the_rows_alone_and_an_address_without_empty_fields(client: Client, jo: Any, ada: Contact) -> None:
    make_invoice(ada, number="1042")
    answer = client.get(f"{LIST}?q=&status=open&year=&sort=due", headers=HTMX)
    html = answer.content.decode()
    assert "<html" not in html
    assert "Invoice </span>1042" in html
    pushed = urlsplit(answer["HX-Push-Url"])
    assert (pushed.path, parse_qs(pushed.query)) == (LIST, {"status": ["open"], "sort": ["due"]})
    assert "HX-Request" in answer["Vary"]
    assert "1 USD invoice found" in text_of_html(html)


def text_of_html(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def test_a_page_restored_from_history_is_a_whole_one(client: Client, jo: Any) -> None:
    answer = client.get(LIST, headers={**HTMX, "HX-History-Restore-Request": "true"})
    assert "<html" in answer.content.decode()


def test_before_the_first_invoice_an_admin_is_led_to_the_import(client: Client, jo: Any) -> None:
    page = client.get(LIST).content.decode()
    assert "No invoices yet" in page
    assert reverse("integrations:import-invoices") in page
    client.force_login(make_agent())
    page = client.get(LIST).content.decode()
    assert "An admin can import them" in page
    assert reverse("integrations:import-invoices") not in page


def test_a_filter_that_nothing_passes_can_be_cleared(client: Client, jo: Any, ada: Contact) -> None:
    make_invoice(ada)
    page = client.get(f"{LIST}?q=nobody").content.decode()
    assert "No invoice fits" in page
    assert "No invoices yet" not in page


def test_filters_that_came_by_a_link_are_shown_and_can_be_taken_away(client: Client, jo: Any, ada: Contact) -> None:
    make_invoice(ada, due_on=business_day() - timedelta(days=3))
    html = client.get(f"{LIST}?contact={ada.pk}&age=1-30&status=open").content.decode()
    assert 'href="/invoices/?age=1-30&amp;status=open"' in html
    assert f'href="/invoices/?contact={ada.pk}&amp;status=open"' in html


def test_names_from_the_books_are_text_and_never_markup(client: Client, jo: Any) -> None:
    contact = make_contact(SCRIPT)
    make_invoice(contact, number=SCRIPT[:40], customer_name=SCRIPT)
    for address in (
        LIST,
        f"{LIST}?contact={contact.pk}&q=<script>",
        reverse("invoicing:contact-panel", args=[contact.pk]),
    ):
        html = client.get(address).content.decode()
        assert "<script>alert" not in html
        assert "<img src" not in html


def test_overdue_follows_the_calendar_of_the_business(client: Client, jo: Any, ada: Contact) -> None:
    business = Business.load()
    make_invoice(ada, number="1042", issued_on=date(2026, 11, 1), due_on=date(2026, 11, 12))
    for zone, overdue in (("Pacific/Auckland", True), ("America/Los_Angeles", False)):
        business.time_zone = zone
        business.save()
        with time_machine.travel(datetime(2026, 11, 13, 2, tzinfo=UTC), tick=False):  # the 12th in California
            client.force_login(jo)
            assert (numbers(client, "?status=overdue") == ["1042"]) is overdue
            assert ("1 day overdue" in text_of(client, LIST)) is overdue


def exported(client: Client, query: str = "") -> list[dict[str, str]]:
    answer = client.get(f"{reverse('invoicing:export')}{query}")
    assert answer["Content-Type"].startswith("text/csv")
    body = b"".join(answer.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
    return list(csv.DictReader(io.StringIO(body)))


def test_the_export_has_the_filtered_invoices_with_plain_figures(client: Client, jo: Any, ada: Contact) -> None:
    make_invoice(ada, number="1", total="12000", currency="JPY", status="paid", issued_on=date(2026, 1, 5))
    make_invoice(None, number="2", total="1.25", balance="0.75", currency="KWD", customer_name="Zoë 株式会社")
    rows = exported(client, "?currency=KWD")
    assert [row["Number"] for row in rows] == ["2"]
    assert rows[0]["Total"] == "1.250"
    assert rows[0]["Balance"] == "0.750"
    assert rows[0]["Status"] == "Partly paid"
    assert rows[0]["Conflict"] == "yes"
    assert rows[0]["Customer"] == "Zoë 株式会社"
    assert exported(client, "?currency=JPY")[0]["Total"] == "12000"


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", " =1", '=HYPERLINK("http://x","y")'])
def test_the_export_lets_no_name_become_a_formula(client: Client, jo: Any, name: str) -> None:
    make_invoice(None, customer_name=name)
    assert exported(client)[0]["Customer"] == f"'{name}"


def test_a_long_export_asks_no_more_questions_than_a_short_one(
    client: Client, jo: Any, ada: Contact, django_assert_num_queries: Any
) -> None:
    Business.load()
    make_invoice(ada)
    for many in (1, 31):
        with django_assert_num_queries(4):
            assert len(exported(client)) == many
        for _ in range(30):
            make_invoice(ada)
