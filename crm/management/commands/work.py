"""The worker: every queue of the installation, watched."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError

from crm import heartbeats
from crm.runner.supervisor import Supervisor
from crm.schedules import ensure_schedules


class Command(BaseCommand):
    help = "Work on the queues until stopped, and start again what hangs or dies."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--queue",
            action="append",
            choices=heartbeats.queues(),
            help="only this one; give it again for another (default: all)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            ensure_schedules()
        except DatabaseError as error:
            raise CommandError(f"The database is not ready ({error}). First: manage.py prepare") from error
        Supervisor(options["queue"] or heartbeats.queues()).run()
