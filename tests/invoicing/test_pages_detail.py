"""The page of one invoice, as its books tell it."""

import re
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from crm.models import Activity, Business, Contact
from invoicing.models import Invoice
from tests.factories import business_day, make_agent, make_contact, make_invoice, make_payment, make_user

pytestmark = pytest.mark.django_db

SCRIPT = '<script>alert(1)</script>"><img src=x onerror=alert(2)>'


@pytest.fixture(autouse=True)
def british_business() -> Business:
    business = Business.load()
    business.country, business.currency, business.time_zone = "GB", "GBP", "Europe/London"
    business.save()
    return business


@pytest.fixture
def jo(client: Client) -> Any:
    user = make_user()
    client.force_login(user)
    return user


@pytest.fixture
def ada() -> Contact:
    return make_contact("Ada Lovelace", first_name="Ada", last_name="Lovelace", company="Analytical Engines Ltd")


def read(client: Client, invoice: Invoice, section: str = "") -> str:
    """What a person reads on the page, or in the section of that heading; blanks made single."""
    html = client.get(reverse("invoicing:detail", args=[invoice.pk])).content.decode()
    if section:
        html = html[html.index(f'aria-labelledby="{section}"') :].partition("</section>")[0]
    words = re.sub(r"<(head|script).*?</\1>|<wbr>", "", html, flags=re.S)
    return " ".join(re.sub(r"<[^>]+>", " ", words).replace("\xa0", " ").replace("&#x27;", "'").split())


def test_an_agent_may_look_and_a_stranger_may_not(client: Client, ada: Contact) -> None:
    address = reverse("invoicing:detail", args=[make_invoice(ada).pk])
    assert client.get(address)["Location"].startswith("/accounts/login/")
    client.force_login(make_agent())
    assert client.get(address).status_code == 200
    assert client.post(address).status_code == 405


@pytest.mark.parametrize("pk", [999_999, 10**30])
def test_an_invoice_that_is_not_there_is_not_found(client: Client, jo: Any, pk: int) -> None:
    assert client.get(f"/invoices/{pk}/").status_code == 404


def test_the_head_names_the_invoice_its_status_and_what_is_due(client: Client, jo: Any, ada: Contact) -> None:
    due = business_day() - timedelta(days=12)
    invoice = make_invoice(ada, number="1042", currency="GBP", total="111.80", balance="61.80", paid="50", due_on=due)
    page = read(client, invoice)
    assert "Invoice 1042" in page
    assert "Overdue" in page
    assert f"Amount due £61.80 12 days overdue, partly paid , {due:%-d %B %Y}" in page
    html = client.get(f"/invoices/{invoice.pk}/").content.decode()
    assert f'title="{due:%A}, {due:%-d %B %Y}">12 days overdue' in html


def test_contact_has_name_business_name_and_billing_address(client: Client, jo: Any, ada: Contact) -> None:
    invoice = make_invoice(ada, bill_to="12 St James's Square\nLondon SW1Y 4LE", bill_email="ada@example.com")
    contact = read(client, invoice, "contact")
    for words in ("Ada Lovelace", "Analytical Engines Ltd", "12 St James's Square London SW1Y 4LE", "ada@example.com"):
        assert words in contact
    assert reverse("contacts:detail", args=[ada.pk]) in client.get(f"/invoices/{invoice.pk}/").content.decode()


def test_without_a_contact_the_customers_own_name_stands_with_a_word_why(client: Client, jo: Any) -> None:
    invoice = make_invoice(None, customer_name="Ann Clash")
    assert "Conflict" in read(client, invoice)
    contact = read(client, invoice, "contact")
    assert "Ann Clash" in contact
    assert "clashes" in contact


def test_details_have_number_dates_terms_currency_and_rate(client: Client, jo: Any, ada: Contact) -> None:
    dates = {"issued_on": date(2026, 10, 1), "due_on": date(2026, 10, 31)}
    invoice = make_invoice(
        ada, number="1042", terms="Net 30", currency="EUR", exchange_rate=Decimal("0.8712345"), status="paid", **dates
    )
    details = read(client, invoice, "details")
    assert "Invoice number 1042 Created date 1 Oct 2026 Due date 31 Oct 2026 Terms Net 30" in details
    assert "Currency EUR Exchange rate 1 EUR = 0.8712345 GBP" in details
    at_home = make_invoice(ada, currency="GBP")
    assert "Exchange rate" not in read(client, at_home, "details")


def test_products_have_code_description_quantity_rate_discount_tax_and_amount(
    client: Client, jo: Any, ada: Contact
) -> None:
    lines = [
        {"kind": "item", "code": "ROCK-1", "name": "Rock Fountain", "description": "Granite", "quantity": 2,
         "rate": Decimal("92.5633333"), "discount_percent": 5, "amount": 55, "tax_name": "VAT", "tax_percent": 20},
        {"kind": "text", "description": "As agreed on the phone"},
        {"kind": "bundle", "code": "SPRING", "quantity": 1, "amount": 40},
        {"kind": "bundled", "code": "PUMP", "quantity": 3, "rate": Decimal("9.2563333"), "amount": Decimal("27.77")},
    ]  # fmt: skip
    products = read(client, make_invoice(ada, currency="GBP", tax_mode="exclusive", lines=lines), "products")
    assert "Code Description Quantity Rate Discount VAT Amount" in products
    assert "ROCK-1 Rock Fountain Granite 2 92.5633333 5% VAT 20% £55.00" in products
    assert "As agreed on the phone ↳ " not in products
    assert "As agreed on the phone SPRING Bundle 1 £40.00" in products
    assert "↳ In the bundle: PUMP 3 9.2563333 £27.77" in products


def totals(client: Client, invoice: Invoice) -> str:
    return read(client, invoice, "products").partition("Subtotal")[2]


def test_tax_on_top_is_added_line_by_line(client: Client, jo: Any, ada: Contact) -> None:
    taxes = [
        {"name": "20.0% S", "percent": "20", "net": "84", "amount": "16.80"},
        {"name": "Reduced", "percent": "5.0", "net": "11", "amount": "0.55"},
    ]
    figures = {"subtotal": "100", "discount": "10", "discount_percent": 10, "shipping": "5", "tax": "17.35"}
    figures |= {"total": "112.35", "balance": "62.35", "paid": "40", "credited": "10"}
    invoice = make_invoice(
        ada, currency="GBP", tax_mode="exclusive", taxes=taxes, **figures,
        lines=[{"kind": "discount", "amount": 10}, {"kind": "shipping", "amount": 5}],
    )  # fmt: skip
    assert totals(client, invoice).strip() == (
        "£100.00 Discount 10% -£10.00 Shipping £5.00 20.0% S on £84.00 £16.80 Reduced 5% on £11.00 £0.55 "
        "Total £112.35 Paid -£40.00 Credit applied -£10.00 Amount due £62.35"
    )


def test_tax_inside_shows_gross_amounts_and_what_they_include(client: Client, jo: Any, ada: Contact) -> None:
    line = {"kind": "item", "code": "HOURS", "quantity": 2, "amount": Decimal("108.33"), "amount_with_tax": 130}
    taxes = [{"name": "", "percent": "20", "net": "108.33", "amount": "21.67"}]
    invoice = make_invoice(
        ada,
        currency="GBP",
        tax_mode="inclusive",
        taxes=taxes,
        total="130",
        subtotal="108.33",
        tax="21.67",
        lines=[line],
    )
    assert "£130.00 £108.33 without VAT" in read(client, invoice, "products")
    expected = "without VAT £108.33 Includes VAT 20% on £108.33 £21.67 Total £130.00 Amount due £130.00"
    assert totals(client, invoice).strip() == expected


def test_without_tax_there_is_no_column_and_no_row_for_it(client: Client, jo: Any, ada: Contact) -> None:
    line = {"kind": "item", "code": "HOURS", "amount": 130, "tax_name": "NON"}
    invoice = make_invoice(ada, currency="GBP", tax_mode="none", total="130", lines=[line])
    products = read(client, invoice, "products")
    assert "VAT" not in products
    assert totals(client, invoice).strip() == "£130.00 Total £130.00 Amount due £130.00"


def test_figures_are_the_books_own_even_where_they_do_not_add_up(client: Client, jo: Any, ada: Contact) -> None:
    figures = {"subtotal": "8.49", "tax": "1.11", "total": "9.61", "balance": "9.61"}
    invoice = make_invoice(ada, currency="CAD", tax_mode="exclusive", **figures)
    assert totals(client, invoice).strip() == "CA$8.49 VAT CA$1.11 Total CA$9.61 Amount due CA$9.61"


@pytest.mark.parametrize(
    ("currency", "total", "written"),
    [("JPY", "12000", "¥12,000"), ("KWD", "1.250", "KWD 1.250"), ("USD", "5", "$5.00"), ("EUR", "0.5", "€0.50")],
)
def test_any_currency_is_shown_with_its_own_decimals(
    client: Client, jo: Any, ada: Contact, currency: str, total: str, written: str
) -> None:
    invoice = make_invoice(ada, currency=currency, total=total)
    assert f"Amount due {written}" in read(client, invoice)


def test_payments_have_date_method_reference_and_amount(client: Client, jo: Any, ada: Contact) -> None:
    invoice = make_invoice(ada, currency="GBP", total="100", balance="0", status="paid", paid="70", credited="30")
    make_payment(ada, of={invoice: "60"}, currency="GBP", memo="CHK 881", received_on=date(2026, 11, 18))
    make_payment(ada, of={invoice: "30"}, amount="0", credit="30", currency="GBP", received_on=date(2026, 11, 19))
    make_payment(ada, of={invoice: "10"}, amount="4", credit="6", currency="GBP", received_on=date(2026, 11, 20))
    payments = read(client, invoice, "payments")
    assert "18 Nov 2026 Check CHK 881 £60.00" in payments
    assert "19 Nov 2026 Credit £30.00" in payments
    assert "20 Nov 2026 Check £10.00 of which £6.00 credit" in payments


def test_notes_and_timeline_are_shown(client: Client, jo: Any, ada: Contact) -> None:
    invoice = make_invoice(ada, number="1042", customer_note="Thank you", private_note="Gate code 1815")
    row = {
        "contact": ada,
        "subject_type": "invoice",
        "subject_id": invoice.pk,
        "origin": "import",
    }
    Activity.objects.create(verb="invoice.created", text="Invoice 1042 added", actor=jo, at=timezone.now(), **row)
    Activity.objects.create(verb="invoice.changed", at=timezone.now(), changes={"terms": ["", "Net 30"]}, **row)
    Activity.objects.create(verb="invoice.changed", at=timezone.now(), **{**row, "subject_id": invoice.pk + 1})
    assert (
        read(client, invoice, "notes")
        == 'aria-labelledby="notes"> Notes To the customer Thank you Private Gate code 1815'
    )
    timeline = read(client, invoice, "timeline")
    assert "Invoice changed: terms" in timeline
    assert "Invoice 1042 added" in timeline
    assert "by Jo Bloggs" in timeline
    assert timeline.count("Invoice changed") == 1


def test_what_the_books_own_is_visibly_read_only(client: Client, jo: Any, ada: Contact) -> None:
    invoice = make_invoice(ada)
    html = client.get(f"/invoices/{invoice.pk}/").content.decode()
    main = html[html.index('id="main"') : html.index("</main>")]
    content = main[main.index('<div class="stack">') :]
    assert "From QuickBooks: change it there" in content
    link = re.search(r'<section[^>]*aria-labelledby="link">.*?</section>', content, re.S)
    assert link and "Make a link" in link[0]  # which changes nothing of the invoice
    assert not re.findall(r"<(form|input|textarea|select|button)\b", content.replace(link[0], ""))
    assert reverse("integrations:quickbooks-invoice-panel", args=[invoice.pk]) in content
    ours = make_invoice(ada, owner="ours")
    assert "From QuickBooks" not in read(client, ours)


def test_a_line_number_of_any_length_asks_no_more_questions(
    client: Client, jo: Any, ada: Contact, django_assert_num_queries: Any
) -> None:
    invoice = make_invoice(ada, lines=[{"amount": 1}])
    make_payment(ada, of={invoice: "1"})
    with django_assert_num_queries(11):
        client.get(f"/invoices/{invoice.pk}/")
    invoice = make_invoice(ada, lines=[{"amount": 1}] * 60)
    for _ in range(5):
        make_payment(ada, of={invoice: "1"})
    Activity.objects.bulk_create(
        Activity(subject_type="invoice", subject_id=invoice.pk, actor=jo, verb="invoice.changed", at=timezone.now())
        for _ in range(20)
    )
    with django_assert_num_queries(11):
        client.get(f"/invoices/{invoice.pk}/")


def test_whatever_the_books_contain_is_text_and_never_markup(client: Client, jo: Any) -> None:
    contact = make_contact(SCRIPT, company=SCRIPT, first_name=SCRIPT)
    words = ("customer_name", "bill_to", "ship_to", "terms", "customer_note", "private_note", "bill_email")
    line = {
        "code": SCRIPT,
        "name": SCRIPT * 3,
        "description": SCRIPT,
        "tax_name": SCRIPT,
        "tax_percent": 5,
        "amount": 1,
    }
    taxes = [{"name": SCRIPT, "percent": "20", "net": "1", "amount": "1"}]
    invoice = make_invoice(
        contact, number=SCRIPT[:40], tax_mode="exclusive", taxes=taxes, lines=[line], **dict.fromkeys(words, SCRIPT)
    )
    make_payment(contact, of={invoice: "1"}, method=SCRIPT, memo=SCRIPT)
    html = client.get(f"/invoices/{invoice.pk}/").content.decode()
    assert "<script>alert" not in html
    assert "<img src" not in html
    assert "style=" not in html
