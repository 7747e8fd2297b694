"""A campaign from its first step to the last comparison. Django is set up, and os.environ is the installation's."""

import time
from dataclasses import dataclass
from datetime import timedelta
from random import Random

from django.utils import timezone

from campaign.compare import differences
from campaign.crew import Crew
from campaign.keeper import Bookkeeper
from campaign.ledger.models import Heard
from campaign.trouble import Trouble
from integrations.models import InboxEvent, QuickBooksConnection, SyncState
from integrations.quickbooks.sync import drain, poll
from sandbox import Company, Sandbox

# At the end: passes, one of which has to be clean, and the seconds between them while the dead still hold a lease.
PASSES, PAUSE = 60, 2.0


@dataclass(frozen=True)
class Options:
    """``pace`` in steps a second, ``kill_every`` in seconds."""

    steps: int
    seed: int
    pace: float
    kill_every: float


@dataclass(frozen=True)
class Outcome:
    lines: list[str]
    differences: list[str]


def play(sandbox: Sandbox, options: Options) -> Outcome:
    began = time.monotonic()
    books, luck = sandbox.company("us"), Random(options.seed + 1000)
    keeper, trouble = Bookkeeper(books, options.seed), Trouble(sandbox, luck)
    connect(sandbox, books)
    with Crew() as crew:
        trouble.begin(f"http://127.0.0.1:{crew.port}/webhooks/quickbooks/")
        work(options, keeper, trouble, crew, luck)
    # All are dead now, in the middle of whatever they did.
    trouble.end()
    trouble_left = settle_down(sandbox)
    found = [*trouble_left, *differences(books)]
    lines = [
        f"{keeper.steps} steps, of which QuickBooks refused {keeper.refused}",
        f"{trouble.ordered} answers spoiled; killed: {dict(sorted(crew.killed.items()))}",
        f"events: {InboxEvent.objects.filter(source='webhook').count()} by webhook, "
        f"{InboxEvent.objects.filter(source='poll').count()} by looking",
        f"{Heard.objects.count()} announcements; {sum(len(table) for table in books.store.tables.values())} records",
        f"{len(found)} differences; {time.monotonic() - began:.0f} seconds",
    ]
    return Outcome(lines, found)


def connect(sandbox: Sandbox, books: Company) -> None:
    """As after the first import: from now on every change comes by itself."""
    now = timezone.now()
    connection = QuickBooksConnection(
        realm_id=books.realm_id,
        company_name=books.name,
        country=books.country,
        home_currency=books.home,
        connected_at=now,
        contacts_imported_at=now,
    )
    sign_in(sandbox, connection)
    SyncState.objects.update_or_create(connection=connection, defaults={"poll_minutes": 1})


def sign_in(sandbox: Sandbox, connection: QuickBooksConnection) -> None:
    """What an admin does by Reconnect."""
    tokens, now = sandbox.issue_tokens(connection.realm_id), timezone.now()
    connection.access_token, connection.refresh_token = tokens["access_token"], tokens["refresh_token"]
    connection.access_expires_at = now + timedelta(seconds=tokens["expires_in"])
    connection.refresh_expires_at = now + timedelta(seconds=tokens["x_refresh_token_expires_in"])
    connection.status, connection.status_reason = QuickBooksConnection.Status.CONNECTED, ""
    connection.save()


def work(options: Options, keeper: Bookkeeper, trouble: Trouble, crew: Crew, luck: Random) -> None:
    """Step after step at the pace, while trouble comes, somebody is killed, and whoever died is started again."""
    start = time.monotonic()
    next_kill, next_care = start + options.kill_every, start + 1
    while keeper.steps < options.steps:
        keeper.step()
        trouble.stir()
        now = time.monotonic()
        if now >= next_kill:
            crew.kill_someone(luck)
            next_kill = now + options.kill_every
        if now >= next_care:
            crew.revive()
            sign_in_if_needed(trouble.sandbox)
            next_care = now + 1
        time.sleep(max(0.0, start + keeper.steps / options.pace - time.monotonic()))


def sign_in_if_needed(sandbox: Sandbox) -> None:
    connection = QuickBooksConnection.objects.get()
    if not connection.is_connected:
        sign_in(sandbox, connection)


def settle_down(sandbox: Sandbox) -> list[str]:
    """Passes until one is clean and nothing waits; else a sentence says why none was."""
    # All are dead: what the lease would do by itself within a minute.
    SyncState.objects.update(lease_id="", lease_until=None)
    for _ in range(PASSES):
        sign_in_if_needed(sandbox)
        connection = QuickBooksConnection.objects.get()
        # Nobody waits here for what would be tried again in half an hour.
        InboxEvent.objects.filter(status="pending").update(not_before=None)
        trouble = poll.poll(connection)
        drain.drain(connection, seconds=120)
        state = SyncState.objects.get()
        waiting = InboxEvent.objects.filter(status="pending").count()
        if not (trouble or waiting or state.catch_up):
            return []
        time.sleep(PAUSE)
    return [f"no pass was clean: {trouble or 'no trouble'}, {waiting} events wait, still to walk: {state.catch_up}"]
