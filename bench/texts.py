"""How many texts are queued in a second: ``python -m bench.texts``.

Ours (the message made, the invoice marked sent, the trail, the conversation, the task that wakes a worker) against a
bare row and a bare task, in turns, in one process. SQLite unless DATABASE_URL names a PostgreSQL server.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
from dataclasses import dataclass

from bench.books import ROOT
from bench.databases import ENVIRONMENT, Databases, databases

TEXTS = 1000


@dataclass(frozen=True)
class TextResults:
    """Texts a second; the best round of each."""

    texts: int
    database: str
    ours: float
    bare: float


def main(words: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser("python -m bench.texts", description="How many texts are queued in a second.")
    parser.add_argument("--scale", type=float, default=1.0, help="0.1 for a tenth of the texts")
    parser.add_argument("--rounds", type=int, default=3, help="how often each way is measured; the best counts")
    options = parser.parse_args(words)
    with databases(os.environ.get("DATABASE_URL", "")) as fresh:
        print(as_text(run(fresh, options.rounds, options.scale)))
    return 0


def run(fresh: Databases, rounds: int, scale: float = 1.0) -> TextResults:
    texts = max(10, round(TEXTS * scale))
    found = [_measured(fresh, texts) for _ in range(rounds)]
    return TextResults(texts, fresh.name, max(one["ours"] for one in found), max(one["bare"] for one in found))


def _measured(fresh: Databases, texts: int) -> dict[str, float]:
    with fresh.fresh() as url:
        environment = {
            **os.environ,
            **ENVIRONMENT,
            "DATABASE_URL": url,
            "DJANGO_SETTINGS_MODULE": "crm.settings",
            **dict.fromkeys(("TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN"), "bench"),
            "TWILIO_FROM": "+15005550006",
        }
        command = [sys.executable, "-m", "bench.texts_task", str(texts)]
        done = subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True, text=True)
    one: dict[str, float] = json.loads(done.stdout)
    print(f"texts: {one['ours']:,.0f} a second, bare {one['bare']:,.0f}", file=sys.stderr, flush=True)
    return one


def as_text(results: TextResults) -> str:
    return "\n".join(
        [
            f"{results.texts:,} texts queued one by one; {results.database}, Python {platform.python_version()}.",
            "",
            "| Way | Texts a second |",
            "| --- | ---: |",
            f"| Ours | {results.ours:,.0f} |",
            f"| A bare row and a bare task | {results.bare:,.0f} |",
            "",
            f"A bare row and task are {results.bare / results.ours:.1f} times as quick.",
        ]
    )


if __name__ == "__main__":
    sys.exit(main())
