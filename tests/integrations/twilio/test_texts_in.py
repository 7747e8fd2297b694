"""Customers write back: kept once, in the right conversation; STOP stops, and only that."""

from collections.abc import Callable
from threading import Thread
from typing import Any

import pytest
import requests
from django.db import connection
from django.db.models.signals import pre_save
from django.test import Client
from twilio.request_validator import RequestValidator

from crm.merging import merge_contacts
from crm.models import User
from invoicing.models import Invoice
from messaging import conversations, tasks
from messaging.models import Conversation, Message, Suppression
from messaging.receiving import receive_text
from messaging.sending import CannotSend
from sandbox import TwilioSandbox
from tests.factories import make_contact

from .conftest import ADA

pytestmark = pytest.mark.django_db(transaction=True)
Send = Callable[..., Message]
STRANGER = "+14155550199"


def heard(twilio: TwilioSandbox, body: str, number: str = ADA) -> None:
    twilio.phone(number).reply(body)
    assert twilio.wait_idle()


def post(settings: Any, path: str, form: dict[str, str], token: str = "") -> requests.Response:  # noqa: S107
    """What Twilio would post, signed by its own library."""
    url = f"{settings.SITE_URL}{path}"
    signature = RequestValidator(token or settings.TWILIO_AUTH_TOKEN).compute_signature(url, form)
    return requests.post(url, data=form, headers={"X-Twilio-Signature": signature}, timeout=5)


def test_a_reply_stands_in_the_contacts_conversation_unread_and_opens_it(
    twilio: TwilioSandbox, bill: Invoice, text: Send, jo: User
) -> None:
    thread = text().conversation
    tasks.deliver("text")
    conversations.set_closed(thread, True, actor=jo)
    heard(twilio, "Can I pay on Friday? 🙏")
    reply = Message.objects.get(direction="in")
    assert (reply.conversation, reply.body, reply.status) == (thread, "Can I pay on Friday? 🙏", "received")
    thread.refresh_from_db()
    assert thread.is_unread and thread.closed_at is None
    conversations.mark_read(thread, reply.pk)
    thread.refresh_from_db()
    assert not thread.is_unread


def test_a_message_that_came_while_staff_read_stays_unread(twilio: TwilioSandbox, bill: Invoice) -> None:
    heard(twilio, "One")
    first = Message.objects.get()
    heard(twilio, "Two")
    conversations.mark_read(first.conversation, first.pk)
    assert Conversation.objects.get().is_unread


def test_the_same_text_told_twice_is_kept_once(twilio: TwilioSandbox, bill: Invoice) -> None:
    twilio.webhooks.double = 1.0
    heard(twilio, "Hello")
    assert Message.objects.count() == 1


def test_an_unknown_number_has_a_thread_that_staff_give_to_a_contact(
    twilio: TwilioSandbox, bill: Invoice, text: Send, jo: User
) -> None:
    text()
    heard(twilio, "My new number", STRANGER)
    unknown = Conversation.objects.get(address=STRANGER)
    assert unknown.contact is None and str(unknown) == STRANGER
    kept = conversations.attach(unknown, bill.contact, actor=jo)  # type: ignore[arg-type]
    assert kept.contact == bill.contact and kept.is_unread
    assert kept.messages.count() == 2 and Conversation.objects.count() == 1


def test_a_text_that_comes_while_its_thread_is_given_to_a_contact_is_kept(
    twilio: TwilioSandbox, bill: Invoice, jo: User
) -> None:
    heard(twilio, "One", STRANGER)
    unknown = Conversation.objects.get(address=STRANGER)

    def give() -> None:
        conversations.attach(unknown, bill.contact, actor=jo)  # type: ignore[arg-type]
        connection.close()

    def staff_are_faster(sender: Any, instance: Message, **facts: Any) -> None:
        if instance.conversation_id == unknown.pk:
            other = Thread(target=give)
            other.start()
            other.join()

    if connection.vendor == "sqlite":  # where one writes and the others wait
        give()
    else:
        pre_save.connect(staff_are_faster, sender=Message)
    try:
        assert receive_text(reference="SM2", sender=STRANGER, body="Two")
    finally:
        pre_save.disconnect(staff_are_faster, sender=Message)
    assert sorted(Message.objects.values_list("body", flat=True)) == ["One", "Two"]


def test_stop_blocks_every_text_and_start_brings_them_back(twilio: TwilioSandbox, bill: Invoice, text: Send) -> None:
    heard(twilio, "STOP")
    assert Suppression.objects.get().reason == "opted_out"
    with pytest.raises(CannotSend, match="asked for no more"):
        text()
    heard(twilio, "START")
    assert not Suppression.objects.exists()
    assert text().status == "queued"


def test_words_that_twilio_does_not_act_on_stop_too_and_are_confirmed_once(
    twilio: TwilioSandbox, bill: Invoice, text: Send, settings: Any
) -> None:
    form = {"MessageSid": "SM1", "From": ADA, "To": settings.TWILIO_FROM, "Body": "Opt out please", "NumMedia": "0"}
    for sid in ("SM1", "SM2"):
        assert post(settings, "/webhooks/twilio/inbound/", form | {"MessageSid": sid}).status_code == 200
    tasks.deliver("text")
    assert twilio.wait_idle()
    [answer] = twilio.phone(ADA).texts
    assert "no more texts" in answer and "START" in answer
    with pytest.raises(CannotSend):
        text()


@pytest.mark.parametrize("body", ["Don't stop by today", "cancel my Tuesday slot", "We end at five", "stop it, Bob"])
def test_a_sentence_with_a_keyword_in_it_is_for_a_person(twilio: TwilioSandbox, bill: Invoice, body: str) -> None:
    heard(twilio, body)
    assert not Suppression.objects.exists()
    assert Conversation.objects.get().is_unread


def test_a_landline_is_not_released_by_start(twilio: TwilioSandbox, bill: Invoice) -> None:
    Suppression.objects.create(channel="text", address=ADA, reason="not_mobile")
    heard(twilio, "START")
    assert Suppression.objects.exists()


@pytest.mark.parametrize("path", ["/webhooks/twilio/inbound/", "/webhooks/twilio/status/"])
def test_what_is_not_signed_by_our_token_is_refused_and_nothing_is_kept(
    twilio: TwilioSandbox, bill: Invoice, settings: Any, path: str
) -> None:
    form = {"MessageSid": "SM1", "From": ADA, "Body": "STOP", "MessageStatus": "delivered"}
    assert post(settings, path, form, token="another").status_code == 403  # noqa: S106
    assert requests.post(f"{settings.SITE_URL}{path}", data=form, timeout=5).status_code == 403
    headers = {"X-Twilio-Signature": "ü".encode().decode("latin-1")}
    assert requests.post(f"{settings.SITE_URL}{path}", data=form, headers=headers, timeout=5).status_code == 403
    assert requests.post(f"{settings.SITE_URL}{path}", data=b"x" * 2_000_001, timeout=5).status_code == 413
    assert not Message.objects.exists() and not Suppression.objects.exists()
    settings.TWILIO_AUTH_TOKEN = ""
    assert Client().post(path, form).status_code == 404


@pytest.mark.parametrize(
    "odd",
    [
        {"MessageSid": ""},
        {"From": ""},
        {"MessageSid": "x" * 201},
        {"From": "9" * 300},
        {},
        {"Body": "a\x00b"},
        {"From": "+1\x00415"},
    ],
)
def test_odd_forms_break_nothing(twilio: TwilioSandbox, settings: Any, odd: dict[str, str]) -> None:
    form = {"MessageSid": "SM1", "From": ADA, "Body": "Hi", "NumMedia": "many"}
    assert post(settings, "/webhooks/twilio/inbound/", form | odd).status_code in {200, 400}
    status = {"MessageSid": "SM1", "MessageStatus": "on fire", "ErrorCode": "x"}
    assert post(settings, "/webhooks/twilio/status/?message=nonsense", status | odd).status_code == 204


def test_pictures_are_mentioned(twilio: TwilioSandbox, settings: Any) -> None:
    form = {"MessageSid": "SM1", "From": ADA, "Body": "Look", "NumMedia": "2"}
    post(settings, "/webhooks/twilio/inbound/", form)
    assert Message.objects.get().body == "Look\n[2 pictures, not shown here]"


def test_conversations_follow_contacts_that_are_merged(
    twilio: TwilioSandbox, bill: Invoice, text: Send, jo: User
) -> None:
    text()
    grace = make_contact("Grace Hopper", phone=STRANGER)
    heard(twilio, "Hello", STRANGER)
    merge_contacts(bill.contact, grace, actor=jo, origin="staff")  # type: ignore[arg-type]
    thread = Conversation.objects.get()
    assert thread.contact == grace and thread.messages.count() == 2
