"""A campaign from its first step to the last comparison. Django is set up, and os.environ is the installation's."""

import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from urllib.parse import urlsplit

from campaign import compare, compare_money, compare_texts
from campaign.crew import Crew
from campaign.day import Day
from campaign.gateways import Gateways
from campaign.keeper import Bookkeeper
from campaign.ledger.models import Heard
from campaign.settle import settle_down
from campaign.signing_in import connect, sign_in_if_needed
from campaign.staff import Staff
from campaign.trouble import Trouble
from campaign.vendors import Vendors
from integrations.models import GatewayEvent, InboxEvent, SyncLogEntry
from invoicing.models import Invoice, Payment, Refund
from messaging.models import Message


@dataclass(frozen=True)
class Options:
    """``pace`` in steps a second, ``kill_every`` in seconds."""

    books: str
    steps: int
    seed: int
    pace: float
    kill_every: float


@dataclass(frozen=True)
class Outcome:
    lines: list[str]
    differences: list[str]


def play(vendors: Vendors, options: Options) -> Outcome:
    began = time.monotonic()
    books, luck = vendors.quickbooks.company(options.books), Random(options.seed + 1000)
    keeper, gateways, trouble = Bookkeeper(books), Gateways(vendors), Trouble(vendors, luck)
    connect(vendors.quickbooks, books)
    day = Day(keeper, Staff(vendors.site, vendors.twilio), gateways, options.seed)
    with Crew(urlsplit(vendors.site).port or 0) as crew:
        trouble.begin()
        work(options, day, trouble, crew, luck)
    # All are dead now, in the middle of whatever they did.
    day.end()
    trouble.end()
    found = [
        *settle_down(vendors, keeper, gateways),
        *compare.differences(books),
        *compare_money.differences(gateways, keeper, day.staff.noted),
        *compare_texts.differences(vendors.twilio),
    ]
    told = f"{len(found)} differences; {time.monotonic() - began:.0f} seconds"
    return Outcome([*figures(day, trouble, crew), told], found)


def work(options: Options, day: Day, trouble: Trouble, crew: Crew, luck: Random) -> None:
    """Step after step at the pace, while trouble comes, somebody is killed, and whoever died is started again."""
    start = time.monotonic()
    next_kill, next_care = start + options.kill_every, start + 1
    while day.steps < options.steps:
        day.step()
        trouble.stir()
        now = time.monotonic()
        if now >= next_kill:
            crew.kill_someone(luck)
            next_kill = now + options.kill_every
        if now >= next_care:
            crew.revive()
            sign_in_if_needed(trouble.vendors.quickbooks)
            trouble.keep_listening()
            next_care = now + 1
        time.sleep(max(0.0, start + day.steps / options.pace - time.monotonic()))


def figures(day: Day, trouble: Trouble, crew: Crew) -> Iterator[str]:
    """What happened, in numbers."""
    keeper, gateways = day.keeper, day.gateways
    yield (
        f"{day.steps} steps by {dict(day.done)}; {day.idle} had nothing to do, QuickBooks refused {keeper.refused}, "
        f"{keeper.twins} payments were recorded there while they were made here"
    )
    yield (
        f"paid: {len(gateways.charges())} by card or debit, {len(gateways.transfers())} by bank, "
        f"{Payment.objects.filter(source='staff').count()} noted by staff; "
        f"went back: {dict(Counter(Refund.objects.values_list('kind', flat=True)))}; "
        f"flagged: {Invoice.objects.exclude(attention='').count()} invoices"
    )
    texts = Message.objects.filter(direction="out", channel="text")
    yield f"texts: {dict(Counter(texts.values_list('status', flat=True)))}"
    yield f"answers spoiled: {dict(trouble.ordered)}; killed: {dict(sorted(crew.killed.items()))}"
    yield (
        f"events: {InboxEvent.objects.filter(source='webhook').count()} by webhook, "
        f"{InboxEvent.objects.filter(source='poll').count()} by looking, {GatewayEvent.objects.count()} of gateways"
    )
    left = SyncLogEntry.objects.filter(door="push", outcome="failed").values_list("text", flat=True)
    yield f"bookings that were left to a person: {dict(Counter(text[:60] for text in left))}"
    records = sum(len(table) for table in keeper.books.store.tables.values())
    yield f"{Heard.objects.count()} announcements; {records} records"
