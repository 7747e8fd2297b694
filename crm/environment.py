"""Reads the environment variables, and says in plain sentences what is wrong with them.

Every reader returns a usable value even when the variable is bad, so that all problems are told at once by
``stop_if_wrong`` instead of one per start.
"""

import os
import sys
from pathlib import Path
from urllib.parse import urlsplit

import environ
from cryptography.fernet import Fernet

LOOPBACK = {"127.0.0.1", "localhost", "::1"}

env = environ.Env()
problems: list[str] = []


def read_env_file(path: Path) -> None:
    """Take variables from ``path`` where the process does not have them; TALLYBOOK_ENV_FILE names another file."""
    chosen = os.environ.get("TALLYBOOK_ENV_FILE")
    file = Path(chosen) if chosen is not None and chosen != "" else path
    if chosen != "" and file.is_file():
        environ.Env.read_env(file)


def text(name: str, default: str = "") -> str:
    return str(env.str(name, default=default)).strip()


def required(name: str, hint: str) -> str:
    value = text(name)
    if not value:
        problems.append(f"{name} is not set. {hint}")
    return value or "missing"


def flag(name: str, default: bool = False) -> bool:
    value = text(name, "true" if default else "false").lower()
    if value not in {"1", "true", "yes", "on", "0", "false", "no", "off", ""}:
        problems.append(f"{name} is {value!r}. Write true or false.")
    return value in {"1", "true", "yes", "on"}


def number(name: str, default: int, *, least: int = 0) -> int:
    value = text(name, str(default))
    if not value.isascii() or not value.isdigit() or int(value) < least:
        problems.append(f"{name} is {value!r}. Write a whole number of at least {least}.")
        return default
    return int(value)


def names(name: str, default: str = "") -> list[str]:
    return [part.strip() for part in text(name, default).split(",") if part.strip()]


def url(name: str, default: str = "", *, hint: str = "", verbatim: bool = False) -> str:
    """An https address, or a plain-http one on this machine; without a slash at its end, unless ``verbatim``."""
    value = text(name, default) if verbatim else text(name, default).rstrip("/")
    try:
        parts = urlsplit(value)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host, parts = None, urlsplit("")
    if parts.scheme not in {"http", "https"} or not host:
        problems.append(f"{name} is {value!r}. {hint or 'Write a whole address, such as https://crm.example.com.'}")
        return default
    if parts.scheme == "http" and host not in LOOPBACK:
        problems.append(f"{name} is {value!r}. Plain http is accepted for this machine only; write https.")
    return value


def is_plain_http(address: str) -> bool:
    return urlsplit(address).scheme == "http"


def database(name: str, default: str) -> dict[str, object]:
    value = text(name, default)
    if urlsplit(value).scheme not in {"sqlite", "postgres", "postgresql"}:
        problems.append(
            f"{name} must start with sqlite:///, postgres:// or postgresql://, such as "
            "postgres://user:password@localhost:5432/tallybook."
        )
        return dict(env.db_url_config(default))
    try:
        return dict(env.db_url_config(value))
    except Exception:  # noqa: BLE001 - the address may hold a password: it is not repeated
        problems.append(f"{name} cannot be read as a database address.")
        return dict(env.db_url_config(default))


def email(name: str, default: str) -> dict[str, object]:
    """Django's settings for the mail server that an address such as smtp+tls://user:password@host:587 names."""
    try:
        found = dict(env.email_url_config(text(name, default)))
        if folder := found.get("EMAIL_FILE_PATH"):  # written from the root, and read without its first slash
            found["EMAIL_FILE_PATH"] = f"/{str(folder).lstrip('/')}"
        return found
    except Exception:  # noqa: BLE001 - the address may hold a password: it is not repeated
        problems.append(
            f"{name} cannot be read as a mail address. Write smtp+tls://user:password@host:587, consolemail:// "
            "or filemail:///a/folder."
        )
        return dict(env.email_url_config(default))


def with_prefix(prefix: str) -> dict[str, object]:
    """Every variable that begins so, by the rest of its name."""
    return {name.removeprefix(prefix): value for name, value in os.environ.items() if name.startswith(prefix)}


def log_level(name: str, default: str) -> str:
    value = text(name, default).upper()
    if value not in {"DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"}:
        problems.append(f"{name} is {value!r}. Write DEBUG, INFO, WARNING, ERROR or CRITICAL.")
        return default
    return value


def both_or_none(first: str, second: str) -> None:
    """Two variables that are of no use alone."""
    if bool(text(first)) != bool(text(second)):
        missing, given = (second, first) if text(first) else (first, second)
        problems.append(f"{missing} is not set, and {given} is. Set both, or neither.")


def fernet_keys(name: str) -> list[str]:
    """Keys that encrypt tokens at rest; the first encrypts, all of them decrypt."""
    keys = names(name)
    if not keys:
        problems.append(
            f"{name} is not set. Make one with: python -c "
            '"from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())"'
        )
    for position, key in enumerate(keys, start=1):
        try:
            Fernet(key)
        except ValueError:
            problems.append(f"{name}: key {position} is not a Fernet key (32 bytes in URL-safe base64).")
    return keys


def stop_if_wrong() -> None:
    """End the process with one sentence per problem, never with a traceback later."""
    if problems:
        sys.exit("Tallybook cannot start:\n" + "\n".join(f"  - {problem}" for problem in problems))
