"""Make an admin, such as the first one of an installation without a demo."""

import getpass
import os
import sys
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.validators import validate_email
from django.db import transaction

from crm import demo
from crm.models import User

PASSWORD_VARIABLE = "TALLYBOOK_ADMIN_PASSWORD"  # noqa: S105 - the name of the variable


class Command(BaseCommand):
    help = f"Make an admin. The password is asked for, or taken from {PASSWORD_VARIABLE}."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")
        parser.add_argument("--name", default="")
        parser.add_argument("--password", help="other people on this machine can see it while the command runs")

    def handle(self, *args: Any, **options: Any) -> None:
        email = options["email"].strip().lower()
        user = User(email=email, name=options["name"], role=User.Role.ADMIN, is_staff=True, is_superuser=True)
        try:
            validate_email(email)
            if User.objects.filter(email__iexact=email).exists():
                raise CommandError(
                    f"{email} has a login already. `manage.py changepassword {email}` gives it another password."
                )
            password = options["password"] or os.environ.get(PASSWORD_VARIABLE) or self.ask()
            validate_password(password, user)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        user.set_password(password)
        with transaction.atomic():
            user.save()
            demo.verify(user)
        self.stdout.write(f"{email} can log in now, as an admin.")

    def ask(self) -> str:
        if not sys.stdin.isatty():
            raise CommandError(f"Nobody is there to type a password. Put it into {PASSWORD_VARIABLE}.")
        password = getpass.getpass("Password: ")
        if getpass.getpass("Again: ") != password:
            raise CommandError("The two passwords differ; nothing was made.")
        return password
