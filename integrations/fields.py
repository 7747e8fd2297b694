"""Text that is encrypted before it reaches the database."""

from functools import lru_cache
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.db import models


class CannotDecrypt(Exception):
    """No key in FIELD_ENCRYPTION_KEYS fits: the key was lost, or the row comes from another installation."""


class Secret(str):
    """Text that shows itself to nobody: not in a traceback's variables, a debug page or a shell."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "***"


@lru_cache(maxsize=4)
def _fernet(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(key) for key in keys])


def encrypt(text: str) -> str:
    return _fernet(tuple(settings.FIELD_ENCRYPTION_KEYS)).encrypt(text.encode()).decode()


def decrypt(token: str) -> Secret:
    """The text again. Raises CannotDecrypt, never hands out the ciphertext."""
    try:
        return Secret(_fernet(tuple(settings.FIELD_ENCRYPTION_KEYS)).decrypt(token.encode()).decode())
    except InvalidToken as error:
        raise CannotDecrypt("Stored secrets cannot be read with FIELD_ENCRYPTION_KEYS.") from error


class SecretTextField(models.TextField):
    """A secret: ciphertext in the database, plain text in Python, and "" stays ""."""

    def get_prep_value(self, value: Any) -> Any:
        return encrypt(value) if value else ""

    def from_db_value(self, value: str | None, expression: Any, connection: Any) -> str:
        return decrypt(value) if value else ""

    def value_to_string(self, obj: models.Model) -> str:
        """What ``dumpdata`` writes: nothing. Who loads it connects again."""
        return ""
