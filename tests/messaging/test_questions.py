"""A customer asks on the page of an invoice, and it stands in the conversation."""

import pytest
from django.core.cache import cache
from django.test import Client

from crm.models import User
from invoicing.links import link_for
from invoicing.models import Invoice
from messaging.models import Conversation, Message

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def fresh_limits(db: None) -> None:
    cache.clear()


def page_of(bill: Invoice) -> str:
    return f"/i/{link_for(bill).token}/"


def test_a_question_lands_in_the_conversation_with_its_invoice(client: Client, jo: User, bill: Invoice) -> None:
    customer = Client(enforce_csrf_checks=True)
    assert f"{page_of(bill)}ask/" in customer.get(page_of(bill)).text
    words = {"question": "Why <b>two</b> hours?"}
    answer = customer.post(f"{page_of(bill)}ask/", words)
    assert "Why &lt;b&gt;two" in answer.text and answer["Referrer-Policy"] == "no-referrer"
    customer.post(f"{page_of(bill)}ask/", words)
    message = Message.objects.get()
    assert (message.invoice, message.conversation.contact) == (bill, bill.contact)
    assert Conversation.objects.get().is_unread
    thread = client.get(f"/conversations/{message.conversation_id}/").text
    assert "Asked on the page" in thread and "Why &lt;b&gt;two" in thread


@pytest.mark.parametrize("words", ["", "  \r\n ", "\x00"])
def test_nothing_asked_is_nothing_kept(bill: Invoice, words: str) -> None:
    assert Client().post(f"{page_of(bill)}ask/", {"question": words}).status_code == 302
    assert not Message.objects.exists()


def test_a_long_question_is_cut_and_many_are_slowed_down(bill: Invoice) -> None:
    answers = [Client().post(f"{page_of(bill)}ask/", {"question": f"{number}" * 3000}) for number in range(7)]
    assert [one.status_code for one in answers] == [200] * 5 + [429] * 2
    assert {len(one.body) for one in Message.objects.all()} == {1000}


def test_an_address_of_no_invoice_is_told_the_same_as_ever(bill: Invoice) -> None:
    assert Client().post("/i/made-up/ask/", {"question": "Hi"}).status_code == 404
    Invoice.objects.update(status="void", balance=0)
    assert Client().post(f"{page_of(bill)}ask/", {"question": "Hi"}).status_code == 404
