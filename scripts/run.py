"""``make run``: web, worker and the QuickBooks sandbox together, until Ctrl-C stops them together."""

import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from types import FrameType
from urllib.parse import urlsplit

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from scripts.processes import Crew, Member  # noqa: E402 - the repository's root has just been put on the path

ROOT = Path(__file__).resolve().parent.parent
DISCOVERY = "/.well-known/openid_configuration"
CREZCO_USER = "6f1d1f0e-2a57-4b8e-9d3a-1c5e8f7a9b42"  # the same in each run: demands of earlier ones stay known
VERIFIER = "QUICKBOOKS_WEBHOOK_VERIFIER_TOKEN"


def main() -> None:
    signal.signal(signal.SIGTERM, stop_like_ctrl_c)
    signal.signal(signal.SIGHUP, stop_like_ctrl_c)
    try:
        start()
    except KeyboardInterrupt:
        print("\nStopped. Your data is kept; `make run` goes on where you left.", flush=True)


def stop_like_ctrl_c(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def start() -> None:
    environment = with_env_file(os.environ, os.environ.get("TALLYBOOK_ENV_FILE", str(ROOT / ".env")))
    web_port = port_from(environment, "PORT", 8000)
    sandbox_port = port_from(environment, "SANDBOX_PORT", sandbox_port_of(environment) or 8001)
    has_sandbox = sandbox_port_of(environment) is not None
    follow_the_ports(environment, web_port, sandbox_port, has_sandbox)
    stop_if_taken(web_port, "PORT")
    if has_sandbox and sandbox_port == web_port:
        sys.exit(f"PORT and SANDBOX_PORT are both {web_port}. Nothing was started. Choose two different ones.")
    if has_sandbox:
        stop_if_taken(sandbox_port, "SANDBOX_PORT")
    if has_sandbox:
        agree_on_a_verifier(environment)
        pay_at_the_sandbox(environment, sandbox_port)
        text_at_the_sandbox(environment, sandbox_port)
    logins = prepare(environment)
    crew = Crew(members(environment, web_port, sandbox_port if has_sandbox else None), environment, ROOT)
    with crew:
        crew.wait_until(lambda: answers(web_port), seconds=60)
        tell(environment, logins, sandbox_port if has_sandbox else None)
        crew.watch()


def with_env_file(own: Mapping[str, str], path: str) -> dict[str, str]:
    """The environment, and the lines of .env for what it does not set; "" reads no file."""
    lines = Path(path).read_text().splitlines() if path and Path(path).exists() else []
    pairs = (line.split("=", 1) for line in lines if "=" in line and not line.lstrip().startswith("#"))
    return {**{name.strip(): value.strip().strip("'\"") for name, value in pairs}, **own}


def port_from(environment: Mapping[str, str], name: str, default: int) -> int:
    value = environment.get(name) or str(default)
    if not value.isdigit() or not 1 <= int(value) <= 65535:
        sys.exit(f"{name} is {value!r}. Write a port, a number from 1 to 65535: make run {name}={default}")
    return int(value)


def sandbox_port_of(environment: Mapping[str, str]) -> int | None:
    """The port of the sandbox when QUICKBOOKS_ENVIRONMENT points to this machine, else None: no sandbox is wanted."""
    parts = urlsplit(environment.get("QUICKBOOKS_ENVIRONMENT", ""))
    is_here = parts.scheme == "http" and parts.hostname in {"127.0.0.1", "localhost"}
    return parts.port if is_here and parts.path == DISCOVERY else None


def follow_the_ports(environment: dict[str, str], web_port: int, sandbox_port: int, has_sandbox: bool) -> None:
    """Addresses that nobody has set follow the ports; what stands in the real environment is left alone."""
    environment.setdefault("SITE_URL", f"http://127.0.0.1:{web_port}")
    environment.setdefault("DATA_DIR", str(ROOT / "var"))
    environment.setdefault("EMAIL_URL", f"filemail:///{Path(environment['DATA_DIR']).resolve() / 'mail'}")
    if has_sandbox and "QUICKBOOKS_ENVIRONMENT" not in os.environ:
        environment["QUICKBOOKS_ENVIRONMENT"] = f"http://127.0.0.1:{sandbox_port}{DISCOVERY}"
        if "QUICKBOOKS_API_URL" not in os.environ:
            environment["QUICKBOOKS_API_URL"] = f"http://127.0.0.1:{sandbox_port}/v3"


def agree_on_a_verifier(environment: dict[str, str]) -> None:
    """Where no secret signs the webhooks, one is made up for this run: the same for web, worker and sandbox."""
    if not environment.get(VERIFIER, "").strip():
        environment[VERIFIER] = secrets.token_urlsafe(32)


def pay_at_the_sandbox(environment: dict[str, str], sandbox_port: int) -> None:
    """Without accounts at Stripe and Crezco customers pay at the stand-ins; secrets are made up for this run."""
    if not environment.get("STRIPE_SECRET_KEY", "").strip():
        environment["STRIPE_SECRET_KEY"] = f"sk_test_{secrets.token_hex(12)}"
        environment["STRIPE_WEBHOOK_SECRET"] = f"whsec_{secrets.token_hex(16)}"
        environment["STRIPE_API_URL"] = f"http://127.0.0.1:{sandbox_port}/stripe"
    if not environment.get("CREZCO_API_KEY", "").strip():
        environment["CREZCO_API_KEY"] = secrets.token_hex(16)
        environment["CREZCO_USER_ID"] = CREZCO_USER
        environment["CREZCO_WEBHOOK_SECRET"] = secrets.token_hex(16)
        environment["CREZCO_API_URL"] = f"http://127.0.0.1:{sandbox_port}/crezco"


def text_at_the_sandbox(environment: dict[str, str], sandbox_port: int) -> None:
    """Without an account at Twilio texts go to the stand-in's phones; the keys are made up for this run."""
    if not environment.get("TWILIO_ACCOUNT_SID", "").strip():
        environment["TWILIO_ACCOUNT_SID"] = f"AC{secrets.token_hex(16)}"
        environment["TWILIO_AUTH_TOKEN"] = secrets.token_hex(16)
        environment["TWILIO_FROM"] = "+15005550006"  # the number that Twilio itself gives to tests
        environment["TWILIO_API_URL"] = f"http://127.0.0.1:{sandbox_port}/twilio"


def stop_if_taken(port: int, name: str) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            sys.exit(
                f"Port {port} cannot be used ({error.strerror}): another program, perhaps another `make run`, has it. "
                f"Nothing was started. Choose another one: make run {name}={port + 1000}"
            )


def prepare(environment: Mapping[str, str]) -> str:
    """Database, static files and the demo; gives the lines that tell the demo's logins, "" without a demo."""
    command = [sys.executable, "manage.py", "prepare", "--demo"]
    done = subprocess.run(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode != 0:
        sys.exit("Nothing was started; the reason stands above.")
    return done.stdout.strip()


def members(environment: Mapping[str, str], web_port: int, sandbox_port: int | None) -> list[Member]:
    python = sys.executable
    web = [python, "-m", "gunicorn", "crm.wsgi", "--bind", f"127.0.0.1:{web_port}", "--worker-class", "gthread",
           "--workers", "2", "--threads", "4", "--graceful-timeout", "10", "--log-level", "warning"]  # fmt: skip
    everyone = [Member("The web server", web), Member("The worker", [python, "manage.py", "work"])]
    if sandbox_port is not None:
        state = str(Path(environment["DATA_DIR"]) / "sandbox.sqlite3")
        webhooks = f"http://127.0.0.1:{web_port}/webhooks/quickbooks/"
        sandbox = [python, "-m", "sandbox", "--port", str(sandbox_port), "--state", state, "--webhook-url", webhooks]
        sandbox += ["--stripe-webhook-url", f"http://127.0.0.1:{web_port}/webhooks/stripe/"]
        if urlsplit(environment.get("CREZCO_API_URL", "")).port == sandbox_port:
            secret = environment["CREZCO_WEBHOOK_SECRET"]
            sandbox += ["--crezco-webhook-url", f"http://127.0.0.1:{web_port}/webhooks/crezco/{secret}/"]
        sandbox += ["--twilio-inbound-url", f"{here(environment, web_port)}/webhooks/twilio/inbound/"]
        everyone.insert(0, Member("The QuickBooks sandbox", sandbox))
    return everyone


def here(environment: Mapping[str, str], web_port: int) -> str:
    """SITE_URL where it is this machine, since Twilio signs the address it calls; else where the web server listens."""
    parts = urlsplit(environment["SITE_URL"])
    is_here = parts.scheme == "http" and parts.hostname in {"127.0.0.1", "localhost"} and parts.port == web_port
    return environment["SITE_URL"].rstrip("/") if is_here else f"http://127.0.0.1:{web_port}"


def answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/accounts/login/", timeout=20):  # noqa: S310 - our own
            return True
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False


def tell(environment: Mapping[str, str], logins: str, sandbox_port: int | None) -> None:
    lines = ["", f"Tallybook is at  {environment['SITE_URL']}/", ""]
    if logins:
        lines += ["Log in as", *(f"  {line}" for line in logins.splitlines()), ""]
        lines += ["Try first: Settings > Integrations > QB Connect, choose a company, then Import contacts."]
    else:
        lines += ["This is no demo: log in with your own account (`.venv/bin/python manage.py create_admin EMAIL`)."]
    if sandbox_port is not None:
        lines += [f"The QuickBooks sandbox, to play the bookkeeper: http://127.0.0.1:{sandbox_port}/"]
        lines += [f"The Stripe sandbox, to play payers and their banks: http://127.0.0.1:{sandbox_port}/stripe/"]
        lines += [f"The Crezco sandbox, to play those who pay by bank: http://127.0.0.1:{sandbox_port}/crezco/"]
        lines += [f"The Twilio sandbox, to read and answer texts: http://127.0.0.1:{sandbox_port}/twilio/"]
    if environment["EMAIL_URL"].startswith("filemail:"):
        lines += [f"Mails are written to {environment['EMAIL_URL'].removeprefix('filemail:///')}"]
    print("\n".join([*lines, "Ctrl-C stops everything.", ""]), flush=True)
    print(time.strftime("%H:%M:%S"), "ready", flush=True)


if __name__ == "__main__":
    main()
