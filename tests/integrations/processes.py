"""Python in processes of their own, on the tests' database and a running sandbox."""

import os
import subprocess
import sys
from pathlib import Path

from django.conf import settings
from django.db import connection

from sandbox import Sandbox

ROOT = Path(__file__).resolve().parent.parent.parent
BEGIN = "import django; django.setup()\n"


def database_url() -> str:
    """The tests' database, for another process. The test must not hold it in a transaction: transactional_db."""
    name = connection.settings_dict["NAME"]
    if connection.vendor == "sqlite":
        return f"sqlite:///{name}"
    return f"{os.environ['DATABASE_URL'].rsplit('/', 1)[0]}/{name}"


def start_python(code: str, *, sandbox: Sandbox, **variables: str) -> "subprocess.Popen[str]":
    """One process; ``variables`` are for its environment."""
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "crm.settings",
        "DATABASE_URL": database_url(),
        "FIELD_ENCRYPTION_KEYS": ",".join(settings.FIELD_ENCRYPTION_KEYS),
        "QUICKBOOKS_ENVIRONMENT": sandbox.discovery_url,
        "QUICKBOOKS_API_URL": sandbox.api_url,
        "QUICKBOOKS_CLIENT_ID": sandbox.client_id,
        "QUICKBOOKS_CLIENT_SECRET": sandbox.client_secret,
        **variables,
    }
    command = [sys.executable, "-c", BEGIN + code]
    return subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def run_python(code: str, *, times: int, sandbox: Sandbox, **variables: str) -> list[str]:
    """The same code at the same time in so many processes; what each printed. Fails the test when one fails."""
    running = [start_python(code, sandbox=sandbox, **variables) for _ in range(times)]
    outcomes = [process.communicate(timeout=60) for process in running]
    for process, (_, complaint) in zip(running, outcomes, strict=True):
        assert process.returncode == 0, complaint
    return [said.strip() for said, _ in outcomes]
