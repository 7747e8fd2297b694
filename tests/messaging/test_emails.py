"""Invoices by email, through a real mail server that says yes, no, later or nothing at all."""

import email.policy
import socket
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.parser import BytesParser
from typing import Any

import pytest
from aiosmtpd.controller import Controller

from messaging.models import Message

pytestmark = pytest.mark.django_db(transaction=True)
Status = Message.Status


@dataclass
class Mailbox:
    """A mail server's manners: what it answers to a recipient and to a mail. "hang up" ends the connection."""

    mails: list[EmailMessage] = field(default_factory=list)
    to_recipient: str = "250 OK"
    to_mail: str = "250 OK"

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
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port
