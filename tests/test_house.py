"""The rules of the house: imports point down, models and migrations agree, views are guarded, no secrets lie about."""

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.urls import URLPattern, URLResolver, get_resolver

ROOT = Path(__file__).resolve().parent.parent
FLOORS = ["crm", "invoicing", "messaging", "integrations"]
# Views of ours that answer without a login, each with its reason.
PUBLIC = {
    "health:healthz": "a probe has no login",
    "health:worker": "a probe has no login",
    "staff:join": "who is invited has no login yet; the address holds the secret",
    "staff:logo": "the login page shows it",
    "public:invoice": "customers have no login; the address holds the secret",
    "public:seen": "the same",
    "public:pdf": "the same",
    "public:receipt": "the same",
    "public:pay": "the same",
    "public:paid": "the same",
    "public:all": "the same",
    "public:statement": "the same",
    "public:statement-pay": "the same",
    "public:statement-paid": "the same",
    "public:statement-invoice": "the same",
    "integrations:stripe-webhook": "Stripe has no login; every body is signed",
    "integrations:crezco-webhook": "Crezco has no login; the address holds the secret, and nothing told is believed",
    "messages-public:ask": "customers have no login; the address holds the secret",
    "messages-public:unsubscribe": "who got a mail has no login; the address holds the proof",
    "integrations:email-inbound": "the same",
    "integrations:email-webhook": "an email service has no login; it knows the secret",
    "integrations:twilio-inbound": "Twilio has no login; every form is signed",
    "integrations:twilio-status": "the same",
    "integrations:quickbooks-webhook": "Intuit has no login; every body is signed",
}


def python_files(folder: str) -> Iterator[Path]:
    return (path for path in (ROOT / folder).rglob("*.py") if "__pycache__" not in path.parts)


def imported_by(path: Path) -> set[str]:
    """The top names of everything that a file imports, inside functions too."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            found.add(node.module.split(".")[0])
    return found


@pytest.mark.parametrize("floor", FLOORS)
def test_imports_point_down(floor: str) -> None:
    above = set(FLOORS[FLOORS.index(floor) + 1 :]) | {"sandbox", "tests", "bench", "campaign", "scripts"}
    wrong = {str(path.relative_to(ROOT)): imported_by(path) & above for path in python_files(floor)}
    assert not {path: names for path, names in wrong.items() if names}


def test_the_sandbox_stands_apart() -> None:
    strangers = {"django", "tests", "bench", "campaign", "scripts", *FLOORS}
    wrong = {str(path.relative_to(ROOT)): imported_by(path) & strangers for path in python_files("sandbox")}
    assert not {path: names for path, names in wrong.items() if names}


@pytest.mark.django_db
def test_models_and_migrations_agree() -> None:
    call_command("makemigrations", "--check", "--dry-run", verbosity=0)


def own_views() -> Iterator[tuple[str, URLPattern]]:
    def walk(patterns: list[URLPattern | URLResolver], namespace: str) -> Iterator[tuple[str, URLPattern]]:
        for one in patterns:
            if isinstance(one, URLResolver):
                yield from walk(one.url_patterns, one.namespace or namespace)
            elif one.callback.__module__.split(".")[0] in FLOORS:
                yield f"{namespace}:{one.name}", one

    return walk(get_resolver().url_patterns, "")


def test_every_view_of_ours_is_guarded() -> None:
    views = dict(own_views())
    assert "health:healthz" in views
    open_to_all = [name for name, view in views.items() if not hasattr(view.callback, "permission")]
    assert not set(open_to_all) - set(PUBLIC), "guard it with crm.roles.allowed, or say above why it is public"


def names_its_methods(view: Any) -> bool:
    """Whether require_GET, require_POST or their kin are among the decorators: they hold a list of methods."""
    while view is not None:
        held = [cell.cell_contents for cell in getattr(view, "__closure__", None) or ()]
        if any(isinstance(one, list) and {"GET", "POST"} & set(map(str, one)) for one in held):
            return True
        view = getattr(view, "__wrapped__", None)
    return False


def test_every_view_of_ours_says_which_methods_it_answers() -> None:
    """A view that writes on any method could be triggered by a link."""
    assert not [name for name, view in own_views() if not names_its_methods(view.callback)]


SECRETS = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----|\bgAAAAA[\w-]{60,}|\bsk_live_\w{16,}|\bAKIA[0-9A-Z]{16}\b|\bghp_\w{30,}"
)


def test_no_secret_is_kept_in_the_repository() -> None:
    names = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    files = [ROOT / name for name in names.split("\0") if name]
    assert not [path for path in files if path.name == ".env" or path.suffix in {".sqlite3", ".pem", ".key"}]
    texts = ((path, path.read_text(errors="ignore")) for path in files if path.is_file())
    assert not [path for path, text in texts if SECRETS.search(text)]


def test_no_page_has_inline_styles_or_scripts() -> None:
    """The Content-Security-Policy forbids them, so they would silently do nothing."""
    inline = re.compile(r"""\sstyle\s*=\s*["']|\son[a-z]+\s*=\s*["']|<script(?![^>]*\bsrc=)|<style|hx-on""", re.I)
    pages = [path for path in (ROOT / "templates").rglob("*.html")]
    wrong = {str(path.relative_to(ROOT)): found[0] for path in pages if (found := inline.search(path.read_text()))}
    assert not wrong
