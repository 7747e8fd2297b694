"""One look for changes and the inbox emptied: what the schedule does, told in a terminal."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db.models import Count
from django.utils import timezone

from integrations.models import InboxEvent, QuickBooksConnection, SyncLogEntry, SyncState
from integrations.quickbooks.client import client_for
from integrations.quickbooks.sync import drain, poll

SECONDS = 3600.0


class Command(BaseCommand):
    help = "Look for changes in QuickBooks once and take over what was found. Exits with 1 when that was not possible."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="print what was done as JSON, and nothing else")

    def handle(self, *args: Any, **options: Any) -> None:
        connection = QuickBooksConnection.objects.current()
        if connection is None or not connection.is_connected:
            raise CommandError("QuickBooks is not connected. Connect it in Settings > Integrations.")
        began, client = timezone.now(), client_for(connection)
        trouble = poll.poll(connection, client)
        while not trouble and SyncState.of(connection).catch_up:
            trouble = poll.poll(connection, client)
        drain.drain(connection, seconds=SECONDS, client=client)
        facts = {**self._facts(connection, since=began), "calls": client.calls, "problem": trouble}
        self.stdout.write(json.dumps(facts) if options["json"] else self._as_words(facts))
        if trouble:
            raise CommandError(trouble)

    def _facts(self, connection: QuickBooksConnection, since: Any) -> dict[str, Any]:
        events = InboxEvent.objects.filter(realm_id=connection.realm_id)
        told = SyncLogEntry.objects.filter(connection=connection, at__gte=since).order_by().values_list("outcome")
        return {
            "outcomes": dict(told.annotate(Count("id"))),
            "waiting": events.filter(status=InboxEvent.Status.PENDING).count(),
            "failed": events.filter(status=InboxEvent.Status.STUCK).count(),
        }

    def _as_words(self, facts: dict[str, Any]) -> str:
        done = ", ".join(f"{number} {outcome}" for outcome, number in sorted(facts["outcomes"].items()))
        return f"{done or 'Nothing had changed'}. Waiting: {facts['waiting']}, failed: {facts['failed']}."
