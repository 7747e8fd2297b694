"""One way, measured once: in a process of its own, on a fresh database of its own."""

import json
import os
import subprocess
import sys
from dataclasses import asdict, dataclass

from bench.books import ROOT, Books, Place
from bench.databases import ENVIRONMENT, Databases


@dataclass(frozen=True)
class Measurement:
    """``calls`` are requests as the sandbox counted them; ``rows`` are those of each table at the end."""

    seconds: float
    cpu_seconds: float
    peak_bytes: int
    calls: int
    rows: dict[str, int]


def measure(way: str, books: Books, databases: Databases) -> Measurement:
    books.calls()  # what came before is not ours
    with databases.fresh() as url:
        done = subprocess.run(
            [sys.executable, "-m", "bench.task", way],
            cwd=ROOT,
            env={**os.environ, **ENVIRONMENT, **address(books.place), "DATABASE_URL": url},
            input=json.dumps(asdict(books.place)),
            stdout=subprocess.PIPE,
            text=True,
            check=False,
        )
    if done.returncode:
        sys.exit(f"{way} failed; its own words stand above.")
    return Measurement(calls=books.calls(), **json.loads(done.stdout))


def address(place: Place) -> dict[str, str]:
    """The environment of an installation that talks to these books, with the limits of our own client raised."""
    return {
        "DJANGO_SETTINGS_MODULE": "crm.settings",
        "QUICKBOOKS_CLIENT_ID": place.client_id,
        "QUICKBOOKS_CLIENT_SECRET": place.client_secret,
        "QUICKBOOKS_ENVIRONMENT": place.discovery_url,
        "QUICKBOOKS_API_URL": place.api_url,
        "QUICKBOOKS_REQUESTS_PER_SECOND": "10000",
        "QUICKBOOKS_REQUESTS_PER_MINUTE": "600000",
    }
