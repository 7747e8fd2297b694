"""The phones on the control page: read, answer, and say what becomes of texts, without a line of code."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import requests

from sandbox import Sandbox, TwilioSandbox
from sandbox.__main__ import arguments, build
from sandbox.twilio.phone_pages import linked

from .texting import ADA, BEN, Inbox, client_of, refused, send


@pytest.fixture
def twilio() -> Iterator[TwilioSandbox]:
    with TwilioSandbox() as running:
        yield running


def page(twilio: TwilioSandbox, path: str = "/", **query: str) -> str:
    answer = requests.get(f"{twilio.url}{path}", params=query, timeout=5)
    assert answer.status_code == 200
    assert "<script" not in answer.text and "width=device-width" in answer.text
    return answer.text


def do(twilio: TwilioSandbox, action: str, **form: str) -> str:
    """Post one of the page's forms and read the page it leads to."""
    answer = requests.post(f"{twilio.url}/do/{action}", data=form, timeout=5)
    assert answer.status_code == 200
    return answer.text


def test_a_text_is_read_on_its_phone_and_its_link_can_be_tapped(twilio: TwilioSandbox) -> None:
    assert "No text has been sent yet" in page(twilio)
    send(twilio, body="<b>Hi</b> Ada, pay at http://127.0.0.1:8000/i/abc/?a=1&b=2. Thanks!")
    send(twilio, BEN, "Hi Ben")
    assert twilio.wait_idle()
    listed = page(twilio)
    assert listed.index(BEN) < listed.index(ADA), "the newest is on top"
    screen = page(twilio, "/phone", number=ADA)
    assert '<a href="http://127.0.0.1:8000/i/abc/?a=1&amp;b=2" target="_blank"' in screen
    assert "&lt;b&gt;Hi" in screen and "delivered" in screen and "Hi Ben" not in screen


def test_links_end_where_the_sentence_goes_on() -> None:
    assert linked("(see https://a.example/b) & c") == (
        '(see <a href="https://a.example/b" target="_blank" rel="noopener">https://a.example/b</a>) &amp; c'
    )
    assert linked("no link: https://") == "no link: https://"


def test_writing_back_and_opting_out_and_in_again(twilio: TwilioSandbox) -> None:
    assert "Sent." in do(twilio, "reply", number=ADA, body=" I will pay <today> ")
    assert "I will pay &lt;today&gt;" in page(twilio, "/phone", number=ADA)
    assert "opt-out" in do(twilio, "reply", number=ADA, body="STOP")
    assert refused(lambda: send(twilio))[1] == 21610
    assert "This phone has opted out" in page(twilio, "/phone", number=ADA) and "(opted out)" in page(twilio)
    assert "opt-in" in do(twilio, "reply", number=ADA, body="START")
    assert "This phone has opted out" not in page(twilio, "/phone", number=ADA)
    assert "That cannot be" in do(twilio, "reply", number=ADA, body="  ")


def test_a_trait_is_chosen_for_a_phone(twilio: TwilioSandbox) -> None:
    assert "30006" in do(twilio, "trait", number=BEN, trait="landline")
    assert "landline" in page(twilio)
    send(twilio, BEN)
    assert twilio.wait_idle()
    assert "undelivered 30006" in page(twilio, "/phone", number=BEN)
    assert "That cannot be" in do(twilio, "trait", number="0171 / 123", trait="landline")
    assert "That cannot be" in do(twilio, "trait", number=BEN, trait="haunted")
    assert "is no phone number" in page(twilio, "/phone", number="<i>")


def test_a_silent_carrier_reports_at_the_press_of_a_button(twilio: TwilioSandbox) -> None:
    sid = send(twilio, "+15005553000").sid
    assert twilio.wait_idle() and "Report: lost" in page(twilio, "/phone", number="+15005553000")
    assert "undelivered 30008" in do(twilio, "report", number="+15005553000", sid=sid, status="undelivered")
    assert client_of(twilio).messages(sid).fetch().error_code == 30008
    assert "That cannot be" in do(twilio, "report", number="+15005553000", sid=sid, status="eaten")


def test_trouble_is_ordered_and_called_off(twilio: TwilioSandbox) -> None:
    assert "cut after" in page(twilio, "/trouble")
    do(twilio, "break", kind="429", times="1", match="POST", seconds="")
    assert refused(lambda: send(twilio))[1] == 20429
    assert "Texts wait." in do(twilio, "hold", held="on")
    assert send(twilio).fetch().status == "queued"
    assert "All is well again." in do(twilio, "calm-down")
    assert twilio.wait_idle() and twilio.messages[0].status == "delivered"
    assert "That cannot be" in do(twilio, "break", kind="earthquake")
    assert "/Messages.json" in page(twilio, "/log")


def test_webhooks_are_set_and_sent_again(twilio: TwilioSandbox) -> None:
    inbox = Inbox(twilio.account.token)
    try:
        known = {"inbound_url": f"{inbox.url}/in/", "status_url": f"{inbox.url}/out/", "enabled": "on", "double": "0"}
        assert "Webhooks are on." in do(twilio, "webhooks", **known)
        do(twilio, "reply", number=ADA, body="Hello?")
        assert twilio.wait_idle() and "Hello?" in page(twilio, "/webhooks")
        do(twilio, "tell-again", id=twilio.webhooks.told[0].id)
        do(twilio, "flush-webhooks")
        assert twilio.wait_idle() and [one["Body"] for one in inbox.forms] == ["Hello?", "Hello?"] and not inbox.forged
        assert "on this machine only" in do(twilio, "webhooks", inbound_url="https://example.com/")
        assert "Webhooks are off." in do(twilio, "webhooks", **{**known, "enabled": ""})
    finally:
        inbox.shutdown()
        inbox.server_close()


def test_it_stands_beside_the_other_vendors() -> None:
    words = ["--port", "0", "--company-size", "none", "--twilio-from", "+15005550010"]
    with build(arguments(words)) as sandbox:
        twilio = sandbox.mounted["/twilio"]
        assert isinstance(sandbox, Sandbox) and isinstance(twilio, TwilioSandbox)
        assert twilio.url == f"{sandbox.url}/twilio" and '<a href="/twilio/">Twilio</a>' in page_of(sandbox.url)
        assert "Phones" in page_of(twilio.url)
        for number in range(3):
            send(twilio, body=f"{number}", from_="+15005550010")
        found = client_of(twilio).messages.list(to=ADA, page_size=2)
        assert [one.body for one in found] == ["2", "1", "0"]


def test_texts_may_come_from_a_service_or_a_name() -> None:
    service = "MG" + "7" * 32
    with build(arguments(["--port", "0", "--company-size", "none", "--twilio-from", service])) as sandbox:
        twilio = sandbox.mounted["/twilio"]
        assert isinstance(twilio, TwilioSandbox)
        assert send(twilio, messaging_service_sid=service).status == "accepted"
    with TwilioSandbox(numbers=["Tallybook"]) as twilio:
        assert send(twilio, from_="Tallybook").from_ == "Tallybook"
        with pytest.raises(ValueError, match="nobody can write to a name"):
            twilio.phone(ADA).reply("Hello?")


def page_of(url: str) -> str:
    return requests.get(url, timeout=5).text
