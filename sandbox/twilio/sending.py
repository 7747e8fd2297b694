"""A text that an app wants to send: what is asked of it, and the message it becomes.

There is no idempotency key: whoever asks twice has two texts.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from urllib.parse import urlsplit

from . import errors, names, segments
from .account import Account
from .book import Book, Message
from .numbers import MAGIC_SENDERS, is_number

LONGEST = 1600
NOT_PLAYED = ("MediaUrl", "ContentSid", "SendAt", "ScheduleType", "SmartEncoded", "SendAsMms", "ApplicationSid")


def create(book: Book, account: Account, form: Mapping[str, str], callback: str = "") -> Message:
    """Take a text, or refuse it. ``callback`` is told of it where the text names no other address."""
    for name in NOT_PLAYED:
        if form.get(name):
            raise errors.beyond_us(name)
    to, sender, service = (form.get(name, "").strip() for name in ("To", "From", "MessagingServiceSid"))
    body = form.get("Body", "")
    if not to:
        raise errors.no_recipient()
    if not (sender or service):
        raise errors.no_sender()
    if not body:
        raise errors.no_body()
    if not is_number(to):
        raise errors.invalid_recipient(to)
    _check_sender(account, sender, service)
    if len(body) > LONGEST:
        raise errors.too_long()
    given = form.get("StatusCallback", "").strip()
    _check_callback(given)
    _check_recipient(book, account, to, sender)
    is_chosen = bool(sender)  # else the service chooses later, and only then it is known how many parts there are
    return book.put(
        Message(
            sid=names.new("SM"),
            to=to,
            sender=sender,
            body=body,
            direction="outbound-api",
            status="accepted" if service else "queued",
            service=service,
            segments=segments.count(body) if is_chosen and not service else 0,
            callback=given or callback,
            created=time.time(),
        )
    )


def _check_sender(account: Account, sender: str, service: str) -> None:
    if service and service != account.service:
        raise errors.no_such_service(service)
    if not sender or sender in account.numbers:
        return
    if sender in MAGIC_SENDERS:
        raise MAGIC_SENDERS[sender](sender)
    raise errors.foreign_sender(sender) if is_number(sender) else errors.bad_sender(sender)


def _check_callback(url: str) -> None:
    parts = urlsplit(url)
    if url and (parts.scheme not in ("http", "https") or not parts.hostname):
        raise errors.bad_callback(url)


def _check_recipient(book: Book, account: Account, to: str, sender: str) -> None:
    if to == sender:
        raise errors.same_number()
    refusal = book.trait(to).refusal
    if refusal:
        raise refusal(to)
    # Who writes STOP to one number of a service is rid of the whole service.
    if book.is_opted_out([sender] if sender else account.numbers, to):
        raise errors.opted_out(to)
