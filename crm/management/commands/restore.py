"""Put a backup in the place of all there is."""

from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError
from django.utils import timezone

from crm import backups, dumps, heartbeats


class Command(BaseCommand):
    help = "Replace the database and the uploads by those of a backup. Stop web and worker first."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--yes", action="store_true", help="do not ask")
        parser.add_argument("--force", action="store_true", help="although the worker seems to run")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            with backups.opened(options["file"]) as (manifest, folder):
                backups.refuse_if_foreign(manifest)
                if not options["force"]:
                    refuse_while_working()
                if not options["yes"] and not self.confirms(manifest):
                    raise CommandError("Nothing was changed.")
                backups.put_back(folder)
        except (backups.BackupError, dumps.DumpError) as error:
            raise CommandError(str(error)) from error
        call_command("migrate", interactive=False, verbosity=0)
        self.stdout.write(f"Restored what was backed up at {manifest.made_at}.")
        if backups.has_other_keys(manifest):
            self.stderr.write(
                "The backup was made with other FIELD_ENCRYPTION_KEYS. Put those back, or connect QuickBooks again."
            )

    def confirms(self, manifest: backups.Manifest) -> bool:
        self.stdout.write(f"This replaces all data by those of {manifest.made_at} (version {manifest.version}).")
        try:
            return input("Type yes to go on: ").strip().lower() == "yes"
        except EOFError:
            return False


def refuse_while_working() -> None:
    try:
        ages = heartbeats.ages(timezone.now())
    except DatabaseError:
        return  # an empty database: nobody works in it
    age = ages[heartbeats.RUNNER]
    if age is not None and age <= heartbeats.limit_of(heartbeats.RUNNER):
        raise CommandError(
            f"The worker gave a sign of life {age:.0f} seconds ago. Stop web and worker first; "
            "if they are stopped, wait a minute or add --force."
        )
