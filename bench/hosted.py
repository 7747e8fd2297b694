"""How quick a customer's page comes: ``python -m bench.hosted``.

Ours against a bare view that renders the very same bytes out of a template (bench/bare_page.py), each behind the
gunicorn of an installation, asked in short turns. SQLite unless DATABASE_URL names a PostgreSQL server.

The bare view has no middleware and no database; ours has all that an installation has, and reads the invoice each time.
Ours need not render words that it has just rendered, the bare view always does: so this is how a page comes that is
looked at again, and the first look at each takes the time of its template more.
"""

import argparse
import os
import platform
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.books import ROOT
from bench.databases import ENVIRONMENT, Databases, databases
from bench.gets import AT_ONCE, Load, body_of, get, get_all, over_the_wire
from bench.report import Bar, as_row
from bench.servers import GUNICORN, gunicorn

COMMAND = "python -m bench.hosted"
GETS = 4000
WARM = 400  # asked before it counts: imports, connections, templates
TURNS = 10  # of each way in a round
MOST = 3.0  # ours / bare, at p99
MOST_BYTES = 14 * 1024  # of page and style, as they come over the wire: what the first round trip can carry
WAYS = ("ours", "bare")


@dataclass(frozen=True)
class Speed:
    """Seconds, and answers in a second."""

    p50: float
    p99: float
    per_second: float


@dataclass(frozen=True)
class HostedResults:
    gets: int
    database: str
    page_bytes: int
    style_bytes: int
    ours: list[Speed]
    bare: list[Speed]

    def best(self, way: str) -> Speed:
        rounds: list[Speed] = getattr(self, way)
        return min(rounds, key=lambda one: one.p99)

    @property
    def bars(self) -> list[Bar]:
        return [
            Bar("hosted page, ours / bare at p99", self.best("ours").p99 / self.best("bare").p99, MOST),
            Bar("hosted page, bytes of the first view", self.page_bytes + self.style_bytes, MOST_BYTES),
        ]


def main(words: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(COMMAND, description="How quick a customer's page comes.")
    parser.add_argument("--rounds", type=int, default=3, help="how often each way is measured; the best counts")
    parser.add_argument("--gets", type=int, default=GETS, help="pages in each round")
    options = parser.parse_args(words)
    with databases(os.environ.get("DATABASE_URL", "")) as fresh:
        results = run(fresh, options.rounds, options.gets)
    print(as_text(results))
    return 0 if all(bar.reached for bar in results.bars) else 1


def run(fresh: Databases, rounds: int, gets: int = GETS) -> HostedResults:
    found: dict[str, list[Speed]] = {way: [] for way in WAYS}
    with both(fresh) as (ports, path):
        answer = over_the_wire(ports["ours"], path)
        style = over_the_wire(ports["ours"], style_of(body_of(answer).decode()))
        for port in ports.values():
            get_all(port, path, WARM)
        for _ in range(rounds):
            for way, speed in measure(ports, path, gets // TURNS).items():
                found[way].append(speed)
                print(f"hosted page, {way}: {_told(speed)}", file=sys.stderr, flush=True)
    return HostedResults(gets, fresh.name, len(answer), len(style), found["ours"], found["bare"])


def measure(ports: dict[str, int], path: str, gets: int) -> dict[str, Speed]:
    """One round. Both are asked by turns, so that whatever else the machine does hits them alike."""
    loads: dict[str, list[Load]] = {way: [] for way in WAYS}
    for turn in range(TURNS):
        for way in WAYS[:: -1 if turn % 2 else 1]:
            loads[way].append(get_all(ports[way], path, gets))
    return {way: speed_of(found) for way, found in loads.items()}


def speed_of(loads: list[Load]) -> Speed:
    ordered = sorted(seconds for load in loads for seconds in load.waited)
    per_second = len(ordered) / sum(load.seconds for load in loads)
    return Speed(ordered[len(ordered) // 2], ordered[int(len(ordered) * 0.99)], per_second)


@contextmanager
def both(fresh: Databases) -> Iterator[tuple[dict[str, int], str]]:
    """The ports of ours and of the bare view, and the address of the page, which is the same on both."""
    with ExitStack() as stack:
        folder = stack.enter_context(TemporaryDirectory(prefix="tallybook-bench-"))
        place = {"DATABASE_URL": stack.enter_context(fresh.fresh()), "DATA_DIR": folder}
        place["STRIPE_SECRET_KEY"] = "sk_test_that_is_never_used"  # the page has its button
        said(["manage.py", "collectstatic", "--noinput", "--verbosity=0"], place)
        path = said(["-m", "bench.page"], place).strip()
        ours = stack.enter_context(gunicorn("crm.wsgi", lambda port: get(port, path), **place))
        Path(folder, "page.html").write_bytes(body_of(over_the_wire(ours, path)))
        place |= {"BENCH_FOLDER": folder, "BENCH_PATH": path.lstrip("/")}
        bare = stack.enter_context(gunicorn("bench.bare_page_wsgi", lambda port: get(port, path), **place))
        if body_of(over_the_wire(bare, path)) != body_of(over_the_wire(ours, path)):
            sys.exit("The two pages are not the same.")
        yield {"ours": ours, "bare": bare}, path


def said(words: list[str], place: dict[str, str]) -> str:
    environment = {**os.environ, **ENVIRONMENT, "DJANGO_SETTINGS_MODULE": "crm.settings", **place}
    command = [sys.executable, *words]
    return subprocess.run(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True, check=True).stdout


def style_of(page: str) -> str:
    """The address of its style; a second one would be a third request before anything is seen."""
    styles = re.findall(r'<link rel="stylesheet" href="([^"]+)"', page)
    if len(styles) != 1:
        sys.exit(f"The page has {len(styles)} styles.")
    return str(styles[0])


def as_text(results: HostedResults) -> str:
    whole = results.page_bytes + results.style_bytes
    lines = [
        f"`{COMMAND}`: {results.gets:,} pages, {AT_ONCE} at once, gunicorn {' '.join(GUNICORN)}; {results.database}, "
        f"Python {platform.python_version()}, best of {len(results.ours)}. The first view is {whole:,} bytes over the "
        f"wire: {results.page_bytes:,} of page, {results.style_bytes:,} of style.",
        "",
        "| Way | Pages a second | p50 | p99 |",
        "| --- | ---: | ---: | ---: |",
        *(_way(name, results.best(way)) for way, name in (("bare", "A bare view of the same bytes"), ("ours", "Ours"))),
        "",
        "| Bar | Measured | Allowed | |",
        "| --- | ---: | ---: | --- |",
        *(as_row(bar) for bar in results.bars),
    ]
    return "\n".join(lines)


def _way(name: str, one: Speed) -> str:
    return f"| {name} | {one.per_second:,.0f} | {one.p50 * 1000:.1f} ms | {one.p99 * 1000:.1f} ms |"


def _told(one: Speed) -> str:
    return f"{one.per_second:.0f} a second, p50 {one.p50 * 1000:.1f} ms, p99 {one.p99 * 1000:.1f} ms"


if __name__ == "__main__":
    sys.exit(main())
