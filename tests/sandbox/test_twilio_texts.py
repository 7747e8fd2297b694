"""Twilio's API: texts are taken, refused, listed and found again, as the real client sees it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
import requests
from requests.exceptions import ConnectionError as Broken

from sandbox import TwilioSandbox
from sandbox.twilio import segments
from sandbox.twilio.account import SERVICE
from sandbox.twilio.numbers import MAGIC, OWN, TRAITS

from .texting import ADA, BEN, client_of, refused, send


@pytest.fixture
def twilio() -> Iterator[TwilioSandbox]:
    with TwilioSandbox() as running:
        yield running


def test_a_text_is_taken_and_read_on_the_phone(twilio: TwilioSandbox) -> None:
    made = send(twilio)
    assert (made.status, made.num_segments, made.direction, made.to) == ("queued", "1", "outbound-api", ADA)
    assert made.sid.startswith("SM") and len(made.sid) == 34 and made.error_code is None
    assert isinstance(made.date_created, datetime) and made.date_sent is None
    assert twilio.wait_idle()
    found = client_of(twilio).messages(made.sid).fetch()
    assert found.status == "delivered" and found.date_sent is not None
    assert twilio.phone(ADA).texts == ["Your invoice is due."] and [one.sid for one in twilio.messages] == [made.sid]


def test_a_service_accepts_first_and_chooses_the_number_later(twilio: TwilioSandbox) -> None:
    made = send(twilio, messaging_service_sid=SERVICE)
    assert (made.status, made.from_, made.num_segments) == ("accepted", None, "0")
    assert twilio.wait_idle()
    found = client_of(twilio).messages(made.sid).fetch()
    assert (found.status, found.from_, found.num_segments) == ("delivered", OWN, "1")
    assert refused(lambda: send(twilio, messaging_service_sid="MG" + "0" * 32))[1] == 21701


@pytest.mark.parametrize(
    ("form", "code"),
    [
        ({"to": ""}, 21604),
        ({"from_": ""}, 21603),
        ({"body": ""}, 21602),
        ({"body": "x" * 1601}, 21617),
        ({"to": "4155550100"}, 21211),
        ({"to": "+1415555010"}, 21211),
        ({"to": "+0123456789"}, 21211),
        ({"to": "+15005550001"}, 21211),
        ({"to": "+15005550002"}, 21612),
        ({"to": "+15005550003"}, 21408),
        ({"to": "+15005550004"}, 21610),
        ({"to": "+15005550009"}, 21614),
        ({"to": OWN}, 21266),
        ({"from_": "Tallybook!"}, 21212),
        ({"from_": "+15005550001"}, 21212),
        ({"from_": "+15005550007"}, 21606),
        ({"from_": "+15005550008"}, 21611),
        ({"from_": "+14155550199"}, 21606),
        ({"status_callback": "somewhere"}, 21609),
    ],
)
def test_what_cannot_be_sent_is_refused_in_twilios_words(
    twilio: TwilioSandbox, form: dict[str, str], code: int
) -> None:
    status, said, words = refused(lambda: send(twilio, **form))
    assert (status, said) == (400, code) and words.startswith("Unable to create record: ")
    assert not twilio.messages


def test_the_longest_text_and_a_number_with_blanks_around_it_are_taken(twilio: TwilioSandbox) -> None:
    assert send(twilio, to=f" {BEN} ", body="x" * 1600).num_segments == "11"


def test_a_refusal_is_a_whole_document(twilio: TwilioSandbox) -> None:
    auth = (twilio.account.sid, twilio.account.token)
    answer = requests.post(f"{twilio.url}{twilio.account.path}/Messages.json", data={"Body": "?"}, auth=auth, timeout=5)
    assert answer.status_code == 400 and answer.headers["Twilio-Request-Id"].startswith("RQ")
    assert answer.json() == {
        "code": 21604,
        "message": "A 'To' phone number is required.",
        "more_info": "https://www.twilio.com/docs/errors/21604",
        "status": 400,
    }


def test_only_the_accounts_own_keys_open_it(twilio: TwilioSandbox) -> None:
    stranger = client_of(twilio)
    stranger.auth = (twilio.account.sid, "another token")
    assert refused(lambda: stranger.messages.create(to=ADA, from_=OWN, body="Hi"))[:2] == (401, 20003)
    bare = requests.get(f"{twilio.url}{twilio.account.path}/Messages.json", timeout=5)
    assert bare.status_code == 401 and "Basic" in bare.headers["WWW-Authenticate"]
    client = client_of(twilio)
    assert client.api.accounts(twilio.account.sid).fetch().status == "active"
    assert refused(lambda: client.api.accounts("AC" + "0" * 32).messages("SM" + "0" * 32).fetch())[:2] == (404, 20404)
    assert refused(lambda: client.messages("SM" + "0" * 32).fetch())[:2] == (404, 20404)


def test_texts_are_listed_by_phone_number_and_day_newest_first(twilio: TwilioSandbox) -> None:
    first, second = send(twilio, ADA, "one").sid, send(twilio, ADA, "two").sid
    send(twilio, BEN, "three")
    assert twilio.wait_idle()
    messages, today = client_of(twilio).messages, datetime.now(UTC).date()
    assert [one.sid for one in messages.list(to=ADA)] == [second, first]
    assert len(messages.list(from_=OWN)) == 3 and not messages.list(from_=ADA)
    assert len(messages.list(to=ADA, date_sent=today)) == 2
    assert not messages.list(to=ADA, date_sent=today - timedelta(days=1))
    ago = datetime.now(UTC) - timedelta(hours=1)
    assert len(messages.list(date_sent_after=ago)) == 3 and not messages.list(date_sent_before=ago)
    assert not messages.list(to=ADA, date_sent=date(2020, 1, 1))


def test_a_text_that_waits_has_been_sent_on_no_day(twilio: TwilioSandbox) -> None:
    twilio.carrier.held = True
    send(twilio)
    messages = client_of(twilio).messages
    assert len(messages.list(to=ADA)) == 1 and not messages.list(to=ADA, date_sent=datetime.now(UTC).date())
    twilio.carrier.held = False
    assert twilio.wait_idle() and len(messages.list(to=ADA, date_sent=datetime.now(UTC).date())) == 1


def test_pages_follow_each_other_whatever_comes_meanwhile(twilio: TwilioSandbox) -> None:
    sent = [send(twilio, ADA, f"{number}").sid for number in range(5)]
    messages = client_of(twilio).messages
    page = messages.page(to=ADA, page_size=2)
    seen = [one.sid for one in page]
    send(twilio, ADA, "later")
    while page := page.next_page():
        seen += [one.sid for one in page]
    assert seen == sent[::-1]
    assert len(messages.list(to=ADA, page_size=2)) == 6 and len(messages.list(limit=3)) == 3


def test_an_answer_that_was_lost_means_a_text_that_was_sent(twilio: TwilioSandbox) -> None:
    twilio.faults.add("cut_after")
    with pytest.raises(Broken):
        send(twilio)
    assert [one.body for one in twilio.messages] == ["Your invoice is due."]
    send(twilio)  # there is no key that would make it the same
    assert twilio.wait_idle() and twilio.phone(ADA).texts == ["Your invoice is due."] * 2
    assert [one.status for one in twilio.requests] == [0, 201]


@pytest.mark.parametrize(("kind", "code", "made"), [("500", 20500, 0), ("500_after", 20500, 1), ("429", 20429, 0)])
def test_trouble_to_order(twilio: TwilioSandbox, kind: str, code: int, made: int) -> None:
    twilio.faults.add(kind, match="POST")
    assert refused(lambda: send(twilio))[1] == code
    assert len(twilio.messages) == made
    send(twilio)


def test_a_request_that_is_cut_before_does_nothing(twilio: TwilioSandbox) -> None:
    twilio.faults.add("cut_before")
    with pytest.raises(Broken):
        send(twilio)
    assert not twilio.messages


def test_too_many_requests_are_sent_away() -> None:
    with TwilioSandbox(rate_per_second=2) as twilio:
        send(twilio), send(twilio)
        assert refused(lambda: send(twilio))[:2] == (429, 20429)
        assert len(twilio.messages) == 2


def test_what_is_not_played_is_said(twilio: TwilioSandbox) -> None:
    assert refused(lambda: send(twilio, media_url=["https://example.com/a.png"]))[0] == 501
    sid = send(twilio).sid
    assert refused(lambda: client_of(twilio).messages(sid).update(body=""))[0] == 501


@pytest.mark.parametrize(
    ("body", "parts"),
    [
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        ("€" * 80, 1),
        ("€" * 81, 2),
        ("a" * 152 + "€" + "a" * 153, 3),  # the sign is not torn, so two parts have no room
        ("é" * 160, 1),
        ("ê" * 70, 1),
        ("ê" * 71, 2),
        ("ê" * 134, 2),
        ("ê" * 135, 3),
        ("🙂" * 35, 1),
        ("🙂" * 36, 2),
        ("🙂" * 66, 2),
        ("🙂" * 67, 3),
    ],
)
def test_long_texts_travel_in_parts(body: str, parts: int) -> None:
    assert segments.count(body) == parts


def test_magic_numbers_end_in_the_code_they_lead_to() -> None:
    ours = {number: TRAITS[trait].error_code for number, trait in MAGIC.items() if number.startswith("+1500555300")}
    assert all(code is None or str(code)[-1] == number[-1] for number, code in ours.items())
