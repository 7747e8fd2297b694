"""Staff are told by mail: what they chose, several facts in one mail, and none is lost."""

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone

from crm.models import User
from invoicing.models import Invoice
from invoicing.recording import record_payment
from messaging import tasks
from messaging.models import Conversation, Message, NoticeChoice, StaffNotice
from messaging.receiving import receive_text, update_delivery
from messaging.sending import send_invoice
from tests.factories import business_day, make_agent

pytestmark = pytest.mark.django_db


def hear(body: str = "Hello") -> Conversation:
    message = receive_text(reference=uuid.uuid4().hex, sender="+14155550100", body=body)
    assert message is not None
    return message.conversation


def mailed() -> list[tuple[str, str]]:
    """(to, subject) of the mails that leave now."""
    mail.outbox.clear()
    tasks.mail_staff()
    return sorted((one.to[0], one.subject) for one in mail.outbox)


def test_a_reply_reaches_everybody_until_it_is_given_to_one(jo: User, bill: Invoice) -> None:
    sam = make_agent()
    thread = hear("Can I pay\non Friday?")
    assert mailed() == [(one.email, "Ada Lovelace wrote: Can I pay on Friday?") for one in (jo, sam)]
    assert f"http://127.0.0.1:8000/conversations/{thread.pk}/#message-" in mail.outbox[0].body
    Conversation.objects.update(assigned_to=sam)
    hear("Or on Monday?")
    assert [to for to, _ in mailed()] == [sam.email]
    assert mailed() == []


def test_what_happens_within_a_moment_is_one_mail(jo: User, bill: Invoice) -> None:
    hear("One"), hear("Two")
    assert mailed() == [(jo.email, "2 things happened at My business")]


def test_each_chooses_on_a_page_of_their_own(client: Client, jo: User, bill: Invoice) -> None:
    make_agent()
    page = client.post("/account/notices/", {"replies": "none", "failures": "all", "payments": "none"}, follow=True)
    assert "saved" in page.text and NoticeChoice.objects.get().user == jo
    hear()
    assert [to for to, _ in mailed()] == ["sam@example.com"]
    assert client.post("/account/notices/", {"replies": "some"}).status_code == 422


def test_a_message_that_did_not_arrive_is_told_once(jo: User, bill: Invoice) -> None:
    message = send_invoice(bill, channel="text", body="Hi", key=uuid.uuid4(), actor=jo)
    Message.objects.update(status="sent", reference="SM1")
    for _ in range(2):
        update_delivery(reference="SM1", status="failed", error="The phone could not be reached.")
    assert mailed() == [
        (jo.email, f"A message to {message.conversation} did not arrive. The phone could not be reached.")
    ]


def test_what_a_mail_server_says_in_several_lines_is_told_in_one(jo: User, bill: Invoice) -> None:
    send_invoice(bill, channel="email", body="Hi", key=uuid.uuid4(), actor=jo)
    Message.objects.update(status="sent", reference="b7bc")
    update_delivery(reference="b7bc", status="failed", error="550-5.1.1 No such\r\n550 mailbox.")
    assert mailed() == [(jo.email, "A message to Ada Lovelace did not arrive. 550-5.1.1 No such 550 mailbox.")]


@pytest.mark.parametrize(
    ("source", "is_told"), [("stripe", True), ("crezco", True), ("staff", False), ("quickbooks", False)]
)
def test_money_of_customers_is_told_and_what_staff_know_is_not(
    jo: User, bill: Invoice, source: str, is_told: bool
) -> None:
    facts: dict[str, Any] = {"received_on": business_day(), "method": "Card", "origin": source}
    record_payment(bill, source=source, reference="1", amount=bill.balance, **facts)
    told = [(jo.email, "$120.00 from Ada Lovelace for Invoice 1042")] if is_told else []
    assert mailed() == told


def test_a_mail_server_that_says_no_is_tried_again(jo: User, bill: Invoice, settings: Any) -> None:
    hear()
    backend = settings.EMAIL_BACKEND
    settings.EMAIL_BACKEND, settings.EMAIL_HOST, settings.EMAIL_PORT = (
        "django.core.mail.backends.smtp.EmailBackend",
        "127.0.0.1",
        9,
    )
    assert mailed() == []
    settings.EMAIL_BACKEND = backend
    assert mailed() == [], "somebody may be at it"
    StaffNotice.objects.update(claimed_at=timezone.now() - timedelta(minutes=6))
    assert len(mailed()) == 1
