"""Where a campaign happens: a database of its own, a folder of its own, and the environment of an installation."""

import os
import secrets
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg import sql

from campaign.vendors import CREZCO_SECRET, Vendors

ROOT = Path(__file__).resolve().parent.parent
SETTINGS = "campaign.settings"


@contextmanager
def own_database(server: str, folder: Path) -> Iterator[str]:
    """The DATABASE_URL of an empty database: on the PostgreSQL server named, else a SQLite file."""
    if not server.startswith("postgres"):
        yield f"sqlite:///{folder / 'campaign.sqlite3'}"
        return
    base, name = server.rsplit("/", 1)[0], f"campaign_{secrets.token_hex(4)}"
    with psycopg.connect(f"{base}/postgres", autocommit=True) as postgres:
        postgres.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        try:
            yield f"{base}/{name}"
        finally:
            postgres.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def environment(vendors: Vendors, database: str, folder: Path) -> dict[str, str]:
    """An installation that talks to these stand-ins. No .env is read, and the secrets protect nothing."""
    sandbox = vendors.quickbooks
    return {
        "DJANGO_SETTINGS_MODULE": SETTINGS,
        "TALLYBOOK_ENV_FILE": "",
        "SECRET_KEY": "only-for-campaigns-" + "x" * 50,
        "FIELD_ENCRYPTION_KEYS": "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=",
        "DATABASE_URL": database,
        "DATA_DIR": str(folder),
        "EMAIL_URL": "memorymail://",
        "LOG_LEVEL": "CRITICAL",  # what goes wrong on purpose would fill pages
        "PYTHONWARNINGS": "ignore",
        "SITE_URL": vendors.site,
        "BEHIND_PROXY": "1",  # which tells from where in the world each payer comes
        "STATIC_STORAGE": "django.contrib.staticfiles.storage.StaticFilesStorage",
        "WORKER_PROBE_SECONDS": "5",
        "QUICKBOOKS_CLIENT_ID": sandbox.client_id,
        "QUICKBOOKS_CLIENT_SECRET": sandbox.client_secret,
        "QUICKBOOKS_ENVIRONMENT": sandbox.discovery_url,
        "QUICKBOOKS_API_URL": sandbox.api_url,
        "QUICKBOOKS_WEBHOOK_VERIFIER_TOKEN": sandbox.webhooks.token,
        "QUICKBOOKS_REQUESTS_PER_SECOND": "1000",
        "QUICKBOOKS_REQUESTS_PER_MINUTE": "60000",
        "STRIPE_API_URL": vendors.stripe.url,
        "STRIPE_SECRET_KEY": vendors.stripe.secret_key,
        "STRIPE_WEBHOOK_SECRET": vendors.stripe.webhooks.secret,
        "CREZCO_API_URL": vendors.crezco.url,
        "CREZCO_API_KEY": vendors.crezco.api_key,
        "CREZCO_USER_ID": vendors.crezco.user_id,
        "CREZCO_WEBHOOK_SECRET": CREZCO_SECRET,
        "TWILIO_API_URL": vendors.twilio.url,
        "TWILIO_ACCOUNT_SID": vendors.twilio.account.sid,
        "TWILIO_AUTH_TOKEN": vendors.twilio.account.token,
        "TWILIO_FROM": vendors.twilio.account.numbers[0],
        "TWILIO_PARTS_PER_SECOND": "100",
    }


def prepare() -> None:
    """Migrate; os.environ names the database."""
    command = [sys.executable, "manage.py", "prepare", "--skip-checks"]
    subprocess.run(command, cwd=ROOT, env=dict(os.environ), check=True)
