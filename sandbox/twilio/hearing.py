"""A phone writes: what Twilio itself makes of it before an app hears of it."""

from __future__ import annotations

import time

from . import names, segments, words
from .account import Account
from .book import Book, Message
from .numbers import is_number


def hear(book: Book, account: Account, phone: str, body: str, to: str = "") -> tuple[Message, Message | None]:
    """The message that has arrived, and Twilio's own answer to STOP, START or HELP. ValueError: nobody can write so."""
    if not is_number(phone):
        raise ValueError(f"{phone} is no phone number")
    if not body:
        raise ValueError("an empty text cannot be written")
    last = _last_to(book, phone)
    ours = to or (last.sender if last else "") or account.numbers[0]
    if ours not in account.numbers:
        raise ValueError(f"{ours} is none of this account's numbers")
    if not is_number(ours):
        raise ValueError(f"{ours} is a name, and nobody can write to a name")
    service = last.service if last and last.sender == ours else ""
    with book.lock:
        # What is written to one number of a service is heard by all of it.
        heard_by = account.numbers if service else (ours,)
        was_out = book.is_opted_out(heard_by, phone)
        kind = words.kind_of(body, was_out)
        if kind in (words.STOP, words.START):
            book.opt_out(heard_by, phone, kind == words.STOP)
        message = book.put(
            Message(
                sid=names.new("SM"),
                to=ours,
                sender=phone,
                body=body,
                direction="inbound",
                status="received",
                service=service,
                segments=segments.count(body),
                opt_out_type=kind,
                created=time.time(),
                sent=time.time(),
            )
        )
        changes_nothing = (kind == words.STOP and was_out) or (kind == words.START and not was_out)
        return message, None if not kind or changes_nothing else book.put(_own_answer(message, kind))


def _last_to(book: Book, phone: str) -> Message | None:
    return next((one for one in reversed(book.thread(phone)) if not one.is_inbound and one.sender), None)


def _own_answer(heard: Message, kind: str) -> Message:
    answer = words.ANSWERS[kind]
    return Message(
        sid=names.new("SM"),
        to=heard.sender,
        sender=heard.to,
        body=answer,
        direction="outbound-reply",
        status="queued",
        segments=segments.count(answer),
        created=time.time(),
    )
