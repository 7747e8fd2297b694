"""What waits to be booked in QuickBooks, sent once: what the schedule does, told in a terminal."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from integrations import outbox
from integrations.models import OutboxEntry, QuickBooksConnection
from integrations.quickbooks.push import PUSHES

SECONDS = 3600.0


class Command(BaseCommand):
    help = "Book in QuickBooks what waits. Exits with 1 when QuickBooks is not connected or something needs a person."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="print what was done as JSON, and nothing else")

    def handle(self, *args: Any, **options: Any) -> None:
        connection = QuickBooksConnection.objects.current()
        if connection is None or not connection.is_connected:
            raise CommandError("QuickBooks is not connected. Connect it in Settings > Integrations.")
        booked = outbox.drain(connection, PUSHES, seconds=SECONDS)
        entries = OutboxEntry.objects.filter(connection=connection)
        facts = {
            "booked": booked,
            "waiting": entries.filter(status=OutboxEntry.Status.PENDING).count(),
            "failed": entries.filter(status=OutboxEntry.Status.STUCK).count(),
        }
        words = f"Booked: {facts['booked']}. Waiting: {facts['waiting']}, failed: {facts['failed']}."
        self.stdout.write(json.dumps(facts) if options["json"] else words)
        if facts["failed"]:
            raise CommandError("What failed, and why, stands in Settings > Integrations > Sync log.")
