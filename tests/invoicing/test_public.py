"""The customer's page of an invoice: what it says in each state, and what nobody learns from it."""

import gzip
import re
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from crm.models import Business
from invoicing import seen
from invoicing.links import link_for, replace_link
from invoicing.models import Invoice, InvoiceView
from tests.factories import business_day, make_agent, make_contact, make_invoice, make_payment, make_user

pytestmark = pytest.mark.django_db

SCRIPT = '<script>alert(1)</script>"><img src=x onerror=alert(2)>'
FIRST_VIEW = 14_000  # bytes of HTML and style, compressed


@pytest.fixture(autouse=True)
def fresh_limits() -> None:
    cache.clear()


@pytest.fixture
def anybody() -> Client:
    return Client()


def address(invoice: Invoice) -> str:
    return f"/i/{link_for(invoice).token}/"


def read(client: Client, invoice: Invoice) -> str:
    answer = client.get(address(invoice))
    assert answer.status_code == 200
    html = re.sub(r"<(head|script|style).*?</\1>|<wbr>", "", answer.text, flags=re.S)
    return " ".join(re.sub(r"<[^>]+>", " ", html).replace("\xa0", " ").split())


def test_what_is_due_stands_first_with_its_day(anybody: Client) -> None:
    due = business_day() - timedelta(days=3)
    invoice = make_invoice(make_contact(), number="1042", total="120", balance="80", paid="40", due_on=due)
    page = read(anybody, invoice)
    assert f"Invoice 1042 Amount due now $80.00 3 days overdue , {due:%-d %B %Y}" in page
    assert "Paid -$40.00" in page and "Amount due $80.00" in page


def test_paid_says_so_with_its_day_and_asks_for_nothing(anybody: Client) -> None:
    invoice = make_invoice(make_contact(), total="120", balance="0", paid="120", status="paid")
    make_payment(invoice.contact, of={invoice: "120"}, received_on=business_day() - timedelta(days=1))
    page = read(anybody, invoice)
    assert "Paid $120.00 on " in page and "Amount due now" not in page


@pytest.mark.parametrize(
    ("currency", "total", "words"),
    [
        ("JPY", "12000", "¥12,000"),
        ("KWD", "1.25", "KWD 1.250"),
        ("EUR", "99.9", "€99.90"),
        ("GBP", "1200", "£1,200.00"),
    ],
)
def test_money_is_written_as_its_currency_wants(anybody: Client, currency: str, total: str, words: str) -> None:
    assert words in read(anybody, make_invoice(make_contact(), currency=currency, total=total))


def test_settled_by_credit_is_not_called_paid(anybody: Client) -> None:
    invoice = make_invoice(make_contact(), total="120", balance="0", credited="120", status="settled")
    assert "Nothing is due It was settled by a credit." in read(anybody, invoice)


def test_the_page_is_as_the_invoice_is_at_that_moment(anybody: Client) -> None:
    invoice = make_invoice(make_contact(), total="120")
    assert "$120.00" in read(anybody, invoice)
    Invoice.objects.update(total="130", balance="130")
    assert "Amount due now $130.00" in read(anybody, invoice)


def test_the_page_follows_all_that_it_says(anybody: Client) -> None:
    """Pages of the same words are rendered once; what changes on any side is on the next look."""
    invoice = make_invoice(make_contact(), total="120", lines=[{"description": "Lamp", "amount": "120"}])
    path = address(invoice)
    Business.load()
    before = anybody.get(path).content
    assert anybody.get(path).content == before
    changes: list[tuple[Any, dict[str, Any], str]] = [
        (Business.objects, {"name": "Harbour Light"}, "Harbour Light"),
        (Business.objects, {"phone": "+44 117 496 0123"}, "496 0123"),
        (invoice.lines, {"description": "Lantern"}, "Lantern"),
        (invoice.lines, {"quantity": "3", "rate": "40"}, "3 × 40"),
        (Invoice.objects, {"customer_note": "Ring twice"}, "Ring twice"),
        (Invoice.objects, {"customer_name": "Countess"}, "For Countess"),
        (Invoice.objects, {"number": "77", "terms": "Net 7", "shipping": "4"}, "Net 7"),
        (Invoice.objects, {"due_on": business_day() - timedelta(days=2)}, "2 days overdue"),
        (Invoice.objects, {"paid": "120", "balance": "0", "status": "paid"}, "Receipt"),
    ]
    for rows, values, told in changes:
        assert told not in read(anybody, invoice)
        rows.update(**values)
        assert told in read(anybody, invoice)


def test_a_look_writes_nothing_even_where_nobody_has_named_the_business_yet(anybody: Client) -> None:
    assert "My business" in read(anybody, make_invoice(make_contact()))
    assert not Business.objects.exists()


def test_void_removed_replaced_and_unknown_are_the_same_bytes(anybody: Client) -> None:
    void = make_invoice(make_contact(), status="void", balance="0")
    removed = make_invoice(make_contact("Ben"), removed_at=timezone.now())
    replaced = make_invoice(make_contact("Cleo"))
    old = address(replaced)
    replace_link(replaced, actor=make_user())
    answers = [anybody.get(path) for path in (address(void), address(removed), old, "/i/nobody-made-this-token/")]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.content for answer in answers}) == 1
    assert b"Ben" not in answers[0].content
    posted = [anybody.post(f"{path}seen/").content for path in (address(void), "/i/nobody-made-this-token/")]
    assert set(posted) == {answers[0].content}


@pytest.mark.parametrize("token", ["%00", "22-characters-and-a%00", "%ff", "%E2%80%AE", "' OR 1=1--"])
def test_an_address_that_nobody_made_leads_nowhere_whatever_its_characters(anybody: Client, token: str) -> None:
    for answer in (anybody.get(f"/i/{token}/"), anybody.post(f"/i/{token}/pay/"), anybody.post(f"/i/{token}/seen/")):
        assert answer.status_code == 404 and "There is nothing to see here" in answer.text


def test_whoever_tries_addresses_is_slowed_down_and_who_has_one_is_not(anybody: Client) -> None:
    invoice = make_invoice(make_contact())
    statuses = [anybody.get(f"/i/guess-{number}/").status_code for number in range(25)]
    assert statuses[0] == 404 and statuses[-1] == 429
    assert anybody.get(address(invoice)).status_code == 200


def test_nobody_keeps_or_lists_the_page_or_learns_its_address(anybody: Client) -> None:
    answer = anybody.get(address(make_invoice(make_contact())))
    assert answer["Referrer-Policy"] == "no-referrer"
    assert answer["Cache-Control"] == "no-store"
    assert "noindex" in answer["X-Robots-Tag"] and "noindex" in answer.text
    assert "default-src 'none'" in answer["Content-Security-Policy"] and answer["X-Frame-Options"] == "DENY"
    assert answer["X-Content-Type-Options"] == "nosniff" and answer["Content-Length"] == str(len(answer.content))
    assert not answer.cookies


def test_names_and_notes_are_never_markup(anybody: Client) -> None:
    contact = make_contact(SCRIPT)
    lines = [{"description": SCRIPT, "amount": "120"}]
    invoice = make_invoice(contact, number=SCRIPT[:30], customer_name=SCRIPT, customer_note=SCRIPT, lines=lines)
    Business.objects.update_or_create(pk=1, defaults={"name": SCRIPT})
    html = anybody.get(address(invoice)).text
    assert "<script>alert" not in html and "<img src=x" not in html


def test_the_first_view_is_small(anybody: Client) -> None:
    lines = [{"description": f"Work of day {day}, in all rooms", "amount": "10", "quantity": "2"} for day in range(12)]
    html = anybody.get(address(make_invoice(make_contact(), total="120", lines=lines))).content
    style = (django_settings.BASE_DIR / "static" / "css" / "public.css").read_bytes()
    assert html.count(b'<link rel="stylesheet"') == 1 and html.count(b"<script") == 1
    assert len(gzip.compress(html)) + len(gzip.compress(style)) < FIRST_VIEW


def test_it_asks_few_questions_however_long_it_is(anybody: Client, django_assert_max_num_queries: Any) -> None:
    lines = [{"description": f"Line {number}", "amount": "1"} for number in range(60)]
    invoice = make_invoice(make_contact(), total="60", lines=lines)
    path = address(invoice)
    anybody.get("/i/nobody-made-this-token/")  # imports
    with django_assert_max_num_queries(2):
        anybody.get(path)


def test_a_look_is_kept_once_and_staff_and_loading_are_none(anybody: Client) -> None:
    invoice = make_invoice(make_contact())
    read(anybody, invoice)
    assert not InvoiceView.objects.exists()
    staff = Client()
    staff.force_login(make_agent())
    assert staff.post(f"{address(invoice)}seen/").status_code == 204
    assert not InvoiceView.objects.exists()
    for _ in range(3):
        assert anybody.post(f"{address(invoice)}seen/").status_code == 204
    assert InvoiceView.objects.count() == 1
    InvoiceView.objects.update(at=timezone.now() - seen.SAME_LOOK)
    anybody.post(f"{address(invoice)}seen/")
    assert InvoiceView.objects.count() == 2
    assert anybody.get(f"{address(invoice)}seen/").status_code == 405


def test_staff_make_copy_and_replace_the_link_and_see_who_looked(client: Client) -> None:
    client.force_login(make_agent())
    invoice = make_invoice(make_contact(), owner=Invoice.Owner.BOOKS)
    page = f"/invoices/{invoice.pk}/"
    assert "Make a link" in client.get(page).text
    client.post(f"{page}link/")
    html = client.get(page).text
    url = f"{django_settings.SITE_URL}{address(invoice)}"
    assert f'data-copy="{url}"' in html and "Not seen yet" in html
    Client().post(f"{address(invoice)}seen/")
    assert "Seen 1 time, last on" in client.get(page).text
    assert "leads nowhere" in client.get(f"{page}link/replace/").text
    client.post(f"{page}link/replace/")
    assert url not in client.get(page).text
    assert Client().get(url.removeprefix(django_settings.SITE_URL)).status_code == 404


@pytest.mark.parametrize("path", ["link/", "link/replace/"])
def test_a_stranger_makes_no_link(client: Client, path: str) -> None:
    invoice = make_invoice(make_contact())
    assert client.post(f"/invoices/{invoice.pk}/{path}")["Location"].startswith("/accounts/login/")
    client.force_login(make_agent())
    Invoice.objects.update(status="void", balance=0)
    assert client.post(f"/invoices/{invoice.pk}/{path}").status_code == 404
