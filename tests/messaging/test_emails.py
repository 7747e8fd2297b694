"""Invoices by email, through a real mail server that says yes, no, later or nothing at all; and what comes back."""

import base64
import email.policy
import socket
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.parser import BytesParser
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from django.test import Client

from crm.models import User
from invoicing.links import living_url
from invoicing.models import Invoice
from messaging import tasks
from messaging.models import Message, Suppression
from messaging.sending import CannotSend, send_invoice

pytestmark = pytest.mark.django_db(transaction=True)
Status = Message.Status
POSTMARK = "/webhooks/email/postmark/"


@dataclass
class Mailbox:
    """A mail server's manners: what it answers to a recipient and to a mail. "hang up" ends the connection."""

    mails: list[EmailMessage] = field(default_factory=list)
    to_sender: str = "250 OK"
    to_recipient: str = "250 OK"
    to_mail: str = "250 OK"

    async def handle_MAIL(self, server: Any, session: Any, envelope: Any, address: str, options: list[str]) -> str:  # noqa: N802
        if self.to_sender.startswith("250"):
            envelope.mail_from = address
        return self.to_sender

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: list[str]) -> str:  # noqa: N802
        if self.to_recipient.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.to_recipient

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        self.mails.append(BytesParser(policy=email.policy.default).parsebytes(envelope.content))
        if self.to_mail == "hang up":
            server.transport.abort()
        return self.to_mail


@pytest.fixture
def mailbox(settings: Any) -> Iterator[Mailbox]:
    box = Mailbox()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = Controller(box, hostname="127.0.0.1", port=port)
    server.start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", port, 5
    yield box
    server.stop()


def send(bill: Invoice, jo: User, body: str = "Dear [contact-firstname], <b>pay</b> [invoice-due].") -> Message:
    subject = "Invoice [invoice-number]"
    return send_invoice(bill, channel="email", subject=subject, body=body, key=uuid.uuid4(), actor=jo)


def delivered() -> Message:
    tasks.deliver("email")
    return Message.objects.get()


def test_an_invoice_goes_out_with_its_link_its_pdf_and_a_way_to_stop(mailbox: Mailbox, bill: Invoice, jo: User) -> None:
    send(bill, jo)
    message = delivered()
    [mail] = mailbox.mails
    assert message.status == Status.SENT and message.reference == mail["Message-ID"].strip()
    assert (mail["To"], mail["Subject"]) == ("ada@example.com", "Invoice 1042")
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    plain, html = (mail.get_body((kind,)).get_content() for kind in ("plain", "html"))  # type: ignore[union-attr]
    assert "Dear Ada, <b>pay</b> $120.00." in plain and living_url(bill) in plain
    assert "&lt;b&gt;pay" in html and f'href="{living_url(bill)}"' in html
    [pdf] = mail.iter_attachments()
    assert pdf.get_filename() == "Invoice 1042.pdf" and pdf.get_content().startswith(b"%PDF")


def test_whoever_stops_mails_gets_none_and_looking_at_the_page_stops_nothing(
    mailbox: Mailbox, bill: Invoice, jo: User
) -> None:
    send(bill, jo)
    delivered()
    address = str(mailbox.mails[0]["List-Unsubscribe"]).strip(" <>")
    path = address.removeprefix("http://127.0.0.1:8000")
    stranger = Client(enforce_csrf_checks=True)
    assert "Send me no more mails" in stranger.get(path).text
    assert not Suppression.objects.exists()
    assert "gets no more mails" in stranger.post(path, {"List-Unsubscribe": "One-Click"}).text
    with pytest.raises(CannotSend, match="asked for no more"):
        send(bill, jo)
    assert stranger.get("/u/made-up/").status_code == stranger.get(f"{path[:-3]}/").status_code == 404


@pytest.mark.parametrize(
    ("manners", "status", "is_for_good"),
    [
        ({"to_recipient": "550 No such mailbox"}, Status.FAILED, True),
        ({"to_recipient": "550 5.7.1 Relaying denied"}, Status.FAILED, False),
        ({"to_sender": "553 Not an address of yours"}, Status.FAILED, False),
        ({"to_mail": "550 5.7.1 Looks like spam"}, Status.FAILED, False),
        ({"to_recipient": "552 Mailbox full"}, Status.FAILED, False),
        ({"to_recipient": "451 Come back later"}, Status.QUEUED, False),
        ({"to_mail": "421 Too many mails"}, Status.QUEUED, False),
        ({"to_mail": "554 Spam"}, Status.FAILED, False),
        ({"to_mail": "hang up"}, Status.SENDING, False),
    ],
)
def test_what_a_mail_server_answers_decides_what_happens_next(
    mailbox: Mailbox, bill: Invoice, jo: User, manners: dict[str, str], status: str, is_for_good: bool
) -> None:
    vars(mailbox).update(manners)
    send(bill, jo)
    message = delivered()
    assert message.status == status
    assert Suppression.objects.filter(channel="email", reason="bounced").exists() == is_for_good


def test_a_mail_server_that_is_not_there_loses_nothing(bill: Invoice, jo: User, settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9
    send(bill, jo)
    message = delivered()
    assert message.status == Status.QUEUED and "cannot be reached" in message.error


def tell(client: Client, secret: str = "user:secret", path: str = POSTMARK, **event: Any) -> int:  # noqa: S107
    signed = {"Authorization": f"Basic {base64.b64encode(secret.encode()).decode()}"}
    return client.post(path, event, content_type="application/json", headers=signed).status_code


def test_an_email_service_tells_what_became_of_a_mail(bill: Invoice, jo: User, settings: Any) -> None:
    message = send(bill, jo)
    Message.objects.filter(pk=message.pk).update(status=Status.SENT, reference="b7bc2f4a")
    about = {"MessageID": "b7bc2f4a", "Recipient": "ada@example.com", "Email": "ada@example.com"}
    client = Client(enforce_csrf_checks=True)
    assert tell(client, RecordType="Delivery", **about) == 404, "without a secret nobody is let in"
    settings.ANYMAIL = {"WEBHOOK_SECRET": "user:secret"}
    assert tell(client, "user:wrong", RecordType="Delivery", **about) == 403
    assert client.post("/webhooks/email/nobody/").status_code == 404
    assert tell(client, RecordType="Delivery", **about) == 200
    message.refresh_from_db()
    assert message.status == Status.DELIVERED
    assert tell(client, RecordType="SpamComplaint", Type="SpamComplaint", **about) == 200
    assert Suppression.objects.get().reason == "complained"


def test_a_bounce_fails_the_mail_and_stops_later_ones(bill: Invoice, jo: User, settings: Any) -> None:
    settings.ANYMAIL = {"WEBHOOK_SECRET": "user:secret"}
    message = send(bill, jo)
    Message.objects.filter(pk=message.pk).update(status=Status.SENT, reference="b7bc2f4a")
    bounce = {"RecordType": "Bounce", "Type": "HardBounce", "TypeCode": 1, "Description": "Unknown user."}
    assert tell(Client(), MessageID="b7bc2f4a", Email="ada@example.com", **bounce) == 200
    message.refresh_from_db()
    assert message.status == Status.FAILED and "Unknown user." in message.error
    assert Suppression.objects.get().reason == "bounced"


def test_a_reply_by_mail_stands_in_the_conversation_once(bill: Invoice, jo: User, settings: Any) -> None:
    settings.ANYMAIL = {"WEBHOOK_SECRET": "user:secret"}
    thread = send(bill, jo).conversation
    reply: dict[str, Any] = {
        "MessageID": "22c7",
        "FromFull": {"Email": "Ada@Example.com", "Name": "Ada"},
        "From": "Ada@Example.com",
        "Subject": "Re: Invoice 1042",
        "TextBody": "I pay on <Friday>.",
        "Headers": [{"Name": "Message-ID", "Value": "<one@example.com>"}],
    }
    for _ in range(2):
        assert tell(Client(), path=f"{POSTMARK}inbound/", **reply) == 200
    message = Message.objects.get(direction="in")
    assert (message.conversation, message.body, message.subject) == (thread, "I pay on <Friday>.", "Re: Invoice 1042")
    assert tell(Client(), "user:wrong", path=f"{POSTMARK}inbound/", **reply) == 403  # noqa: S106


@pytest.mark.parametrize(("reason", "is_over"), [("bounced", True), ("opted_out", False), ("complained", False)])
def test_an_address_that_writes_to_us_takes_mail_again(
    bill: Invoice, jo: User, settings: Any, reason: str, is_over: bool
) -> None:
    settings.ANYMAIL = {"WEBHOOK_SECRET": "user:secret"}
    Suppression.objects.create(channel="email", address="ada@example.com", reason=reason)
    headers = [{"Name": "Message-ID", "Value": "<four@example.com>"}]
    from_ada = {"FromFull": {"Email": "ada@example.com", "Name": "Ada"}, "TextBody": "Hello", "Headers": headers}
    assert tell(Client(), path=f"{POSTMARK}inbound/", **from_ada) == 200
    assert Suppression.objects.exists() != is_over


def test_a_reply_without_plain_words_is_read_from_its_html(bill: Invoice, jo: User, settings: Any) -> None:
    settings.ANYMAIL = {"WEBHOOK_SECRET": "user:secret"}
    reply: dict[str, Any] = {
        "FromFull": {"Email": "ada@example.com", "Name": "Ada"},
        "Subject": "Re: Invoice 1042",
        "HtmlBody": "<style>p {color: red}</style><p>I pay on Friday &amp; not before.</p><p>Ada</p>",
        "Headers": [{"Name": "Message-ID", "Value": "<two@example.com>"}],
    }
    assert tell(Client(), path=f"{POSTMARK}inbound/", **reply) == 200
    assert Message.objects.get().body == "I pay on Friday & not before.\nAda"


def test_a_reply_with_pictures_is_kept_without_them(bill: Invoice, jo: User, settings: Any) -> None:
    settings.ANYMAIL = {"WEBHOOK_SECRET": "user:secret"}
    picture = {"Name": "roof.jpg", "ContentType": "image/jpeg", "Content": base64.b64encode(b"x" * 3_000_000).decode()}
    reply: dict[str, Any] = {
        "FromFull": {"Email": "ada@example.com", "Name": "Ada"},
        "TextBody": "Look at my roof.",
        "Attachments": [picture],
        "Headers": [{"Name": "Message-ID", "Value": "<three@example.com>"}],
    }
    assert tell(Client(), path=f"{POSTMARK}inbound/", **reply) == 200
    assert Message.objects.get().body == "Look at my roof."
