"""What all tests share."""

from pathlib import Path

import pytest
from django.conf import settings
from django.db import connections
from hypothesis import settings as hypothesis_settings


def pytest_configure() -> None:
    # How long an example takes says something of the machine and nothing of the rule.
    hypothesis_settings.register_profile("tallybook", deadline=None)
    hypothesis_settings.load_profile("tallybook")
    # Made-up passwords need no slow digest.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings: None, tmp_path_factory: pytest.TempPathFactory) -> None:
    """SQLite in a file, as in real life: in memory, threads would meet locks that do not exist otherwise."""
    database = connections["default"].settings_dict
    if database["ENGINE"] == "django.db.backends.sqlite3":
        database["TEST"]["NAME"] = str(Path(tmp_path_factory.mktemp("database")) / "tests.sqlite3")
