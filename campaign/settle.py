"""After the last step: all are dead in the middle of whatever they did, and passes without trouble put it right."""

import time
from collections.abc import Iterator
from datetime import timedelta
from random import Random

from django.db.models import F
from django.utils import timezone

from campaign.gateways import Gateways
from campaign.keeper import Bookkeeper
from campaign.signing_in import sign_in_if_needed
from campaign.vendors import Vendors
from integrations import gateway_events, outbox
from integrations.models import (
    GatewayEvent,
    InboxEvent,
    OutboxEntry,
    PaySession,
    QuickBooksConnection,
    QuickBooksLink,
    SyncState,
)
from integrations.quickbooks import echoes, push
from integrations.quickbooks.sync import drain, poll
from integrations.stripe import refunds
from invoicing import refund_asking
from invoicing.models import Refund
from messaging import delivery
from messaging.models import Lane, Message

# Passes, one of which has to be clean, and the seconds between them while something is under way.
PASSES, PAUSE = 60, 2.0


def settle_down(vendors: Vendors, keeper: Bookkeeper, gateways: Gateways) -> list[str]:
    """Passes until one is clean and nothing waits; else a sentence says why none was."""
    # All are dead: what leases would do by themselves within a minute.
    SyncState.objects.update(lease_id="", lease_until=None)
    Lane.objects.update(lease_id="", lease_until=None)
    # Each page that may have been paid is asked for once.
    PaySession.objects.filter(status__in=["open", "waiting", "lingering"]).update(expires_at=timezone.now())
    left = ["no pass was made"]
    for _ in range(PASSES):
        sign_in_if_needed(vendors.quickbooks)
        connection = QuickBooksConnection.objects.get()
        hurry()
        gateways.settle(Random(0))  # no bank keeps anybody waiting
        ask_the_gateways()
        outbox.try_again(connection)  # what was entered by hand is found now
        outbox.drain(connection, push.PUSHES, seconds=120)
        trouble = poll.poll(connection)
        drain.drain(connection, seconds=120)
        texts()
        do_as_told(keeper)
        left = [*([f"no clean look: {trouble}"] if trouble else []), *waiting()]
        if not left:
            return []
        time.sleep(PAUSE)
    return left


def hurry() -> None:
    """Nobody waits here for what would be tried again in half an hour, or looked for at Twilio in ten minutes."""
    for rows in (InboxEvent.objects, GatewayEvent.objects, OutboxEntry.objects):
        rows.filter(status="pending").update(not_before=None)
    Refund.objects.filter(status="asked").update(not_before=None)
    Message.objects.filter(status="queued").update(not_before=None)
    long_ago = delivery.GIVE_UP_AFTER + timedelta(minutes=1)
    Message.objects.filter(status="sending").update(not_before=timezone.now(), claimed_at=F("created_at") - long_ago)


def ask_the_gateways() -> None:
    """What the workers' heartbeats do, as often as there is something to do."""
    refunds.look_back()
    gateway_events.take_over()
    while PaySession.objects.to_look_after(timezone.now()).exists():
        gateway_events.look_after_pages()
    refund_asking.sweep()


def texts() -> None:
    delivery.look_for_lost(Message.Channel.TEXT)
    while delivery.deliver_due(Message.Channel.TEXT):
        pass


def do_as_told(keeper: Bookkeeper) -> None:
    """Bookings that QuickBooks refuses end with a person, who does as the sentence says, and then tries again."""
    for entry in OutboxEntry.objects.filter(status="stuck", kind="payment.create").select_related("payment"):
        payment = entry.money
        links = QuickBooksLink.objects.filter(entity="customer", state="linked").order_by("pk")
        theirs = links.filter(contact=payment.contact_id) if payment.contact_id else links
        customer = (theirs.first() or links.first()).external_id  # type: ignore[union-attr]
        if "by hand" in entry.last_error or not keeper.wake_all():
            number, day = echoes.number_of(payment), payment.received_on.isoformat()
            keeper.enter(number, day, float(payment.amount), customer)


def waiting() -> Iterator[str]:
    """What is not at its end yet."""
    for rows in (InboxEvent.objects, GatewayEvent.objects, OutboxEntry.objects):
        for one in rows.filter(status__in=["pending", "stuck"])[:5]:
            yield f"{one} is {one.status}: {one.last_error}"
    for state in SyncState.objects.exclude(catch_up={}):
        yield f"still to walk: {state.catch_up}"
    for refund in Refund.objects.filter(status="asked")[:5]:
        yield f"{refund} is asked for: {refund.error}"
    for message in Message.objects.filter(status__in=["queued", "sending"])[:5]:
        yield f"{message} is {message.status}: {message.error}"
