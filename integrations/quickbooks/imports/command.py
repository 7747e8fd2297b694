"""What the import commands share: the very code of the buttons, told in a terminal."""

import json
import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from integrations.models import ImportRun, QuickBooksConnection
from integrations.quickbooks.imports import runs
from integrations.quickbooks.imports.phases import PHASES, counted

NAMES = {"customer": "contacts", "invoice": "invoices", "payment": "payments"}


class ImportCommand(BaseCommand):
    """Starts a run and does all its steps in this process. Exits with 1 when the import did not end well."""

    kind = ""
    headline = ""  # the entity whose counts also stand at the top of the JSON

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--preview", action="store_true", help="only say what would become of each record")
        parser.add_argument("--json", action="store_true", help="print the counts as JSON, and nothing else")

    def handle(self, *args: Any, **options: Any) -> None:
        connection = QuickBooksConnection.objects.current()
        if connection is None:
            raise CommandError("QuickBooks is not connected. Connect it in Settings > Integrations.")
        try:
            run = runs.start(connection, self.kind, year=options.get("year"), preview=options["preview"])
        except runs.CannotDo as error:
            raise CommandError(str(error)) from error
        run = self._to_the_end(run, quiet=options["json"])
        self.stdout.write(self._as_json(run) if options["json"] else self._as_words(run))
        if run.status != ImportRun.Status.DONE:
            raise CommandError(f"The import ended as {run.get_status_display().lower()}: {run.message}")

    def _to_the_end(self, run: ImportRun, *, quiet: bool) -> ImportRun:
        """Do all steps; wait here when QuickBooks asks for patience, or when a worker took the next step instead."""
        while True:
            run = runs.run_to_end(run, told=lambda run: None if quiet else self._tell(run))
            if not run.is_active:
                return run
            if run.message and not quiet:
                self.stderr.write(run.message)
            until = run.not_before or timezone.now()
            time.sleep(max(1.0, (until - timezone.now()).total_seconds()))

    def _tell(self, run: ImportRun) -> None:
        if run.phase and run.total is not None:
            self.stdout.write(f"{PHASES[run.phase].words}: {run.done} of {run.total}")

    def _as_words(self, run: ImportRun) -> str:
        lines = []
        for entity in run.counts:
            counts = ", ".join(f"{number} {outcome}" for outcome, number in counted(run, entity).items())
            lines.append(f"{NAMES[entity].capitalize()}: {counts}")
        dropped = run.items.filter(outcome="dropped").order_by("id")[:20]
        lines += [f"  left out: {item.name} - {item.reason}" for item in dropped]
        return "\n".join(lines)

    def _as_json(self, run: ImportRun) -> str:
        counts = {name: counted(run, entity) for entity, name in NAMES.items() if entity in run.counts}
        facts = {"run": run.pk, "status": run.status, "preview": run.is_preview, "message": run.message}
        return json.dumps({**facts, **counted(run, self.headline), **counts})
