"""How quick the inbox is emptied, and what it asks of QuickBooks: ``python -m bench.drains``.

5,000 webhooks about as many records that nobody has met, in no order, are taken over together and, a tenth of them,
one by one. SQLite unless DATABASE_URL names a PostgreSQL server.
"""

import argparse
import os
import platform
import sys
from dataclasses import dataclass

from bench.books import Books, Size, books
from bench.databases import Databases, databases
from bench.measure import Measurement, measure
from bench.report import Bar, as_row

BURST = Size(1000, 2500, 1500)
SINGLE_PART = 0.1  # of the burst that is taken over one by one
MOST_CALLS = 60  # for each 1,000 distinct events


@dataclass(frozen=True)
class DrainResults:
    size: Size
    database: str
    together: list[Measurement]
    one_by_one: list[Measurement]

    def best(self, way: str) -> Measurement:
        rounds: list[Measurement] = getattr(self, way)
        return min(rounds, key=lambda one: one.seconds)

    def events(self, way: str) -> int:
        size = self.size if way == "together" else self.size.times(SINGLE_PART)
        return size.customers + size.invoices + size.payments

    def per_second(self, way: str) -> float:
        return self.events(way) / self.best(way).seconds

    def calls_per_thousand(self, way: str) -> float:
        return max(one.calls for one in getattr(self, way)) * 1000 / self.events(way)

    @property
    def bar(self) -> Bar:
        return Bar("API calls per 1,000 events", self.calls_per_thousand("together"), MOST_CALLS)


def main(words: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser("python -m bench.drains", description="How quick the inbox is emptied.")
    parser.add_argument("--scale", type=float, default=1.0, help="0.1 for a tenth of the events")
    parser.add_argument("--rounds", type=int, default=3, help="how often each way is measured; the best counts")
    options = parser.parse_args(words)
    with databases(os.environ.get("DATABASE_URL", "")) as fresh:
        results = run(fresh, options.rounds, options.scale)
    print(as_text(results))
    return 0 if results.bar.reached else 1


def run(fresh: Databases, rounds: int, scale: float = 1.0) -> DrainResults:
    size = BURST.times(scale)
    found: dict[str, list[Measurement]] = {"together": [], "one_by_one": []}
    with books(size) as whole, books(size.times(SINGLE_PART)) as part:
        ways = {"together": whole, "one_by_one": part}
        for number in range(rounds):
            for way in list(ways)[:: -1 if number % 2 else 1]:
                found[way].append(_told(way, ways[way], fresh))
    return DrainResults(size, fresh.name, found["together"], found["one_by_one"])


def _told(way: str, source: Books, fresh: Databases) -> Measurement:
    one = measure(way, source, fresh)
    print(f"inbox, {way}: {one.seconds:.1f} s, {one.calls} API calls", file=sys.stderr, flush=True)
    return one


def as_text(results: DrainResults) -> str:
    lines = [
        f"{results.events('together'):,} webhooks about {results.size.customers:,} customers, "
        f"{results.size.invoices:,} invoices and {results.size.payments:,} payments nobody has met; "
        f"{results.database}, Python {platform.python_version()}, best of {len(results.together)}.",
        "",
        "| Way | Events a second | API calls per 1,000 events |",
        "| --- | ---: | ---: |",
        _way("Together, as the inbox is emptied", results, "together"),
        _way("One by one (a tenth of them)", results, "one_by_one"),
        "",
        "| Bar | Measured | Allowed | |",
        "| --- | ---: | ---: | --- |",
        as_row(results.bar),
    ]
    return "\n".join(lines)


def _way(name: str, results: DrainResults, way: str) -> str:
    return f"| {name} | {results.per_second(way):,.0f} | {results.calls_per_thousand(way):,.0f} |"


if __name__ == "__main__":
    sys.exit(main())
