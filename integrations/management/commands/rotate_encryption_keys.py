"""Encrypt every stored secret anew, with the first of FIELD_ENCRYPTION_KEYS."""

from collections.abc import Callable, Iterator
from typing import Any

from allauth.mfa.models import Authenticator
from cryptography.fernet import InvalidToken
from django.apps import apps
from django.core.management.base import BaseCommand, CommandError
from django.db import models, transaction
from django.db.models.functions import Cast

from crm.accounts import SecondFactorAdapter
from integrations.fields import CannotDecrypt, SecretTextField, decrypt


class Command(BaseCommand):
    help = (
        "Encrypt every stored secret anew, with the first of FIELD_ENCRYPTION_KEYS. To replace a key: put the new one "
        "first, restart, run this, then take the old one out. It may run while Tallybook works."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        unreadable: list[str] = []
        done = sum(self.rotate(model, field, unreadable) for model, field in secret_fields())
        done += self.rotate_second_factors(unreadable)
        self.stdout.write(f"{done} stored secret{'' if done == 1 else 's'} now need the first key alone.")
        if unreadable:
            raise CommandError(
                f"Not readable with any key, and left as they are: {', '.join(unreadable)}. "
                "Put the key they were encrypted with back into FIELD_ENCRYPTION_KEYS and run this again."
            )

    def rotate(self, model: type[models.Model], field: str, unreadable: list[str]) -> int:
        """One column. A row that changes meanwhile is left alone: it was written with the first key just then."""
        rows = model._default_manager.annotate(ciphertext=Cast(field, models.TextField())).exclude(ciphertext="")
        done = 0
        for pk, ciphertext in list(rows.values_list("pk", "ciphertext")):
            try:
                done += rows.filter(pk=pk, ciphertext=ciphertext).update(**{field: decrypt(ciphertext)})
            except CannotDecrypt:
                unreadable.append(f"{model._meta.verbose_name} {pk}, {field}")
        return done

    def rotate_second_factors(self, unreadable: list[str]) -> int:
        adapter, done = SecondFactorAdapter(), 0
        for pk in Authenticator.objects.values_list("pk", flat=True):
            with transaction.atomic():
                row = Authenticator.objects.select_for_update().get(pk=pk)
                try:
                    row.data = _each_token(row.data, lambda token: adapter.encrypt(adapter.decrypt(token)))
                except InvalidToken:
                    unreadable.append(f"second factor {pk}")
                    continue
                row.save(update_fields=["data"])
                done += 1
        return done


def secret_fields() -> Iterator[tuple[type[models.Model], str]]:
    for model in apps.get_models():
        for field in model._meta.concrete_fields:
            if isinstance(field, SecretTextField):
                yield model, field.name


def _each_token(data: Any, rotate: Callable[[str], str]) -> Any:
    """The same data with its Fernet tokens rotated; they all begin alike, whatever they hold."""
    if isinstance(data, str):
        return rotate(data) if data.startswith("gAAAA") else data
    if isinstance(data, list):
        return [_each_token(one, rotate) for one in data]
    if isinstance(data, dict):
        return {name: _each_token(one, rotate) for name, one in data.items()}
    return data
