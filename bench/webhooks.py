"""How quick a webhook is answered: ``python scripts/postgres.py .venv/bin/python -m bench.webhooks``.

Ours against a bare view (bench/bare.py), each behind the gunicorn of an installation and on a fresh PostgreSQL
database, with 50 posts at once. They take short turns, and of each the round with the best p99 counts.
"""

import argparse
import os
import platform
import sys
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass

import psycopg

from bench.databases import Databases, databases
from bench.posts import AT_ONCE, TOKEN, post_all
from bench.report import Bar, as_row
from bench.servers import GUNICORN, gunicorn

COMMAND = "python scripts/postgres.py .venv/bin/python -m bench.webhooks"
ELSEWHERE = f"How quick webhooks are answered is measured on PostgreSQL alone: {COMMAND}"
POSTS = 3000
WARM = 200  # posts that are not counted: imports, connections
TURNS = 10  # of each way in a round
MOST = 1.5  # ours / bare, at p99
DOORS = {"ours": "crm.wsgi", "bare": "bench.bare_wsgi"}


@dataclass(frozen=True)
class Answers:
    """Seconds."""

    p50: float
    p99: float


@dataclass(frozen=True)
class WebhookResults:
    posts: int
    ours: list[Answers]
    bare: list[Answers]

    def best(self, way: str) -> Answers:
        rounds: list[Answers] = getattr(self, way)
        return min(rounds, key=lambda one: one.p99)

    @property
    def bar(self) -> Bar:
        return Bar("webhooks, ours / bare at p99", self.best("ours").p99 / self.best("bare").p99, MOST)


def main(words: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser("python -m bench.webhooks", description="How quick a webhook is answered.")
    parser.add_argument("--rounds", type=int, default=5, help="how often each way is measured; the best counts")
    parser.add_argument("--posts", type=int, default=POSTS, help="webhooks in each round")
    options = parser.parse_args(words)
    if not on_postgres():
        print(ELSEWHERE)
        return 2
    with databases(os.environ["DATABASE_URL"]) as fresh:
        results = run(fresh, options.rounds, options.posts)
    print(as_text(results))
    return 0 if results.bar.reached else 1


def on_postgres() -> bool:
    return os.environ.get("DATABASE_URL", "").startswith("postgres")


def run(fresh: Databases, rounds: int, posts: int = POSTS) -> WebhookResults:
    found: dict[str, list[Answers]] = {way: [] for way in DOORS}
    for _ in range(rounds):
        for way, answers in measure(fresh, posts // TURNS).items():
            found[way].append(answers)
            print(f"webhooks, {way}: {_times(answers)}", file=sys.stderr, flush=True)
    return WebhookResults(posts, found["ours"], found["bare"])


def measure(fresh: Databases, posts: int) -> dict[str, Answers]:
    """One round. Both servers run and are asked by turns, so that whatever else the machine does hits them alike."""
    found: dict[str, list[float]] = {way: [] for way in DOORS}
    with ExitStack() as stack:
        urls = {way: stack.enter_context(fresh.fresh()) for way in DOORS}
        ports = {way: stack.enter_context(web_server(way, url)) for way, url in urls.items()}
        for port in ports.values():
            post_all(port, WARM - 1)  # the first one found out whether it answers
        for turn in range(TURNS):
            for way in list(DOORS)[:: -1 if turn % 2 else 1]:
                found[way] += post_all(ports[way], posts)
        for way, url in urls.items():
            check(way, url, WARM + posts * TURNS)
    return {way: answers_of(seconds) for way, seconds in found.items()}


def check(way: str, url: str, number: int) -> None:
    """End the program when not every post left one row and one task."""
    with psycopg.connect(url) as database:
        for table in ("integrations_inboxevent", "django_q_ormq"):
            row = database.execute(f"SELECT count(*) FROM {table}").fetchone()  # noqa: S608 - names of ours
            if row != (number,):
                sys.exit(f"{way}: of {number} webhooks {row} are in {table}.")


def answers_of(seconds: list[float]) -> Answers:
    ordered = sorted(seconds)
    return Answers(ordered[len(ordered) // 2], ordered[int(len(ordered) * 0.99)])


def web_server(way: str, url: str) -> AbstractContextManager[int]:
    """Its port, once it has answered the first webhook."""
    return gunicorn(
        DOORS[way],
        lambda port: post_all(port, 1),
        DATABASE_URL=url,
        QUICKBOOKS_WEBHOOK_VERIFIER_TOKEN=TOKEN,
    )


def as_text(results: WebhookResults) -> str:
    lines = [
        f"`{COMMAND}`: {results.posts:,} webhooks, {AT_ONCE} at once, gunicorn {' '.join(GUNICORN)}; PostgreSQL, "
        f"Python {platform.python_version()}, best of {len(results.ours)}.",
        "",
        "| Way | p50 | p99 |",
        "| --- | ---: | ---: |",
        *(_way(name, results.best(way)) for way, name in (("bare", "A bare view"), ("ours", "Ours"))),
        "",
        "| Bar | Measured | Allowed | |",
        "| --- | ---: | ---: | --- |",
        as_row(results.bar),
    ]
    return "\n".join(lines)


def _way(name: str, one: Answers) -> str:
    return f"| {name} | {one.p50 * 1000:.0f} ms | {one.p99 * 1000:.0f} ms |"


def _times(one: Answers) -> str:
    return f"p50 {one.p50 * 1000:.0f} ms, p99 {one.p99 * 1000:.0f} ms"


if __name__ == "__main__":
    sys.exit(main())
