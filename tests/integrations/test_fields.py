"""Secrets at rest: ciphertext in the database, plain text in Python, and keys that can be replaced."""

from io import StringIO

import pytest
from allauth.mfa.models import Authenticator
from cryptography.fernet import Fernet
from django.core import serializers
from django.core.management import CommandError, call_command
from django.db import connection as database

from crm.accounts import SecondFactorAdapter
from integrations.fields import CannotDecrypt
from integrations.models import QuickBooksConnection
from tests.factories import make_user


def new_key() -> str:
    return Fernet.generate_key().decode()


def stored(column: str) -> str:
    """What stands in the database itself."""
    with database.cursor() as cursor:
        cursor.execute(f"SELECT {column} FROM integrations_quickbooksconnection")
        return cursor.fetchone()[0]


def test_the_database_holds_ciphertext_and_python_the_text(connection):
    read = QuickBooksConnection.objects.get()
    assert read.access_token == connection.access_token
    assert connection.access_token not in stored("access_token")
    assert stored("access_token").startswith("gAAAA")


def test_nothing_is_kept_as_nothing(connection):
    QuickBooksConnection.objects.update(access_token="")
    assert stored("access_token") == ""
    assert QuickBooksConnection.objects.get().access_token == ""


def test_a_secret_shows_itself_to_nobody(connection):
    read = QuickBooksConnection.objects.get()
    assert repr(read.access_token) == "***"
    assert connection.access_token not in f"{vars(read)}"
    assert connection.access_token not in serializers.serialize("json", [read])
    assert connection.refresh_token not in serializers.serialize("json", [read])


def test_an_older_key_still_reads_and_the_first_writes(connection, settings):
    old = settings.FIELD_ENCRYPTION_KEYS
    new = new_key()
    settings.FIELD_ENCRYPTION_KEYS = [new, *old]
    assert QuickBooksConnection.objects.get().refresh_token == connection.refresh_token
    QuickBooksConnection.objects.update(access_token="fresh")
    assert Fernet(new).decrypt(stored("access_token").encode()) == b"fresh"


def test_a_wrong_key_is_an_error_and_never_hands_out_ciphertext(connection, settings):
    settings.FIELD_ENCRYPTION_KEYS = [new_key()]
    read = QuickBooksConnection.objects.get()
    assert read.company_name == connection.company_name
    for name in ("access_token", "refresh_token"):
        with pytest.raises(CannotDecrypt):
            getattr(read, name)
    with pytest.raises(CannotDecrypt):
        read.save()


def test_a_row_saved_whole_keeps_its_secrets(connection):
    QuickBooksConnection.objects.get().save()
    read = QuickBooksConnection.objects.get()
    assert (read.access_token, read.refresh_token) == (connection.access_token, connection.refresh_token)
    read.refresh_from_db()
    assert read.access_token == connection.access_token


def test_after_rotation_the_old_key_can_be_taken_out(connection, settings):
    user = make_user()
    secret = SecondFactorAdapter().encrypt("TOTP")
    Authenticator.objects.create(user=user, type="totp", data={"secret": secret})
    Authenticator.objects.create(user=user, type="recovery_codes", data={"migrated_codes": [secret], "used_mask": 3})
    new = new_key()
    settings.FIELD_ENCRYPTION_KEYS = [new, *settings.FIELD_ENCRYPTION_KEYS]
    out = StringIO()
    call_command("rotate_encryption_keys", stdout=out)
    assert out.getvalue().startswith("4 stored secrets")
    settings.FIELD_ENCRYPTION_KEYS = [new]
    read = QuickBooksConnection.objects.get()
    assert (read.access_token, read.refresh_token) == (connection.access_token, connection.refresh_token)
    totp, codes = Authenticator.objects.order_by("id")
    assert SecondFactorAdapter().decrypt(totp.data["secret"]) == "TOTP"
    assert SecondFactorAdapter().decrypt(codes.data["migrated_codes"][0]) == "TOTP"
    assert codes.data["used_mask"] == 3


def test_rotation_names_what_it_cannot_read_and_fails(connection, settings):
    before = stored("access_token")
    settings.FIELD_ENCRYPTION_KEYS = [new_key()]
    with pytest.raises(CommandError, match=f"QuickBooks connection {connection.pk}, access_token"):
        call_command("rotate_encryption_keys", stdout=StringIO())
    assert stored("access_token") == before
