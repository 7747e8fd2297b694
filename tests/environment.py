"""The environment in which the tests run, set before Django reads its settings; no .env file is read."""

import os

from cryptography.fernet import Fernet

os.environ["TALLYBOOK_ENV_FILE"] = ""
os.environ["SECRET_KEY"] = "only-for-tests-" + "x" * 50
os.environ["FIELD_ENCRYPTION_KEYS"] = Fernet.generate_key().decode()
os.environ["DEBUG"] = "false"
os.environ["SITE_URL"] = "http://127.0.0.1:8000"
os.environ["ALLOWED_HOSTS"] = "testserver,127.0.0.1,localhost"
os.environ["EMAIL_URL"] = "memorymail://"
os.environ["STATIC_STORAGE"] = "django.contrib.staticfiles.storage.StaticFilesStorage"
os.environ["QUICKBOOKS_CLIENT_ID"] = "sandbox-client"
os.environ["QUICKBOOKS_CLIENT_SECRET"] = "sandbox-secret"
os.environ["QUICKBOOKS_ENVIRONMENT"] = "sandbox"
os.environ.pop("QUICKBOOKS_API_URL", None)
# Only the name: tests use a copy of their own (tests/conftest.py). Not ":memory:", because pytest-django would then
# share one connection between the threads of the live server, and SQLite crashes the process.
os.environ.setdefault("DATABASE_URL", "sqlite:////never/opened.sqlite3")
