"""Handing queued messages over, each once, whatever fails and whoever is killed.

A message is claimed by moving it from queued to sending. What was claimed and has no answer is looked for at the
vendor; if nobody can say, it ends in a person's hands: a second text is worse than a late one.
"""

import logging
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from django.db import IntegrityError, transaction
from django.db.models import F, Q
from django.utils import timezone

from messaging import carriers
from messaging.models import Lane, Message
from messaging.signals import message_failed
from messaging.suppressing import suppress, why_suppressed
from messaging.transports import NoAnswer, NotNow, Receipt, Refused, TransportError

logger = logging.getLogger(__name__)

LEASE = timedelta(seconds=90)
SECONDS = 20  # one task goes on for so long, then makes room for others
LOOK_AFTER = timedelta(seconds=30)  # a vendor's list may be behind its answers
GIVE_UP_AFTER = timedelta(minutes=10)
MOST_TRIES = 8
UNKNOWN = "Nobody can say whether this went out: the answer was lost. Ask the customer, or send it again."
Status = Message.Status


def deliver_due(channel: str) -> bool:
    """Hand over what is due of a channel; True when some is left that nobody is at work on."""
    with _lane(channel) as lease:
        if lease is None:
            return False
        until = time.monotonic() + SECONDS
        while time.monotonic() < until and (message := _next(channel)) and _keep(channel, lease):
            deliver(message)
            time.sleep(message.parts / carriers.per_second(channel))
    return Message.objects.due().filter(channel=channel).exists()


def deliver(message: Message) -> None:
    """Hand one message over and keep what came of it."""
    claimed = Message.objects.filter(pk=message.pk, status=Status.QUEUED).update(
        status=Status.SENDING, claimed_at=timezone.now(), attempts=F("attempts") + 1, changed_at=timezone.now()
    )
    if not claimed:
        return
    message.refresh_from_db()
    why = "" if message.is_answer else why_suppressed(message.channel, message.address)
    if why:  # it was asked for since the message was written
        _fail(message, Refused(f"{message.address} {why}."))
        return
    try:
        receipt = carriers.carrier_of(message.channel).send(message)
    except Refused as error:
        _fail(message, error)
    except NotNow as error:
        _postpone(message, error)
    except NoAnswer as error:
        logger.warning("Message %s was handed over without an answer: %s", message.pk, error)
        Message.objects.filter(pk=message.pk, status=Status.SENDING).update(not_before=timezone.now() + LOOK_AFTER)
    except Exception:
        # Before or after it went out, nobody knows: as if the answer had been lost.
        logger.exception("Message %s could not be handed over", message.pk)
    else:
        _take(message, receipt)


def look_for_lost(channel: str) -> None:
    """Find out about messages that were claimed and have no answer."""
    now = timezone.now()
    lost = Q(not_before__lte=now) | Q(not_before=None, claimed_at__lt=now - LEASE)
    for message in Message.objects.filter(lost, channel=channel, status=Status.SENDING).order_by("id")[:50]:
        try:
            receipt = carriers.carrier_of(channel).find(message)
        except TransportError as error:
            logger.warning("Message %s could not be looked for: %s", message.pk, error)
            receipt = None
        if receipt is not None:
            _take(message, receipt)
        elif message.claimed_at is None or now - message.claimed_at > GIVE_UP_AFTER:
            _end(message, Status.UNSURE, error=UNKNOWN)
        else:
            Message.objects.filter(pk=message.pk, status=Status.SENDING).update(not_before=now + LOOK_AFTER)


def _accepted(message: Message, receipt: Receipt) -> None:
    """The vendor has it. What it told meanwhile counts more than its first answer."""
    now = timezone.now()
    rows = Message.objects.filter(pk=message.pk)
    rows.filter(reference="").update(reference=receipt.reference)
    rows.filter(sent_at=None).update(sent_at=now, changed_at=now)
    if receipt.refusal is None:
        rows.filter(status=Status.SENDING).update(status=receipt.status, not_before=None, error="", error_code="")


def _take(message: Message, receipt: Receipt) -> None:
    """All of what the vendor says of it, or nothing, which is looked for."""
    try:
        with transaction.atomic():
            _accepted(message, receipt)
            if receipt.refusal is not None:
                _fail(message, receipt.refusal)
    except IntegrityError:  # another look gave it to another message at this very moment: look again
        logger.warning("Message %s was found as one that is known already", message.pk)


def _fail(message: Message, error: Refused) -> None:
    _end(message, Status.FAILED, error=str(error), error_code=error.code)
    if error.suppress:
        suppress(message.channel, message.address, reason=error.suppress, words=str(error), origin="carrier")


def _postpone(message: Message, error: NotNow) -> None:
    """It did not go out. Trouble that goes on for long ends in a person's hands."""
    if message.attempts >= MOST_TRIES:
        _end(message, Status.FAILED, error=str(error), error_code=error.code)
        return
    wait = timedelta(seconds=error.wait * 2 ** (message.attempts - 1))
    Message.objects.filter(pk=message.pk, status=Status.SENDING).update(
        status=Status.QUEUED, not_before=timezone.now() + wait, error=str(error)[:500], changed_at=timezone.now()
    )


@transaction.atomic
def _end(message: Message, status: str, *, error: str, error_code: str = "") -> None:
    ended = Message.objects.filter(pk=message.pk, status=Status.SENDING).update(
        status=status,
        not_before=None,
        error=error[:500],
        error_code=error_code[:20],
        changed_at=timezone.now(),
    )
    if ended:
        message.refresh_from_db()
        message_failed.send(sender=Message, message=message)


def _next(channel: str) -> Message | None:
    return Message.objects.due().filter(channel=channel).order_by("id").first()


@contextmanager
def _lane(channel: str) -> Iterator[str | None]:
    """The lease of a channel's queue, or None where somebody has it: one at a time keeps to the sender's pace."""
    Lane.objects.get_or_create(channel=channel)
    now, lease = timezone.now(), uuid.uuid4().hex
    free = Lane.objects.filter(Q(lease_until=None) | Q(lease_until__lt=now), channel=channel)
    if not free.update(lease_id=lease, lease_until=now + LEASE):
        yield None
        return
    try:
        yield lease
    finally:
        Lane.objects.filter(channel=channel, lease_id=lease).update(lease_until=None, lease_id="")


def _keep(channel: str, lease: str) -> bool:
    mine = Lane.objects.filter(channel=channel, lease_id=lease)
    return mine.update(lease_until=timezone.now() + LEASE) == 1
