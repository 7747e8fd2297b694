"""Make the demo business with its two logins."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from crm import demo
from crm.models import Business


class Command(BaseCommand):
    help = "Make the demo: a business, an admin and an agent. Run again it completes what is missing."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--if-new", action="store_true", help="only where nobody has worked yet, or a demo is")

    def handle(self, *args: Any, **options: Any) -> None:
        is_demo = Business.objects.filter(is_demo=True).exists()
        if options["if_new"] and not is_demo and not demo.is_untouched():
            return
        try:
            password = demo.seed()
        except demo.NotADemo as error:
            raise CommandError(str(error)) from error
        for email, (_, role) in demo.LOGINS.items():
            self.stdout.write(f"{role.label}: {email}   password: {password}")
