"""What other pages show of invoices."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from crm.models import Business, Contact
from tests.factories import business_day, make_agent, make_contact, make_invoice, make_payment, make_user

pytestmark = pytest.mark.django_db

DASHBOARD = "/invoices/summary/"
HTMX = {"HX-Request": "true"}


@pytest.fixture
def jo(client: Client) -> Any:
    user = make_user()
    client.force_login(user)
    return user


@pytest.fixture
def ben() -> Contact:
    return make_contact("Ben Late")


def read(client: Client, address: str) -> str:
    html = client.get(address, headers=HTMX).content.decode()
    return " ".join(re.sub(r"<[^>]+>", " ", html).replace("\xa0", " ").split())


def panel_of(contact: Contact) -> str:
    return reverse("invoicing:contact-panel", args=[contact.pk])


def test_the_contacts_panel_has_what_is_open_what_is_credit_and_the_last_invoices(
    client: Client, jo: Any, ben: Contact
) -> None:
    today = business_day()
    for number in range(1, 8):
        make_invoice(
            ben, number=f"N{number}", issued_on=today - timedelta(days=number), due_on=today + timedelta(days=9)
        )
    make_invoice(ben, number="old", total="50", due_on=today - timedelta(days=9), issued_on=today - timedelta(days=99))
    make_invoice(ben, number="yen", total="12000", currency="JPY", issued_on=today - timedelta(days=99))
    make_invoice(make_contact("Ada"), total="1000")
    make_payment(ben, amount="75", unapplied="75")
    make_payment(ben, amount="9", unapplied="9", is_void=True)
    page = read(client, panel_of(ben))
    assert "Open in USD $890.00 in 8 invoices, $50.00 overdue" in page
    assert "Open in JPY ¥12,000 in 1 invoice" in page
    assert "Credit in USD $75.00" in page
    assert re.findall(r"Invoice (\S+)", page) == ["N1", "N2", "N3", "N4", "N5"]
    assert f"/invoices/?contact={ben.pk}" in client.get(panel_of(ben)).content.decode()


def test_panels_are_fragments_for_htmx_and_pages_without_it(client: Client, jo: Any, ben: Contact) -> None:
    for address in (panel_of(ben), DASHBOARD):
        assert "<html" in client.get(address).content.decode()
        answer = client.get(address, headers=HTMX)
        assert "<html" not in answer.content.decode()
        assert "HX-Request" in answer["Vary"]


def test_an_agent_may_see_the_panels_and_a_stranger_may_not(client: Client, ben: Contact) -> None:
    for address in (panel_of(ben), DASHBOARD):
        client.logout()
        assert client.get(address).status_code == 302
        client.force_login(make_agent(email=f"sam{len(address)}@example.com"))
        assert client.get(address).status_code == 200
    assert client.get("/invoices/of-contact/999999/").status_code == 404
    assert client.get(f"/invoices/of-contact/{10**30}/").status_code == 404


def test_the_dashboard_counts_what_is_open_overdue_and_paid_lately(client: Client, jo: Any, ben: Contact) -> None:
    today = business_day()
    make_invoice(ben, total="100", due_on=today)
    make_invoice(ben, total="60", balance="40", due_on=today - timedelta(days=1))
    make_invoice(ben, total="7", status="paid")
    make_invoice(ben, total="8", status="draft")
    make_invoice(ben, total="12000", currency="JPY")
    make_payment(ben, amount="20", received_on=today - timedelta(days=30))
    make_payment(ben, amount="5", received_on=today - timedelta(days=31))
    make_payment(ben, amount="0", credit="15", received_on=today)
    make_payment(ben, amount="3", received_on=today, is_void=True)
    page = read(client, DASHBOARD)
    assert "Open $140.00 2 invoices" in page
    assert "Overdue $40.00 1 invoice" in page
    assert "Paid in the last 30 days $20.00 1 payment" in page
    assert "JPY ¥12,000 ¥0 ¥0" in page


def test_aging_puts_each_open_invoice_into_one_age_and_links_to_it(client: Client, jo: Any, ben: Contact) -> None:
    today = business_day()
    for days in (-5, 0, 1, 30, 31, 60, 61, 90, 91, 400):
        make_invoice(ben, total="10", due_on=today - timedelta(days=days), issued_on=today - timedelta(days=500))
    page = read(client, DASHBOARD)
    for age in ("Not due yet", "1–30 days overdue", "31–60 days overdue", "61–90 days overdue", "Over 90 days overdue"):
        assert f"{age} 2 $20.00" in page
    html = client.get(DASHBOARD).content.decode()
    links = re.findall(r'href="(/invoices/\?age=[^"]*)"', html)
    assert len(links) == 5
    for link in links:
        found = client.get(link.replace("&amp;", "&")).content.decode()
        assert found.count('class="row-link"') == 2


def test_the_dashboard_of_an_empty_business_shows_zeros_in_its_own_currency(client: Client, jo: Any) -> None:
    business = Business.load()
    business.currency = "GBP"
    business.save()
    assert "Open £0.00 0 invoices" in read(client, DASHBOARD)


def test_panels_ask_the_same_few_questions_however_much_there_is(
    client: Client, jo: Any, ben: Contact, django_assert_num_queries: Any
) -> None:
    Business.load()
    for many in (1, 30):
        for _ in range(many):
            make_invoice(ben, currency="EUR")
            make_invoice(ben)
        with django_assert_num_queries(7):
            client.get(panel_of(ben), headers=HTMX)
        with django_assert_num_queries(5):
            client.get(DASHBOARD, headers=HTMX)
