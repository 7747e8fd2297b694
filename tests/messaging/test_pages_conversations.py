"""The inbox and a conversation: what is shown, what moves it, and how many questions that asks."""

import re
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from crm.models import User
from invoicing.links import living_url, url_of
from invoicing.models import Invoice
from messaging.conversations import conversation_of
from messaging.models import Conversation, Message, Suppression
from messaging.receiving import receive_text
from messaging.sending import send_invoice
from tests.factories import make_agent, make_contact, make_invoice, make_payment

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


def hear(body: str = "Hello", sender: str = "+14155550100") -> Conversation:
    message = receive_text(reference=uuid.uuid4().hex, sender=sender, body=body)
    assert message is not None
    return message.conversation


def page_of(conversation: Conversation) -> str:
    return f"/conversations/{conversation.pk}/"


def test_an_empty_inbox_says_how_a_conversation_begins(client: Client, jo: User) -> None:
    html = client.get("/conversations/").text
    assert "No conversations yet" in html and 'href="/invoices/"' in html


def test_unread_ones_stand_first_and_are_searched_by_name_and_number(client: Client, jo: User, bill: Invoice) -> None:
    unread = hear("I paid yesterday")
    make_contact("Grace Hopper", phone="+14155550111")
    read = hear("Thanks", "+14155550111")
    Conversation.objects.filter(pk=read.pk).update(is_unread=False, last_at=timezone.now() + timedelta(hours=1))
    html = client.get("/conversations/").text
    assert html.index(page_of(unread)) < html.index(page_of(read))
    assert "I paid yesterday" in html and html.count("Unread</span>") == 1
    assert "Grace" not in client.get("/conversations/?q=ada").text
    assert "Grace" in client.get("/conversations/?q=5550111").text
    assert "Everything is read" not in client.get("/conversations/?show=unread").text
    assert "Nothing is found" in client.get("/conversations/?q=nobody").text


def test_an_open_page_is_told_only_when_something_is_new(client: Client, jo: User, bill: Invoice) -> None:
    thread = hear()
    for url in ("/conversations/", page_of(thread)):
        html = client.get(url).text
        seen = re.search(r"seen=(\w+)", html)
        assert seen
        assert client.get(url, {"seen": seen[1]}, headers=HTMX).status_code == 204
    hear("News")
    for url in ("/conversations/", page_of(thread)):
        seen = re.search(r"seen=(\w+)", client.get(url, headers=HTMX).text)
        fresh = client.get(url, {"seen": "0123456789abcdef"}, headers=HTMX)
        assert fresh.status_code == 200 and "News" in fresh.text and seen and "<html" not in fresh.text


def test_a_payment_and_a_view_are_seen_without_reloading(client: Client, jo: User, bill: Invoice) -> None:
    message = send_invoice(bill, channel="text", body="Hi", key=uuid.uuid4(), actor=jo)
    url = page_of(message.conversation)
    seen = re.search(r"seen=(\w+)", client.get(url).text)
    assert seen
    make_payment(bill.contact, of={bill: "20"}, method="Card")
    html = client.get(url, {"seen": seen[1]}, headers=HTMX).text
    assert "$20.00 received · Card" in html
    Invoice.objects.filter(pk=bill.pk).update(viewed_at=timezone.now())
    assert "Seen" in client.get(url, headers=HTMX).text


def test_staff_answer_once_however_often_they_press(client: Client, jo: User, bill: Invoice) -> None:
    thread = hear()
    html = client.get(page_of(thread)).text
    key = re.search(r'name="key" value="([\w-]+)"', html)
    assert key
    for _ in range(2):
        answer = client.post(f"{page_of(thread)}send/", {"key": key[1], "body": "See you <b>Friday</b>"}, follow=True)
    assert Message.objects.filter(direction="out").count() == 1
    assert "See you &lt;b&gt;Friday" in answer.text
    empty = client.post(f"{page_of(thread)}send/", {"key": uuid.uuid4(), "body": " "})
    assert empty.status_code == 422 and "Write something first" in empty.text


def test_an_opt_out_is_shown_and_closes_the_box(client: Client, jo: User, bill: Invoice) -> None:
    thread = hear("STOP")
    html = client.get(page_of(thread)).text
    assert "asked for no more messages" in html and "<textarea" not in html
    answer = client.post(f"{page_of(thread)}send/", {"key": uuid.uuid4(), "body": "But"})
    assert answer.status_code == 422 and Message.objects.filter(direction="out", is_answer=False).count() == 0
    assert Suppression.objects.count() == 1


def test_closing_giving_and_reopening(client: Client, jo: User, bill: Invoice) -> None:
    thread = hear()
    sam = make_agent()
    assert "opens the conversation again" in client.post(f"{page_of(thread)}close/", follow=True).text
    assert "No open conversations" in client.get("/conversations/").text
    assert page_of(thread) in client.get("/conversations/?show=closed").text
    client.post(f"{page_of(thread)}reopen/")
    client.post(f"{page_of(thread)}assign/", {"to": sam.pk})
    assert page_of(thread) not in client.get("/conversations/?whose=mine").text
    client.force_login(sam)
    assert page_of(thread) in client.get("/conversations/?whose=mine").text
    assert "somebody who works here" in client.post(f"{page_of(thread)}assign/", {"to": "999"}, follow=True).text


def test_a_closed_one_opens_by_a_reply(client: Client, jo: User, bill: Invoice) -> None:
    thread = hear()
    client.post(f"{page_of(thread)}close/")
    hear("One more thing")
    assert page_of(thread) in client.get("/conversations/").text


def test_whose_number_it_is_can_be_said(client: Client, jo: User, bill: Invoice) -> None:
    unknown = hear("It's Ada, new phone", "+14155550199")
    html = client.get(page_of(unknown)).text
    assert "No contact has this number" in html
    attach = f"{page_of(unknown)}attach/"
    assert "Ada Lovelace" in client.get(attach, {"q": "lovelace"}).text
    assert "No live contact" in client.get(attach, {"q": "zzz"}).text
    assert client.post(attach, {"contact": "x"}).status_code == 404
    done = client.post(attach, {"contact": bill.contact_id}, follow=True)
    assert "new phone" in done.text and "belong to Ada Lovelace" in done.text


def test_a_failed_text_is_tried_again_once(client: Client, jo: User, bill: Invoice) -> None:
    message = send_invoice(bill, channel="text", body="Hi", key=uuid.uuid4(), actor=jo)
    Message.objects.update(status="failed", error="The phone could not be reached.")
    url = page_of(message.conversation)
    assert "Not delivered" in client.get("/conversations/").text
    assert "could not be reached" in client.get(url).text and "Try again" in client.get(url).text
    client.post(f"/messages/{message.pk}/again/")
    assert "on its way already" in client.post(f"/messages/{message.pk}/again/", follow=True).text
    assert Message.objects.count() == 2 and "Try again" not in client.get(url).text


@pytest.mark.parametrize("url", ["/conversations/", "thread"])
def test_many_messages_ask_no_more_questions_than_few(client: Client, jo: User, bill: Invoice, url: str) -> None:
    def ask() -> int:
        address = page_of(conversation_of(bill.contact)) if url == "thread" else url  # type: ignore[arg-type]
        client.get(address)
        with CaptureQueriesContext(connection) as queries:
            assert client.get(address).status_code == 200
        return len(queries)

    def talk(number: int) -> None:
        other = make_contact(f"Grace {number}", phone=f"+1415555{number:04}")
        hear("Hello", other.phone)
        hear("Hello")
        own = make_invoice(bill.contact, number=f"A{number}")
        send_invoice(own, channel="text", body="Hi", key=uuid.uuid4(), actor=jo)
        make_payment(bill.contact, of={own: "20"})

    talk(1)
    few = ask()
    for number in range(2, 12):
        talk(number)
    assert ask() == few


def test_older_messages_have_pages(client: Client, jo: User, bill: Invoice) -> None:
    thread = conversation_of(bill.contact)  # type: ignore[arg-type]
    facts = {"conversation": thread, "direction": "in", "channel": "text", "address": "+1", "status": "received"}
    rows = [Message(body=f"no {number}.", **facts) for number in range(150)]
    Message.objects.bulk_create(rows)
    newest = client.get(page_of(thread)).text
    assert "no 149." in newest and "no 49." not in newest
    older = re.search(r'href="([^"]+before=\d+)"', newest)
    assert older
    html = client.get(older[1]).text
    assert "no 49." in html and "no 0." in html and "no 50." not in html and "every 3s" not in html


@pytest.mark.parametrize("path", ["", "send/", "read/", "close/", "assign/", "attach/"])
def test_a_conversation_that_does_not_exist_is_not_found(client: Client, jo: User, path: str) -> None:
    for pk in (1, 10**30):
        url = f"/conversations/{pk}/{path}"
        assert (client.get(url) if path in {"", "attach/"} else client.post(url)).status_code == 404


def test_links_that_went_to_a_wrong_number_lead_nowhere(client: Client, jo: User, bill: Invoice) -> None:
    other = make_invoice(bill.contact, number="1043")
    paid = make_invoice(bill.contact, number="1044", status="paid")
    old = [url_of(one) for one in (bill, other, paid)]
    thread = conversation_of(bill.contact)  # type: ignore[arg-type]
    page = f"{page_of(thread)}replace-links/"
    assert page in client.get(page_of(thread)).text and "somebody else's" in client.get(page).text
    assert "3 links lead nowhere" in client.post(page, follow=True).text
    assert not {living_url(one) for one in (bill, other, paid)}.intersection(old)
    path = old[2].removeprefix("http://127.0.0.1:8000")
    assert Client().post(f"{path}all/").status_code == 404, "a paid invoice leads to all others"


def test_a_link_is_replaced_and_the_new_one_sent(client: Client, jo: User, bill: Invoice) -> None:
    old = url_of(bill)
    page = client.post(f"/invoices/{bill.pk}/link/replace/", {"send": "1"}, follow=True)
    assert page.redirect_chain[-1][0] == f"/invoices/{bill.pk}/send/"
    assert living_url(bill) in page.text and old not in page.text


def test_settings_say_who_texts_come_from_and_that_networks_drop_them(
    client: Client, jo: User, bill: Invoice, settings: Any
) -> None:
    assert "No text went out" in client.get("/settings/messages/").text
    send_invoice(bill, channel="text", body="Hi", key=uuid.uuid4(), actor=jo)
    Message.objects.update(status="failed", error_code="30034")
    html = client.get("/settings/messages/").text
    assert "+15005550006" in html and "Networks dropped 1 of them" in html and "10DLC" in html
    settings.TWILIO_FROM = "PLUMBING"
    assert "Nobody can answer it" in client.get("/settings/messages/").text
