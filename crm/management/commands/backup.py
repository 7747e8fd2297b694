"""Write the database and the uploads into one file."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from crm import backups, dumps
from crm.templatetags.humanize_count import count


class Command(BaseCommand):
    help = "Write the database and the uploads into one .tar.gz file, while the program runs."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--force", action="store_true", help="overwrite a file that is there")

    def handle(self, *args: Any, **options: Any) -> None:
        target: Path = options["file"].absolute()
        try:
            manifest = backups.make(target, overwrite=options["force"])
        except (backups.BackupError, dumps.DumpError, OSError) as error:
            raise CommandError(str(error)) from error
        uploads = count(len(manifest.files) - 1, "upload")
        self.stdout.write(
            f"{target}: the {manifest.database} database and {uploads}, {target.stat().st_size:,} bytes.\n"
            "Keep FIELD_ENCRYPTION_KEYS somewhere else: the backup's stored tokens are of no use without them."
        )
