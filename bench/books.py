"""The books that are imported: a sandbox in a process of its own. ``python -m bench.books 100 500 300`` is that."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from math import ceil
from pathlib import Path

from sandbox import Sandbox
from sandbox import Size as Seed

ROOT = Path(__file__).resolve().parent.parent
FULL_PAGE = 1000


@dataclass(frozen=True)
class Size:
    """How many records the books hold."""

    customers: int
    invoices: int
    payments: int

    def times(self, factor: float) -> "Size":
        return Size(*(max(1, round(number * factor)) for number in asdict(self).values()))

    @property
    def pages(self) -> int:
        """Pages that importing contacts and then a year of invoices reads: each of the two reads the customers."""
        return sum(
            ceil(number / FULL_PAGE) for number in (self.customers, self.customers, self.invoices, self.payments)
        )


FULL = Size(10_000, 50_000, 30_000)


@dataclass(frozen=True)
class Place:
    """Where a sandbox listens, what opens it, the one year all its invoices are of, and how many records it has."""

    api_url: str
    discovery_url: str
    client_id: str
    client_secret: str
    realm_id: str
    company: str
    country: str
    currency: str
    access_token: str
    refresh_token: str
    year: int
    customers: int
    invoices: int
    payments: int


@dataclass
class Books:
    """A sandbox that is running."""

    place: Place
    process: "subprocess.Popen[str]"

    def calls(self) -> int:
        """The requests to its API since this was last asked, as the sandbox counted them."""
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.write("calls\n")
        self.process.stdin.flush()
        return int(self.process.stdout.readline())


@contextmanager
def books(size: Size) -> Iterator[Books]:
    """A running sandbox with books of this size, without limits; gone at the end."""
    command = [sys.executable, "-m", "bench.books", *map(str, asdict(size).values())]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        place = process.stdout.readline()
        if not place:
            sys.exit("The sandbox did not start; its own words stand above.")
        # Leaving ends its standard input, which is its word to stop.
        yield Books(Place(**json.loads(place)), process)


def serve(size: Size) -> None:
    """Tell on standard output where the books are, and serve them until standard input ends."""
    with Sandbox(seed=Seed(size.customers, size.invoices, size.payments)) as sandbox:
        print(json.dumps(asdict(_place(sandbox))), flush=True)
        for _ in sys.stdin:
            print(sum(entry.path.startswith("/v3/") for entry in sandbox.requests), flush=True)
            sandbox.clear_log()


def _place(sandbox: Sandbox) -> Place:
    company = sandbox.company("us")
    tokens = sandbox.issue_tokens(company.realm_id)
    first = next(iter(company.store.tables["Invoice"].values()))
    return Place(
        api_url=sandbox.api_url,
        discovery_url=sandbox.discovery_url,
        client_id=sandbox.client_id,
        client_secret=sandbox.client_secret,
        realm_id=company.realm_id,
        company=company.name,
        country=company.country,
        currency=company.home,
        access_token=tokens["access_token"],
        refresh_token=tokens["refresh_token"],
        year=int(first.document["TxnDate"][:4]),
        customers=len(company.store.tables["Customer"]),
        invoices=len(company.store.tables["Invoice"]),
        payments=len(company.store.tables["Payment"]),
    )


if __name__ == "__main__":
    serve(Size(*map(int, sys.argv[1:])))
