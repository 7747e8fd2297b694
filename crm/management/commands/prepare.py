"""Everything between installing and serving; also after every upgrade."""

import hashlib
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandParser


class Command(BaseCommand):
    help = "Bring the database up to date, make the cache table and collect the static files."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--demo", action="store_true", help="make the demo too, where nobody has worked yet")

    def handle(self, *args: Any, **options: Any) -> None:
        # For its owner alone: the embedded database lives here.
        settings.DATA_DIR.mkdir(mode=0o700, parents=True, exist_ok=True)
        settings.MEDIA_ROOT.mkdir(exist_ok=True)
        call_command("migrate", interactive=False, verbosity=0)
        call_command("createcachetable", verbosity=0)
        collect_static()
        if options["demo"]:
            call_command("seed_demo", "--if-new", stdout=self.stdout)


def collect_static() -> None:
    """Collect and compress the static files, unless nothing has changed since the last time."""
    stamp = Path(settings.STATIC_ROOT) / ".collected"
    state = state_of_static()
    if stamp.exists() and stamp.read_text() == state:
        return
    call_command("collectstatic", interactive=False, clear=True, verbosity=0)
    stamp.parent.mkdir(parents=True, exist_ok=True)
    stamp.write_text(state)


def state_of_static() -> str:
    """A digest of every file's name, size and time, and of how they are stored."""
    digest = hashlib.sha256(settings.STORAGES["staticfiles"]["BACKEND"].encode())
    for finder in get_finders():
        for name, storage in finder.list([]):
            file = Path(storage.path(name)).stat()
            digest.update(f"{name} {file.st_size} {file.st_mtime_ns}\n".encode())
    return digest.hexdigest()
