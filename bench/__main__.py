"""``python -m bench``: measure, print the tables, and end with 1 when a bar is missed.

SQLite unless DATABASE_URL names a PostgreSQL server, as it does inside ``python scripts/postgres.py``. Every number
is measured in this run; the ways take turns, so that a busy minute hits them alike.
"""

import argparse
import json
import os
import sys
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from bench import drains, hosted, texts, webhooks
from bench.books import FULL, Books, Size, books
from bench.databases import Databases, databases
from bench.measure import Measurement, measure
from bench.report import LARGER, PLAIN_PART, Results, as_dict, as_text, bar_as_dict, bars, incomparable
from bench.wire import warm_up


def main(words: list[str] | None = None) -> int:
    options = arguments(words)
    results = run(FULL.times(options.scale), options.rounds)
    problem = incomparable(results)
    if problem:
        sys.exit(problem)
    drained = drains_too(options)
    pages = pages_too(options)
    queued = texts_too(options)
    answers = webhooks_too(options)
    if options.json:
        print(json.dumps(everything(results, drained, pages, queued, answers), indent=2))
    else:
        print(as_text(results, command(options)))
        print("", drains.as_text(drained), sep="\n")
        print("", hosted.as_text(pages), sep="\n")
        print("", texts.as_text(queued), sep="\n")
        print("", webhooks.as_text(answers) if answers else webhooks.ELSEWHERE, sep="\n")
    found = [*bars(results), drained.bar, *pages.bars, *([answers.bar] if answers else [])]
    return 0 if all(bar.reached for bar in found) else 1


def drains_too(options: argparse.Namespace) -> drains.DrainResults:
    """How quick the inbox is emptied."""
    with databases(os.environ.get("DATABASE_URL", "")) as fresh:
        return drains.run(fresh, options.rounds, options.scale)


def pages_too(options: argparse.Namespace) -> hosted.HostedResults:
    """How quick a customer's page comes."""
    with databases(os.environ.get("DATABASE_URL", "")) as fresh:
        return hosted.run(fresh, options.rounds, max(hosted.TURNS * 10, round(hosted.GETS * options.scale)))


def texts_too(options: argparse.Namespace) -> texts.TextResults:
    """How many texts are queued in a second."""
    with databases(os.environ.get("DATABASE_URL", "")) as fresh:
        return texts.run(fresh, options.rounds, options.scale)


def webhooks_too(options: argparse.Namespace) -> webhooks.WebhookResults | None:
    """How quick webhooks are answered; None where there is no PostgreSQL to measure it on."""
    if not webhooks.on_postgres():
        return None
    with databases(os.environ["DATABASE_URL"]) as fresh:
        return webhooks.run(fresh, options.rounds, max(webhooks.WARM, round(webhooks.POSTS * options.scale)))


def everything(
    results: Results,
    drained: drains.DrainResults,
    pages: hosted.HostedResults,
    queued: texts.TextResults,
    answers: webhooks.WebhookResults | None,
) -> dict[str, Any]:
    facts = as_dict(results)
    facts["bars"] += [bar_as_dict(bar) for bar in [drained.bar, *pages.bars]]
    facts["inbox"] = asdict(drained)
    facts["hosted"] = asdict(pages)
    facts["texts"] = asdict(queued)
    if answers:
        facts["bars"].append(bar_as_dict(answers.bar))
        facts["webhooks"] = asdict(answers)
    return facts


def arguments(words: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m bench", description="How quick an import is, as ratios.")
    parser.add_argument("--scale", type=float, default=1.0, help="0.1 for a quick look at a tenth of the books")
    parser.add_argument("--rounds", type=int, default=3, help="how often each way is measured; the best counts")
    parser.add_argument("--json", action="store_true", help="print everything that was measured as JSON")
    return parser.parse_args(words)


def command(options: argparse.Namespace) -> str:
    extra = "" if options.scale == 1 else f' ARGS="--scale {options.scale:g}"'
    return f"make bench{extra}"


def run(size: Size, rounds: int) -> Results:
    with databases(os.environ.get("DATABASE_URL", "")) as fresh:
        with books(size) as whole, books(size.times(PLAIN_PART)) as part:
            warm_up(whole.place)
            warm_up(part.place)
            ways = {"floor": whole, "ours": whole, "plain": part}
            found: dict[str, list[Measurement]] = {way: [] for way in ways}
            for way, source in in_turn(ways, rounds):
                found[way].append(told(way, source, fresh))
        with books(size.times(LARGER)) as larger:
            thrice = told("ours", larger, fresh)
    return Results(size, fresh.name, found["floor"], found["ours"], found["plain"], thrice)


def in_turn(ways: dict[str, Books], rounds: int) -> Iterator[tuple[str, Books]]:
    """Forwards and backwards by turns, so that none is always first."""
    for number in range(rounds):
        yield from list(ways.items())[:: -1 if number % 2 else 1]


def told(way: str, source: Books, fresh: Databases) -> Measurement:
    """A measurement, told on standard error, as the whole takes some minutes."""
    measurement = measure(way, source, fresh)
    seconds = f"{measurement.seconds:.1f} s ({measurement.cpu_seconds:.1f} s of its own work)"
    print(f"{way}: {seconds} for {sum(measurement.rows.values()):,} rows", file=sys.stderr, flush=True)
    return measurement


if __name__ == "__main__":
    sys.exit(main())
