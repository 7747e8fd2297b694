"""A missing or malformed variable is a sentence at start-up, all of them at once, and never a traceback."""

import os
import subprocess
import sys

import pytest

from crm import environment
from tests.own_database import ROOT

GOOD = {
    "PATH": os.environ["PATH"],
    "TALLYBOOK_ENV_FILE": "",
    "SECRET_KEY": "x" * 50,
    "FIELD_ENCRYPTION_KEYS": "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=",
}
WRONG = [
    ({"SECRET_KEY": ""}, "SECRET_KEY is not set"),
    ({"DEBUG": "maybe"}, "DEBUG is 'maybe'. Write true or false"),
    ({"SITE_URL": "crm.example.com"}, "SITE_URL is 'crm.example.com'. Write a whole address"),
    ({"SITE_URL": "http://crm.example.com"}, "Plain http is accepted for this machine only"),
    ({"DATABASE_URL": "mysql://root:hush@db/crm"}, "DATABASE_URL must start with sqlite:///"),
    ({"DATABASE_URL": "postgres://crm:hush@db:port/crm"}, "DATABASE_URL cannot be read"),
    ({"FIELD_ENCRYPTION_KEYS": ""}, "FIELD_ENCRYPTION_KEYS is not set"),
    ({"FIELD_ENCRYPTION_KEYS": GOOD["FIELD_ENCRYPTION_KEYS"] + ",hush"}, "key 2 is not a Fernet key"),
    ({"QUICKBOOKS_CLIENT_ID": "abc"}, "QUICKBOOKS_CLIENT_SECRET is not set, and QUICKBOOKS_CLIENT_ID is"),
    ({"QUICKBOOKS_CLIENT_SECRET": "hush"}, "QUICKBOOKS_CLIENT_ID is not set, and QUICKBOOKS_CLIENT_SECRET is"),
    ({"QUICKBOOKS_ENVIRONMENT": "staging"}, "QUICKBOOKS_ENVIRONMENT is 'staging'"),
    ({"QUICKBOOKS_API_URL": "https://127.0.0.1:99999/v3"}, "QUICKBOOKS_API_URL is 'https://127.0.0.1:99999/v3'"),
    ({"QUICKBOOKS_API_URL": "https://books.example.com/v4"}, "It must end in /v3"),
    ({"QUICKBOOKS_WEBHOOK_VERIFIER_TOKEN": "a,b,c"}, "holds more than two tokens"),
    ({"EMAIL_URL": "pigeon://user:hush@host"}, "EMAIL_URL cannot be read as a mail address"),
    ({"LOG_LEVEL": "chatty"}, "LOG_LEVEL is 'CHATTY'"),
    ({"WORKERS": "0"}, "WORKERS is '0'. Write a whole number of at least 1"),
    ({"WORKERS": "many"}, "WORKERS is 'many'"),
]


def start(variables: dict[str, str]) -> "subprocess.CompletedProcess[str]":
    """Read the settings in a fresh process, in an environment of these variables alone."""
    command = [sys.executable, "-c", "import crm.settings"]
    return subprocess.run(command, cwd=ROOT, env=variables, capture_output=True, text=True, check=False, timeout=60)


def test_the_good_environment_starts() -> None:
    done = start(GOOD)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(("wrong", "sentence"), WRONG)
def test_a_wrong_variable_is_a_sentence(wrong: dict[str, str], sentence: str) -> None:
    done = start({**GOOD, **wrong})
    assert done.returncode == 1
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr
    assert "hush" not in done.stderr, "an address may hold a password, which is not repeated"
    assert done.stderr.count("\n  - ") == 1, done.stderr


def test_all_problems_are_told_at_once() -> None:
    done = start({"TALLYBOOK_ENV_FILE": "", "PATH": GOOD["PATH"], "DEBUG": "maybe"})
    assert done.stderr.count("\n  - ") == 3, done.stderr


def test_a_variable_of_the_process_wins_over_the_file(tmp_path: object) -> None:
    file = f"{tmp_path}/env"
    with open(file, "w") as lines:
        lines.write("SECRET_KEY=of-the-file\nDEBUG=maybe\n")
    done = start({**GOOD, "TALLYBOOK_ENV_FILE": file, "DEBUG": "false", "SECRET_KEY": ""})
    assert done.returncode == 1 and "SECRET_KEY is not set" in done.stderr and "DEBUG" not in done.stderr


@pytest.mark.parametrize("address", ["filemail:///a/folder", "filemail:////a/folder"])
def test_a_folder_for_mails_is_written_from_the_root(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.setenv("EMAIL_URL", address)
    assert environment.email("EMAIL_URL", "consolemail://")["EMAIL_FILE_PATH"] == "/a/folder"
