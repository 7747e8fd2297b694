"""Invoices that somebody should look at, and those that are gone."""

import re
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from crm.models import Activity
from invoicing.models import Invoice
from tests.factories import make_agent, make_contact, make_invoice

pytestmark = pytest.mark.django_db

WORDS = "Paid twice: 20.00 more than it came to."


@pytest.fixture
def sam(client: Client) -> Any:
    agent = make_agent()
    client.force_login(agent)
    return agent


def done(client: Client, invoice: Invoice, seen: str) -> str:
    answer = client.post(f"/invoices/{invoice.pk}/looked-at/", {"seen": seen}, follow=True)
    assert answer.status_code == 200
    return answer.content.decode()


def test_whoever_sees_the_invoice_can_say_that_it_was_looked_at(client: Client, sam: Any) -> None:
    ada = make_contact()
    invoice = make_invoice(ada, attention=WORDS)
    html = client.get(f"/invoices/{invoice.pk}/").content.decode()
    assert WORDS in html and "Needs a look." in html
    html = done(client, invoice, WORDS)
    assert "Needs a look." not in html and "Looked at, and done" in html
    invoice.refresh_from_db()
    assert invoice.attention == ""
    activity = Activity.objects.get(verb="invoice.looked_at")
    assert (activity.actor, activity.contact, activity.changes) == (sam, ada, {"attention": [WORDS, ""]})


def test_what_came_up_meanwhile_is_not_cleared_unseen(client: Client, sam: Any) -> None:
    invoice = make_invoice(attention="Voided in QuickBooks after it was sent.")
    assert "Nothing was changed" in done(client, invoice, WORDS)
    assert "Nothing was changed" in done(client, invoice, "\x00")
    done(client, make_invoice(), "")
    invoice.refresh_from_db()
    assert invoice.attention and not Activity.objects.exists()


def test_the_list_finds_those_that_need_a_look(client: Client, sam: Any) -> None:
    make_invoice(number="1")
    make_invoice(number="2", attention=WORDS)
    html = client.get("/invoices/?status=look").content.decode()
    assert re.findall(r"Invoice </span>([^<]*)</a>", html) == ["2"]
    assert "</svg>Needs a look</span>" in html


def test_a_removed_invoice_says_when_and_why_and_offers_nothing(client: Client, sam: Any) -> None:
    why = "It was deleted in QuickBooks."
    invoice = make_invoice(removed_at=timezone.now(), removed_why=why, attention=WORDS)
    html = client.get(f"/invoices/{invoice.pk}/").content.decode()
    assert "Gone since" in html and why in html and "Removed" in html
    main = html[html.index("<main") :].partition("</main>")[0]
    content = main.partition('class="stack"')[2]
    assert "<button" not in content and '"muted">Amount due' not in content and WORDS not in content
    assert "Nothing was changed" in done(client, invoice, WORDS)
    assert client.post("/invoices/999/looked-at/").status_code == 404
    assert client.get(f"/invoices/{invoice.pk}/looked-at/").status_code == 405
