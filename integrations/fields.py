"""Text that is encrypted before it reaches the database."""

from functools import lru_cache
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.db import models
from django.db.models.query_utils import DeferredAttribute


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


class Ciphertext(str):
    """What the database holds, not read yet."""

    __slots__ = ()


class _DecryptedWhenRead(DeferredAttribute):
    """Decrypts at the first reading: a row whose secrets nobody needs loads with a lost key too."""

    def __get__(self, instance: models.Model | None, cls: type[models.Model] | None = None) -> Any:
        value = super().__get__(instance, cls)
        if isinstance(value, Ciphertext) and instance is not None:
            value = instance.__dict__[self.field.attname] = decrypt(value)
        return value

    def __set__(self, instance: models.Model, value: Any) -> None:
        # Only with it does Python ask the descriptor before the row's own dictionary.
        instance.__dict__[self.field.attname] = value


class SecretTextField(models.TextField):
    """A secret: ciphertext in the database, plain text on the row, and "" stays "".

    Reading the attribute raises CannotDecrypt when no key fits. ``values()`` gives ciphertext.
    """

    descriptor_class = _DecryptedWhenRead

    def get_prep_value(self, value: Any) -> Any:
        return encrypt(value) if value and not isinstance(value, Ciphertext) else str(value or "")

    def from_db_value(self, value: str | None, expression: Any, connection: Any) -> str:
        return Ciphertext(value) if value else ""

    def value_to_string(self, obj: models.Model) -> str:
        """What ``dumpdata`` writes: nothing. Who loads it connects again."""
        return ""
