"""What Twilio tells an app: reports about texts and what phones write, signed so that the real validator agrees."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
from twilio.request_validator import RequestValidator

from sandbox import TwilioSandbox
from sandbox.twilio import webhooks
from sandbox.twilio.account import SERVICE, TOKEN
from sandbox.twilio.numbers import MAGIC, OWN

from .texting import ADA, BEN, Inbox, client_of, refused, send


@pytest.fixture
def inbox() -> Iterator[Inbox]:
    running = Inbox(TOKEN)
    yield running
    running.shutdown()
    running.server_close()
    assert not running.forged, "every post is signed"


@pytest.fixture
def twilio(inbox: Inbox) -> Iterator[TwilioSandbox]:
    with TwilioSandbox(inbound_url=f"{inbox.url}/inbound/", status_url=f"{inbox.url}/status/") as running:
        yield running


def test_a_report_says_what_became_of_the_text(twilio: TwilioSandbox, inbox: Inbox) -> None:
    sid = send(twilio, status_callback=f"{inbox.url}/told/?row=7&secret=a%2Fb").sid
    assert twilio.wait_idle()
    assert sorted(inbox.states) == ["delivered", "sent"]  # the first state stands in the answer, nobody is told of it
    told = next(one for one in inbox.forms if one["MessageStatus"] == "delivered")
    assert told["MessageSid"] == told["SmsSid"] == sid and told["AccountSid"] == twilio.account.sid
    assert (told["From"], told["To"], told["SmsStatus"]) == (OWN, ADA, "delivered")
    assert "ErrorCode" not in told and len(told["RawDlrDoneDate"]) == 10
    assert {one.url for one in twilio.webhooks.told} == {f"{inbox.url}/told/?row=7&secret=a%2Fb"}


@pytest.mark.parametrize(
    ("trait", "states", "code"),
    [
        ("mobile", ["delivered", "sent"], ""),
        ("unreachable", ["sent", "undelivered"], "30003"),
        ("unknown", ["sent", "undelivered"], "30005"),
        ("landline", ["sent", "undelivered"], "30006"),
        ("filtered", ["sent", "undelivered"], "30007"),
        ("unregistered", ["sent", "undelivered"], "30034"),
        ("overflow", ["failed"], "30001"),
        ("silent", ["sent"], ""),
    ],
)
def test_the_trait_of_a_number_decides_what_is_reported(
    twilio: TwilioSandbox, inbox: Inbox, trait: str, states: list[str], code: str
) -> None:
    twilio.phone(ADA).trait(trait)
    magic = [number for number, name in MAGIC.items() if name == trait]
    for number in [ADA, *magic]:
        sid = send(twilio, number).sid
        assert twilio.wait_idle()
        told = [one for one in inbox.forms if one["MessageSid"] == sid]
        assert sorted(one["MessageStatus"] for one in told) == states
        assert {one.get("ErrorCode", "") for one in told} == {"", code} - ({""} if states == ["failed"] else set())
        assert client_of(twilio).messages(sid).fetch().error_code == (int(code) if code else None)


def test_a_trait_may_refuse_at_once(twilio: TwilioSandbox) -> None:
    twilio.phone(ADA).trait("not_mobile")
    status, code, words = refused(lambda: send(twilio))
    assert (status, code) == (400, 21614) and words.endswith(f"To number: {ADA}, is not a mobile number")
    with pytest.raises(ValueError, match="no trait"):
        twilio.phone(ADA).trait("haunted")


def test_a_silent_carrier_may_report_at_last(twilio: TwilioSandbox, inbox: Inbox) -> None:
    sid = send(twilio, "+15005553000").sid
    assert twilio.wait_idle() and inbox.states == ["sent"]
    twilio.report(sid, "undelivered", 30008)
    assert twilio.wait_idle() and inbox.forms[-1]["ErrorCode"] == "30008"
    assert client_of(twilio).messages(sid).fetch().status == "undelivered"


def test_a_service_tells_that_it_has_queued_a_text(twilio: TwilioSandbox, inbox: Inbox) -> None:
    send(twilio, messaging_service_sid=SERVICE)
    assert twilio.wait_idle() and sorted(inbox.states) == ["delivered", "queued", "sent"]
    assert {one["MessagingServiceSid"] for one in inbox.forms} == {SERVICE}


def test_what_a_phone_writes_reaches_the_app(twilio: TwilioSandbox, inbox: Inbox) -> None:
    twilio.phone(ADA).reply("Grüße & 🙂 = paid?")
    assert twilio.wait_idle()
    [told] = inbox.forms
    assert (told["Body"], told["From"], told["To"]) == ("Grüße & 🙂 = paid?", ADA, OWN)
    assert (told["NumMedia"], told["NumSegments"], told["SmsStatus"]) == ("0", "1", "received")
    assert told["MessageSid"] == told["SmsMessageSid"] and "OptOutType" not in told
    [found] = client_of(twilio).messages.list(from_=ADA)
    assert (found.sid, found.direction, found.status) == (told["MessageSid"], "inbound", "received")
    with pytest.raises(ValueError, match="none of this account's numbers"):
        twilio.phone(ADA).reply("Hello?", to=BEN)


@pytest.mark.parametrize("word", "STOP stop Unsubscribe CANCEL end QUIT stopall Revoke OPTOUT".split())
def test_who_says_stop_is_left_in_peace_until_start(twilio: TwilioSandbox, inbox: Inbox, word: str) -> None:
    phone = twilio.phone(ADA)
    phone.reply(f" {word}\n")
    assert phone.has_opted_out and twilio.wait_idle()
    assert inbox.forms[0]["OptOutType"] == "STOP" and "unsubscribed" in phone.texts[-1]
    assert refused(lambda: send(twilio))[:2] == (400, 21610)
    assert refused(lambda: send(twilio, messaging_service_sid=SERVICE))[1] == 21610
    send(twilio, BEN)
    phone.reply("start")
    assert twilio.wait_idle() and "re-subscribed" in phone.texts[-1]
    assert [one["OptOutType"] for one in inbox.forms if "Body" in one] == ["STOP", "START"]
    assert send(twilio).status == "queued"


def test_only_a_word_that_stands_alone_is_heeded(twilio: TwilioSandbox, inbox: Inbox) -> None:
    phone = twilio.phone(ADA)
    for body in ("Please stop", "STOP it", "yes", "Stop."):
        phone.reply(body)
    assert not phone.has_opted_out and twilio.wait_idle() and not any("OptOutType" in one for one in inbox.forms)
    phone.reply("HELP")
    assert twilio.wait_idle() and phone.texts == ["Reply STOP to unsubscribe. Msg&Data Rates May Apply."]
    phone.reply("STOP")
    phone.reply("yes")
    assert not phone.has_opted_out
    assert not twilio.messages, "Twilio's own answers are none of the app's texts"


def test_stop_said_twice_is_answered_once(twilio: TwilioSandbox) -> None:
    phone = twilio.phone(ADA)
    phone.reply("STOP"), phone.reply("STOP"), phone.reply("Are you still there?")
    assert twilio.wait_idle() and len(phone.texts) == 1 and phone.has_opted_out


def test_an_opt_out_counts_for_the_number_it_was_said_to() -> None:
    other = "+15005550010"
    with TwilioSandbox(numbers=[OWN, other]) as twilio:
        twilio.phone(ADA).reply("STOP", to=other)
        assert send(twilio).status == "queued"
        assert refused(lambda: send(twilio, from_=other))[1] == 21610
        assert refused(lambda: send(twilio, messaging_service_sid=SERVICE))[1] == 21610


def test_a_report_is_told_once_whatever_is_answered(twilio: TwilioSandbox, inbox: Inbox) -> None:
    inbox.status = 500
    send(twilio, "+15005553000")
    assert twilio.wait_idle() and inbox.states == ["sent"]


def test_reports_may_come_twice_late_mixed_or_never(twilio: TwilioSandbox, inbox: Inbox) -> None:
    twilio.webhooks.double = 1.0
    send(twilio)
    assert twilio.wait_idle() and sorted(inbox.states) == ["delivered", "delivered", "sent", "sent"]
    tokens = [one["i-twilio-idempotency-token"] for one in inbox.headers]
    assert len(set(tokens)) == 2 and len(tokens) == 4
    twilio.webhooks.double, twilio.webhooks.drop = 0.0, 1.0
    send(twilio)
    assert twilio.wait_idle() and len(inbox.forms) == 4 and len(twilio.webhooks.dropped) == 2
    twilio.webhooks.drop, twilio.webhooks.shuffle, twilio.webhooks.random = 0.0, True, Random(3)
    send(twilio, BEN)
    assert twilio.wait_idle() and sorted(inbox.states[4:]) == ["delivered", "sent"]


def test_addresses_elsewhere_are_noted_and_never_called(twilio: TwilioSandbox, inbox: Inbox) -> None:
    send(twilio, status_callback="https://crm.example.com/told/")
    assert twilio.wait_idle() and not inbox.forms
    assert [one.form["MessageStatus"] for one in twilio.webhooks.told] == ["sent", "delivered"]
    body, headers = twilio.webhooks.sample([twilio.webhooks.told[0]])
    form = dict(twilio.webhooks.told[0].form)
    assert RequestValidator(TOKEN).validate("https://crm.example.com/told/", form, headers["x-twilio-signature"])
    assert b"MessageStatus=sent" in body


def test_another_token_signs_otherwise() -> None:
    form = {"b": "2", "a": "1"}
    mine = webhooks.signature("http://127.0.0.1/x?y=1", form, "token")
    assert mine == RequestValidator("token").compute_signature("http://127.0.0.1/x?y=1", form)
    assert mine != webhooks.signature("http://127.0.0.1/x?y=1", form, "other")
    assert mine != webhooks.signature("http://127.0.0.1/x?y=2", form, "token")


def test_a_sender_sends_so_many_parts_a_second_and_others_do_not_wait_for_it(inbox: Inbox) -> None:
    numbers = [OWN, "+15005550010"]
    with TwilioSandbox(numbers=numbers, throughput=0.001, status_url=f"{inbox.url}/status/") as twilio:
        send(twilio), send(twilio), send(twilio, from_=numbers[1])
        assert inbox.wait_for(lambda: inbox.states.count("delivered") == 2)
        assert [one.status for one in twilio.messages] == ["delivered", "queued", "delivered"]


def test_texts_under_way_go_on_after_a_restart(tmp_path: Path, inbox: Inbox) -> None:
    file = tmp_path / "state.sqlite3"
    with TwilioSandbox(state=file, status_url=f"{inbox.url}/status/") as twilio:
        twilio.carrier.held = True
        twilio.phone(BEN).trait("landline").reply("STOP")
        sid = send(twilio).sid
    with TwilioSandbox(state=file) as twilio:
        assert twilio.wait_idle()
        assert client_of(twilio).messages(sid).fetch().status == "delivered" and "delivered" in inbox.states
        assert twilio.phone(BEN).has_opted_out and twilio.book.trait_name(BEN) == "landline"
        assert [one.body for one in twilio.phone(BEN).thread][0] == "STOP"
        assert [one.sid for one in twilio.messages] == [sid]
