"""Sending an invoice from its page: what is offered, what is refused, what it will look like."""

import re
import uuid
from typing import Any

import pytest
from django.test import Client

from crm.models import User
from invoicing.links import living_url, url_of
from invoicing.models import Invoice
from invoicing.statement_links import living_statement_url
from messaging.models import Draft, Message, MessagingSettings, Suppression
from tests.factories import make_agent, make_contact, make_invoice

pytestmark = pytest.mark.django_db


def address(of: Invoice) -> str:
    return f"/invoices/{of.pk}/send/"


def form(**values: Any) -> dict[str, Any]:
    usual = {"key": str(uuid.uuid4()), "channel": "text", "subject": "", "body": "Hi [contact-firstname]", "send": "1"}
    return {**usual, **values}


def test_the_page_offers_the_usual_message_and_shows_it_as_the_customer_gets_it(
    client: Client, jo: User, bill: Invoice
) -> None:
    html = client.get(address(bill)).text
    assert "to (415) 555-0100" in html and "to ada@example.com" in html
    assert "[contact-firstname]" in html and "Hi Ada, your invoice 1042 from My business for $120.00" in html
    assert re.search(r"\d+ characters, \d part", html) and "Reply STOP" in html
    assert not living_url(bill), "looking makes no link"


def test_sending_leads_to_the_conversation_with_the_invoice_and_its_state(
    client: Client, jo: User, bill: Invoice
) -> None:
    page = client.post(address(bill), form(), follow=True)
    assert page.redirect_chain[-1][0].startswith("/conversations/")
    assert f'href="/invoices/{bill.pk}/"' in page.text and living_url(bill) in page.text
    assert "$120.00 due" in page.text and "Queued" in page.text and "Jo Bloggs" in page.text
    listed = client.get("/invoices/").text
    assert "Sent by Jo Bloggs" in listed and ">Sent</span>" in listed


def test_an_agent_sends_too(client: Client, bill: Invoice) -> None:
    client.force_login(make_agent())
    client.post(address(bill), form())
    assert Message.objects.get().actor.name == "Sam Agent"  # type: ignore[union-attr]


def test_save_keeps_the_message_for_later(client: Client, jo: User, bill: Invoice) -> None:
    values = form(body="Later, [contact-firstname]", channel="email", save="1")
    del values["send"]
    page = client.post(address(bill), values, follow=True)
    assert "Later, [contact-firstname]" in page.text and "not sent yet" in page.text
    assert not Message.objects.exists() and bill.sent_at is None
    client.post(address(bill), form())
    assert not Draft.objects.exists()


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"body": "Hi [first-name]"}, "[first-name] stands for nothing"),
        ({"body": "Hi [contact firstname]"}, "did you mean [contact-firstname]?"),
        ({"body": "  "}, "Write a message"),
        ({"body": "x" * 1700}, "1,600 characters"),
        ({"channel": "pigeon"}, "pigeon"),
        ({"key": "nonsense"}, "Load this page again"),
        ({"channel": "email", "subject": "[nobody]"}, "[nobody] stands for nothing"),
    ],
)
def test_what_cannot_be_sent_is_said_and_nothing_goes_out(
    client: Client, jo: User, bill: Invoice, values: dict[str, Any], words: str
) -> None:
    answer = client.post(address(bill), form(**values))
    assert answer.status_code == 422 and words in answer.text
    assert not Message.objects.exists()


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"phone": ""}, "has no mobile number"),
        ({"phone": "+14155550100"}, "asked for no more messages"),
    ],
)
def test_without_a_way_to_text_the_page_says_why_and_offers_email(
    client: Client, jo: User, fields: dict[str, str], words: str
) -> None:
    Suppression.objects.create(channel="text", address="+14155550100", reason="opted_out")
    bill = make_invoice(make_contact("Ben", email="ben@example.com", **fields))
    html = client.get(address(bill)).text
    assert words in html
    assert 'value="email" checked' in html
    assert client.post(address(bill), form()).status_code == 422


def test_nobody_can_be_written_to_and_the_button_says_so(client: Client, jo: User) -> None:
    html = client.get(address(make_invoice(make_contact("Cleo")))).text
    assert 'aria-describedby="cannot"' in html and "no way to send it yet" in html


@pytest.mark.parametrize("state", [{"status": "void", "balance": 0}, {"contact": None}])
def test_an_invoice_that_cannot_be_sent_leads_back_and_has_no_button(
    client: Client, jo: User, state: dict[str, Any]
) -> None:
    contact = state.pop("contact", make_contact()) if "contact" not in state else state.pop("contact")
    bill = make_invoice(contact, **state)
    assert "cannot be sent" in client.get(address(bill), follow=True).text
    assert address(bill) not in client.get(f"/invoices/{bill.pk}/").text


def test_the_preview_counts_and_escapes(client: Client, jo: User, bill: Invoice) -> None:
    def preview(**values: str) -> str:
        return client.post(f"{address(bill)}preview/", {"channel": "text", **values}).text

    url_of(bill)
    assert living_url(bill) in preview(body="Hi")
    assert "&lt;script&gt;" in preview(body="<script>") and "<script>" not in preview(body="<script>")
    assert "70 characters instead of 160" in preview(body="Grüße 🙂")
    assert "stands for nothing" in preview(body="[what]")
    assert "part" not in preview(body="Hi", channel="email")
    assert not Message.objects.exists()


def test_curly_quotes_are_sent_as_straight_ones(client: Client, jo: User, bill: Invoice) -> None:
    client.post(address(bill), form(body="It\u2019s \u201cdue\u201d \u2013 today"))
    assert Message.objects.get().body.startswith('It\'s "due" - today\n')


def test_an_admin_sets_the_usual_message_and_unknown_words_are_refused(client: Client, jo: User, bill: Invoice) -> None:
    values = {"invoice_message": "Dear [contact-firstname]", "email_subject": "Invoice", "part_price": "0.01"}
    assert client.post("/settings/messages/", values, follow=True).status_code == 200
    assert MessagingSettings.load().invoice_message == "Dear [contact-firstname]"
    assert "Dear Ada" in client.get(address(bill)).text
    answer = client.post("/settings/messages/", {**values, "invoice_message": "Dear [nobody]"})
    assert answer.status_code == 422 and "[nobody] stands for nothing" in answer.text
    client.force_login(make_agent())
    assert client.get("/settings/messages/").status_code == 403


def test_a_page_without_twilio_says_that_texts_are_not_set_up(
    client: Client, jo: User, bill: Invoice, settings: Any
) -> None:
    settings.TWILIO_FROM = ""
    assert "Texts are not set up yet" in client.get(address(bill)).text
    assert "Texts are not set up yet" in client.get("/settings/messages/").text


def test_a_message_leads_to_all_that_is_owed_and_only_sending_makes_the_link(
    client: Client, jo: User, bill: Invoice
) -> None:
    assert bill.contact is not None
    shown = client.post(f"{address(bill)}preview/", {"channel": "text", "body": "All: [statement-link]"}).text
    assert f"/s/{'x' * 22}/" in shown and not living_statement_url(bill.contact)
    client.post(address(bill), form(body="All: [statement-link]"))
    url = living_statement_url(bill.contact)
    assert url and Message.objects.get().body.startswith(f"All: {url}\n{living_url(bill)}")
    shown = client.post(f"{address(bill)}preview/", {"channel": "text", "body": "All: [statement-link]"}).text
    assert url in shown
