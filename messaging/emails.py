"""Emails to customers, through Django's backend: plain words, the same with a button, and how to stop them."""

import smtplib
import socket
from email.utils import make_msgid
from urllib.parse import urlsplit

from anymail.exceptions import AnymailRecipientsRefused, AnymailRequestsAPIError
from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.core.signing import Signer
from django.template.loader import render_to_string
from django.urls import reverse

from crm.models import Business
from invoicing.links import living_url
from invoicing.pdf import invoice_pdf
from messaging.models import Message, Suppression
from messaging.transports import NoAnswer, NotNow, Receipt, Refused, TransportError

# Who is told no for good and who may try again: the first digit of what a mail server answers (RFC 5321).
FOR_GOOD = 500
NO_MAILBOX = frozenset({550, 551, 553})
NOT_ALLOWED = "5.7."  # RFC 3463: against somebody's policy, which says nothing of the mailbox


class EmailCarrier:
    def send(self, message: Message) -> Receipt:
        """The mail's own id is our key, so that what comes back about it is found."""
        mail = _mail(message)
        try:
            mail.send()
        except smtplib.SMTPRecipientsRefused as error:
            raise _refused(*next(iter(error.recipients.values()), (FOR_GOOD, b"")), is_of_mailbox=True) from None
        except (smtplib.SMTPAuthenticationError, smtplib.SMTPNotSupportedError) as error:
            raise NotNow(f"The mail server does not let us in ({type(error).__name__}). Check EMAIL_URL.") from None
        except smtplib.SMTPResponseException as error:
            raise _refused(error.smtp_code, error.smtp_error) from None
        except (smtplib.SMTPServerDisconnected, TimeoutError) as error:
            raise NoAnswer(f"The mail server broke off ({type(error).__name__}).") from None
        except (ConnectionRefusedError, socket.gaierror) as error:
            raise NotNow(f"The mail server cannot be reached ({type(error).__name__}).") from None
        except AnymailRequestsAPIError as error:
            raise _of_service(error) from None
        except AnymailRecipientsRefused:
            bounced = Suppression.Reason.BOUNCED
            raise Refused("The email service does not send to this address.", suppress=bounced) from None
        # An email service has an id of its own for it, by which it tells what became of it.
        theirs = getattr(getattr(mail, "anymail_status", None), "message_id", None)
        reference = theirs if isinstance(theirs, str) else mail.extra_headers["Message-ID"]
        return Receipt(reference, Message.Status.SENT)

    def find(self, message: Message) -> Receipt | None:
        """A mail server keeps nothing that could be asked for."""
        return None


def unsubscribe_url(address: str) -> str:
    """Where somebody says that no more mail shall come; only we can make it."""
    token = Signer(salt="messaging.unsubscribe").sign_object(address)
    return f"{settings.SITE_URL}{reverse('messages-public:unsubscribe', args=[token])}"


def _mail(message: Message) -> EmailMultiAlternatives:
    business, stop = Business.load(), unsubscribe_url(message.address)
    facts = {
        "message": message,
        "business": business,
        "page": living_url(message.invoice) if message.invoice else "",
        "unsubscribe_url": stop,
    }
    headers = {
        "Message-ID": make_msgid(idstring=message.key.hex, domain=urlsplit(settings.SITE_URL).hostname),
        "List-Unsubscribe": f"<{stop}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",  # RFC 8058
    }
    mail = EmailMultiAlternatives(
        subject=message.subject or f"A message from {business.name}",
        body=render_to_string("messaging/mail/message.txt", facts),
        to=[message.address],
        reply_to=[reply_to] if (reply_to := settings.INBOUND_EMAIL or business.email) else None,
        headers=headers,
    )
    mail.attach_alternative(render_to_string("messaging/mail/message.html", facts), "text/html")
    if message.invoice is not None:
        mail.attach(f"{message.invoice}.pdf", invoice_pdf(message.invoice), "application/pdf")
    return mail


def _of_service(error: AnymailRequestsAPIError) -> TransportError:
    """What an email service said no to. After trouble on its side nobody knows."""
    code = error.status_code or 0
    if code in {401, 403, 429}:
        return NotNow(f"The email service takes nothing just now ({code}). Check its key.", code=str(code), wait=120)
    if 400 <= code < FOR_GOOD:
        return Refused(f"The email service refused it ({code}).", code=str(code))
    return NoAnswer("The email service gave no usable answer.", code=str(code or ""))


def _refused(code: int, words: bytes | str, *, is_of_mailbox: bool = False) -> Refused | NotNow:
    """What a mail server said no to: the mailbox, or us and our mail, which is nothing against the mailbox."""
    said = words.decode(errors="replace") if isinstance(words, bytes) else str(words)
    if code < FOR_GOOD:
        return NotNow(f"The mail server says: {said[:200]}", code=str(code), wait=120)
    is_gone = is_of_mailbox and code in NO_MAILBOX and not said.startswith(NOT_ALLOWED)
    bounced = Suppression.Reason.BOUNCED if is_gone else ""
    return Refused(f"The mail server refused it: {said[:200]}", code=str(code), suppress=bounced)
