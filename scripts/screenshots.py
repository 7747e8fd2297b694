"""``make screenshots``: the README's pictures, taken of the running program.

Starts `make run`'s own crew in a folder that is thrown away, does with a browser what a newcomer would do, and
saves what is seen in docs/screenshots/. Needs Chromium (CHROMIUM names another than Debian's).
"""

import os
import re
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "docs" / "screenshots"
QUIET = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync", "--disable-dev-shm-usage"),
)
LOGIN = re.compile(r"Admin: (\S+)\s+password: (\S+)")


def main() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, running(Path(folder)) as (site, email, password):
        with sync_playwright() as playwright:
            chromium = os.environ.get("CHROMIUM", "/usr/bin/chromium")
            browser = playwright.chromium.launch(executable_path=chromium, args=list(QUIET))
            page = browser.new_page(viewport={"width": 1280, "height": 800}, device_scale_factor=1)
            fill_the_books(page, site, email, password)
            take(page, site)
            browser.close()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(folder: Path) -> Iterator[tuple[str, str, str]]:
    """The whole program with a demo of its own; gives its address and the admin's login."""
    port, sandbox_port = free_port(), free_port()
    keys = {"SECRET_KEY": secrets.token_urlsafe(50), "FIELD_ENCRYPTION_KEYS": fernet_key()}
    discovery = f"http://127.0.0.1:{sandbox_port}/.well-known/openid_configuration"
    environment = {
        **{name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "SITE_URL"}},
        **keys,
        "TALLYBOOK_ENV_FILE": "",
        "DATA_DIR": str(folder),
        "PORT": str(port),
        "SANDBOX_PORT": str(sandbox_port),
        "QUICKBOOKS_CLIENT_ID": "sandbox-client",
        "QUICKBOOKS_CLIENT_SECRET": "sandbox-secret",
        "QUICKBOOKS_ENVIRONMENT": discovery,
        "QUICKBOOKS_API_URL": f"http://127.0.0.1:{sandbox_port}/v3",
    }
    command = [sys.executable, "scripts/run.py"]
    program = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)
    try:
        email, password = login_told_by(program)
        yield f"http://127.0.0.1:{port}", email, password
    finally:
        program.send_signal(signal.SIGINT)
        program.wait(60)


def fernet_key() -> str:
    from cryptography.fernet import Fernet

    return Fernet.generate_key().decode()


def login_told_by(program: "subprocess.Popen[str]") -> tuple[str, str]:
    for line in program.stdout or ():
        found = LOGIN.search(line)
        if found:
            return found[1], found[2]
    sys.exit("The program ended before it told its logins.")


def fill_the_books(page: Page, site: str, email: str, password: str) -> None:
    """Log in, connect, import the contacts and the newest year."""
    page.goto(f"{site}/accounts/login/")
    page.fill("input[name=login]", email)
    page.fill("input[name=password]", password)
    page.press("input[name=password]", "Enter")
    page.wait_for_url(f"{site}/")
    page.goto(f"{site}/settings/integrations/")
    page.get_by_role("button", name="QB Connect").click()
    page.get_by_role("button", name="Connect", exact=True).click()
    page.wait_for_url("**/connected/")
    page.goto(f"{site}/imports/contacts/")
    page.get_by_role("button", name="Import contacts now").click()
    page.get_by_role("link", name="See the contacts").wait_for(timeout=60_000)
    page.goto(f"{site}/imports/invoices/")
    page.locator("input[name=year]").first.wait_for()
    page.get_by_role("button", name="Import invoices now").click()
    page.get_by_role("link", name="See the invoices").wait_for(timeout=60_000)
    page.screenshot(path=FOLDER / "import.png")
    page.get_by_role("button", name="imported").click()
    page.wait_for_load_state("networkidle")


def take(page: Page, site: str) -> None:
    page.goto(f"{site}/invoices/")
    page.wait_for_load_state("networkidle")
    page.screenshot(path=FOLDER / "invoices.png")
    page.locator("tbody tr:has(.chip-paid) a, tbody tr a").first.click()
    page.wait_for_load_state("networkidle")
    page.screenshot(path=FOLDER / "invoice.png")
    page.set_viewport_size({"width": 360, "height": 760})
    page.goto(f"{site}/contacts/")
    page.wait_for_load_state("networkidle")
    page.screenshot(path=FOLDER / "contacts-phone.png")


if __name__ == "__main__":
    main()
