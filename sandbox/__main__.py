"""``python -m sandbox``: the stand-ins on a fixed loopback port, with control pages for people."""

from __future__ import annotations

import argparse
import os
import signal
import sqlite3
import sys

from .crezco.stand_in import API_KEY, USER_ID, CrezcoSandbox
from .delivery import VERIFIER_TOKEN
from .quickbooks.limits import BATCHES_PER_MINUTE, PER_MINUTE, PER_SECOND
from .quickbooks.seed import Size
from .stand_in import CLIENT_ID, CLIENT_SECRET, Sandbox
from .stripe.stand_in import SECRET_KEY, StripeSandbox
from .stripe.webhooks import SECRET
from .twilio.account import SERVICE, SID, TOKEN
from .twilio.numbers import OWN
from .twilio.stand_in import TwilioSandbox

STRIPE = "/stripe"  # where the Stripe account is, its API as well as its pages
STRIPE_RATE = 25
CREZCO = "/crezco"  # the same of the Crezco account
TWILIO = "/twilio"  # where the Twilio account is, and the phones it writes to
TWILIO_RATE = 100
TWILIO_PACE = 0.5  # seconds between two steps of a text


def arguments(words: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        "python -m sandbox", description="QuickBooks Online, Stripe, Crezco and Twilio stand-ins on loopback."
    )
    parser.add_argument("--port", type=int, default=8001)
    parser.add_argument("--state", metavar="FILE", help="keep books, tokens and payments in this file")
    parser.add_argument("--company-size", choices=("none", "small", "bench"), default="small")
    parser.add_argument("--customers", type=int, default=10_000, help="for --company-size bench")
    parser.add_argument("--invoices", type=int, default=50_000, help="for --company-size bench")
    parser.add_argument("--payments", type=int, default=30_000, help="for --company-size bench")
    parser.add_argument("--client-id", default=os.environ.get("QUICKBOOKS_CLIENT_ID") or CLIENT_ID)
    parser.add_argument("--client-secret", default=os.environ.get("QUICKBOOKS_CLIENT_SECRET") or CLIENT_SECRET)
    parser.add_argument(
        "--rate-per-minute", type=int, default=PER_MINUTE, help="requests per company, 500 in real life"
    )
    parser.add_argument("--rate-per-second", type=int, default=PER_SECOND, help="requests, 10 in real life")
    parser.add_argument("--strict-rotation", action="store_true", help="an old refresh token dies at once")
    parser.add_argument("--webhook-url", metavar="URL", help="an http address on this machine that is told of changes")
    token = os.environ.get("QUICKBOOKS_WEBHOOK_VERIFIER_TOKEN", "").split(",")[0].strip()
    parser.add_argument("--verifier-token", default=token or VERIFIER_TOKEN, help="signs the webhooks")
    stripe_arguments(parser)
    crezco_arguments(parser)
    twilio_arguments(parser)
    return parser.parse_args(words)


def stripe_arguments(parser: argparse.ArgumentParser) -> None:
    """What is asked about the Stripe account."""
    env = os.environ.get
    parser.add_argument("--stripe-secret-key", default=env("STRIPE_SECRET_KEY") or SECRET_KEY)
    parser.add_argument("--stripe-webhook-url", metavar="URL", help="an http address on this machine that hears events")
    parser.add_argument("--stripe-webhook-secret", default=env("STRIPE_WEBHOOK_SECRET") or SECRET)
    parser.add_argument("--stripe-rate-per-second", type=int, default=STRIPE_RATE, help="requests, 25 in real life")


def crezco_arguments(parser: argparse.ArgumentParser) -> None:
    """What is asked about the Crezco account."""
    env = os.environ.get
    parser.add_argument("--crezco-api-key", default=env("CREZCO_API_KEY") or API_KEY)
    parser.add_argument("--crezco-user-id", default=env("CREZCO_USER_ID") or USER_ID)
    parser.add_argument("--crezco-webhook-url", metavar="URL", help="an http address on this machine, to be registered")


def twilio_arguments(parser: argparse.ArgumentParser) -> None:
    """What is asked about the Twilio account."""
    env = os.environ.get
    parser.add_argument("--twilio-account-sid", default=env("TWILIO_ACCOUNT_SID") or SID)
    parser.add_argument("--twilio-auth-token", default=env("TWILIO_AUTH_TOKEN") or TOKEN)
    parser.add_argument("--twilio-from", default=env("TWILIO_FROM") or OWN, help="a number, name or service (MG...)")
    parser.add_argument("--twilio-inbound-url", metavar="URL", default="", help="hears what phones write")
    parser.add_argument("--twilio-status-url", metavar="URL", default="", help="hears of texts that name no address")
    parser.add_argument("--twilio-rate-per-second", type=int, default=TWILIO_RATE, help="requests")
    parser.add_argument("--twilio-throughput", type=float, default=1, help="parts a second, 1 in real life")


def build(options: argparse.Namespace) -> Sandbox:
    """The sandbox the command line asks for; OSError: the port is taken, ValueError: no address for webhooks."""
    size: str | Size = options.company_size
    if size == "bench":
        size = Size(options.customers, options.invoices, options.payments)
    sandbox = Sandbox(
        options.port,
        seed=size,
        state=options.state,
        client_id=options.client_id,
        client_secret=options.client_secret,
        strict_rotation=options.strict_rotation,
        rate_per_minute=options.rate_per_minute,
        rate_per_second=options.rate_per_second,
        batches_per_minute=BATCHES_PER_MINUTE,
        webhook_url=options.webhook_url,
        only_connected=True,
        verifier_token=options.verifier_token,
    )
    stripe = StripeSandbox(
        url=f"{sandbox.url}{STRIPE}",
        secret_key=options.stripe_secret_key,
        webhook_url=options.stripe_webhook_url,
        webhook_secret=options.stripe_webhook_secret,
        state=options.state,
        rate_per_second=options.stripe_rate_per_second,
    )
    sandbox.mount(STRIPE, stripe)
    sandbox.mount(CREZCO, crezco(options, f"{sandbox.url}{CREZCO}"))
    sandbox.mount(TWILIO, twilio(options, f"{sandbox.url}{TWILIO}"))
    return sandbox


def twilio(options: argparse.Namespace, url: str) -> TwilioSandbox:
    """The Twilio account the command line asks for; texts may come from its service instead of a number."""
    sender = options.twilio_from
    is_service = sender.startswith("MG")
    return TwilioSandbox(
        url=url,
        account_sid=options.twilio_account_sid,
        auth_token=options.twilio_auth_token,
        numbers=[OWN if is_service else sender],
        service=sender if is_service else SERVICE,
        inbound_url=options.twilio_inbound_url,
        status_url=options.twilio_status_url,
        state=options.state,
        rate_per_second=options.twilio_rate_per_second,
        throughput=options.twilio_throughput,
        pace=TWILIO_PACE,
    )


def crezco(options: argparse.Namespace, url: str) -> CrezcoSandbox:
    """The Crezco account the command line asks for."""
    return CrezcoSandbox(
        url=url,
        api_key=options.crezco_api_key,
        user_id=options.crezco_user_id,
        webhook_url=options.crezco_webhook_url,
        state=options.state,
    )


def main() -> int:
    """Run until somebody says stop."""
    options = arguments()
    # Held back until they are waited for: a handler that runs just before a wait begins wakes nobody.
    said_stop = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, said_stop)
    try:
        sandbox = build(options)
    except OSError as error:
        print(f"Port {options.port} cannot be used: {error.strerror}. Choose another with --port.", file=sys.stderr)
        return 1
    except ValueError as error:
        print(error, file=sys.stderr)
        return 1
    except sqlite3.Error as error:
        print(f"The state file {options.state} cannot be used: {error}.", file=sys.stderr)
        return 1
    with sandbox:
        print(f"QuickBooks stand-in: {sandbox.url}  (discovery {sandbox.discovery_url}, API {sandbox.api_url})")
        for company in sandbox.companies.values():
            print(f"  {company.realm_id}  {company.name} ({company.country}, {company.home})")
        if sandbox.webhooks.url:
            print(f"  changes are told to {sandbox.webhooks.url}")
        print(f"Stripe stand-in: {sandbox.url}{STRIPE}")
        print(f"Crezco stand-in: {sandbox.url}{CREZCO}")
        print(f"Twilio stand-in: {sandbox.url}{TWILIO}")
        sys.stdout.flush()
        signal.sigwait(said_stop)
    return 0


if __name__ == "__main__":
    sys.exit(main())
