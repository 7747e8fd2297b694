"""An invoice is texted: once, whatever is lost on the way, and staff see what became of it."""

import threading
import uuid
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone
from django_q.models import OrmQ

from crm.models import Activity, User
from invoicing.links import living_url
from invoicing.models import Invoice
from messaging import delivery, tasks
from messaging.models import Draft, Message, StaffNotice, Suppression
from messaging.sending import CannotSend, repeat
from sandbox import TwilioSandbox

from .conftest import ADA

pytestmark = pytest.mark.django_db(transaction=True)
Status = Message.Status
Send = Callable[..., Message]


def delivered(twilio: TwilioSandbox) -> Message:
    """A worker has handed over what was due, and Twilio has told all it had to tell."""
    tasks.deliver("text")
    assert twilio.wait_idle()
    return Message.objects.latest("id")


def an_hour_later() -> None:
    """As if everything that waits had been claimed, or told to wait, an hour ago."""
    ago = timezone.now() - timedelta(hours=1)
    Message.objects.exclude(claimed_at=None).update(claimed_at=ago)
    Message.objects.exclude(not_before=None).update(not_before=ago)


def test_a_text_with_the_link_reaches_the_phone_and_the_invoice_says_who_sent_it(
    twilio: TwilioSandbox, bill: Invoice, text: Send, jo: User
) -> None:
    text()
    message = delivered(twilio)
    assert message.status == Status.DELIVERED and message.reference == twilio.messages[0].sid
    [words] = twilio.phone(ADA).texts
    assert words == f"Hi Ada, $120.00 is due.\n{living_url(bill)}\nReply STOP to opt out."
    bill.refresh_from_db()
    assert bill.sent_at == bill.last_sent_at and bill.last_sent_by == jo
    sent = Activity.objects.get(verb="invoice.sent")
    assert (sent.actor, sent.contact, sent.text) == (jo, bill.contact, "Invoice 1042 sent by text to (415) 555-0100")


def test_how_to_opt_out_stands_in_the_first_text_and_again_after_thirty_days(twilio: TwilioSandbox, text: Send) -> None:
    assert "STOP" in text().body
    assert "STOP" not in text().body
    Message.objects.update(created_at=timezone.now() - timedelta(days=31))
    assert "STOP" in text().body


def test_a_double_click_is_one_text(twilio: TwilioSandbox, text: Send) -> None:
    key = uuid.uuid4()
    assert text(key=key) == text(key=key)
    delivered(twilio)
    assert len(twilio.messages) == 1


def test_two_workers_send_a_text_once(twilio: TwilioSandbox, text: Send) -> None:
    for _ in range(5):
        text()

    def work() -> None:
        try:
            for message in Message.objects.due():
                delivery.deliver(message)
        finally:
            connection.close()

    workers = [threading.Thread(target=work) for _ in range(4)]
    [worker.start() for worker in workers]
    [worker.join() for worker in workers]
    assert len(twilio.messages) == 5


def test_one_worker_at_a_time_empties_the_queue(twilio: TwilioSandbox, text: Send) -> None:
    text()
    with delivery._lane("text") as lease:
        assert lease
        assert not delivery.deliver_due("text")
        assert not twilio.messages
    delivery.deliver_due("text")
    assert len(twilio.messages) == 1


@pytest.mark.parametrize("trouble", ["cut_after", "500_after", "garbage"])
def test_a_lost_answer_is_looked_up_and_never_becomes_a_second_text(
    twilio: TwilioSandbox, text: Send, trouble: str
) -> None:
    twilio.webhooks.drop = 1.0  # and Twilio's report is lost as well
    twilio.faults.add(trouble, match="POST")
    text()
    assert delivered(twilio).status == Status.SENDING
    an_hour_later()
    tasks.sweep()
    message = Message.objects.get()
    assert message.status in {Status.SENT, Status.DELIVERED} and message.reference == twilio.messages[0].sid
    assert len(twilio.messages) == 1


def test_a_text_that_is_found_as_one_that_did_not_arrive_says_why(twilio: TwilioSandbox, text: Send) -> None:
    twilio.webhooks.drop = 1.0
    twilio.phone(ADA).trait("landline")
    twilio.faults.add("cut_after", match="POST")
    text()
    assert delivered(twilio).status == Status.SENDING
    an_hour_later()
    tasks.sweep()
    message = Message.objects.get()
    assert (message.status, message.reference) == (Status.FAILED, twilio.messages[0].sid)
    assert "landline" in message.error and Suppression.objects.filter(address=ADA).exists()
    assert StaffNotice.objects.filter(words__contains="did not arrive").exists()


def test_a_report_alone_tells_that_a_text_without_an_answer_went_out(twilio: TwilioSandbox, text: Send) -> None:
    twilio.faults.add("cut_after", match="POST")
    text()
    message = delivered(twilio)
    assert (message.status, message.reference) == (Status.DELIVERED, twilio.messages[0].sid)


def test_two_equal_texts_of_which_one_answer_was_lost_are_told_apart(twilio: TwilioSandbox, text: Send) -> None:
    twilio.webhooks.drop = 1.0
    text("Same words"), text("Same words")
    Message.objects.update(body="Same words")
    twilio.faults.add("cut_after", times=2, match="POST")
    delivered(twilio)
    an_hour_later()
    tasks.sweep()
    assert {one.reference for one in Message.objects.all()} == {one.sid for one in twilio.messages}
    assert len(twilio.messages) == 2


def test_a_text_whose_worker_was_killed_before_the_call_goes_to_a_person(
    twilio: TwilioSandbox, text: Send, jo: User
) -> None:
    message = text()
    Message.objects.update(status=Status.SENDING, claimed_at=timezone.now() - timedelta(minutes=11))
    tasks.sweep()
    message.refresh_from_db()
    assert message.status == Status.UNSURE and "Nobody can say" in message.error
    assert not twilio.messages
    again = repeat(message, actor=jo)
    assert delivered(twilio) == again
    assert again.repeats == message and len(twilio.messages) == 1
    with pytest.raises(CannotSend, match="on its way"):
        repeat(message, actor=jo)


@pytest.mark.parametrize("trouble", ["429", "401"])
def test_what_was_not_taken_goes_out_later(twilio: TwilioSandbox, text: Send, trouble: str) -> None:
    twilio.faults.add(trouble)
    text()
    message = delivered(twilio)
    assert message.status == Status.QUEUED and message.error
    an_hour_later()
    assert delivered(twilio).status == Status.DELIVERED


def test_a_service_that_cannot_be_reached_loses_nothing(twilio: TwilioSandbox, text: Send, settings: object) -> None:
    url, settings.TWILIO_API_URL = settings.TWILIO_API_URL, "http://127.0.0.1:9"  # type: ignore[attr-defined]
    text()
    assert delivered(twilio).status == Status.QUEUED
    settings.TWILIO_API_URL = url  # type: ignore[attr-defined]
    an_hour_later()
    assert delivered(twilio).status == Status.DELIVERED


@pytest.mark.parametrize(
    ("trait", "words", "is_for_good"),
    [
        ("unreachable", "could not be reached", False),
        ("unknown", "does not know this number", False),
        ("landline", "landline", True),
        ("filtered", "filtered", False),
        ("unregistered", "10DLC", False),
        ("not_mobile", "no mobile", True),
        ("invalid", "no valid number", True),
        ("blocked", "asked for no more", True),
    ],
)
def test_staff_read_why_a_text_did_not_arrive(
    twilio: TwilioSandbox, text: Send, trait: str, words: str, is_for_good: bool
) -> None:
    twilio.phone(ADA).trait(trait)
    text()
    message = delivered(twilio)
    assert message.status == Status.FAILED and words in message.error
    assert Suppression.objects.filter(address=ADA).exists() == is_for_good
    if is_for_good:
        with pytest.raises(CannotSend):
            text()


def test_reports_in_the_wrong_order_set_nothing_back(twilio: TwilioSandbox, text: Send) -> None:
    twilio.webhooks.shuffle = twilio.webhooks.double = True
    for _ in range(4):
        text()
    delivered(twilio)
    assert set(Message.objects.values_list("status", flat=True)) == {Status.DELIVERED}


def test_a_network_that_never_reports_leaves_it_at_sent(twilio: TwilioSandbox, text: Send) -> None:
    twilio.phone(ADA).trait("silent")
    text()
    assert delivered(twilio).status == Status.SENT


def test_sending_takes_the_draft_away_and_wakes_a_worker(twilio: TwilioSandbox, bill: Invoice, text: Send) -> None:
    Draft.objects.create(invoice=bill, channel="text", body="Hi")
    text()
    assert not Draft.objects.exists()
    assert OrmQ.objects.count() == 1


def test_a_text_longer_than_a_service_takes_is_refused_before_it_is_kept(twilio: TwilioSandbox, text: Send) -> None:
    with pytest.raises(CannotSend, match="1,600"):
        text("x" * 1700)
    assert not Message.objects.exists() and not Activity.objects.filter(verb="invoice.sent").exists()


def test_an_opt_out_that_came_while_the_text_waited_is_respected(twilio: TwilioSandbox, text: Send) -> None:
    text()
    Suppression.objects.create(channel="text", address=ADA, reason="opted_out")
    assert delivered(twilio).status == Status.FAILED
    assert not twilio.messages
