"""How many texts are queued in a second: what is told, and that it runs."""

import os

from bench.databases import databases
from bench.texts import TextResults, as_text, run


def test_the_table_says_what_was_measured() -> None:
    text = as_text(TextResults(1000, "SQLite", ours=200, bare=600))
    assert "| Ours | 200 |" in text and "A bare row and task are 3.0 times as quick." in text


def test_both_ways_are_measured() -> None:
    with databases(os.environ.get("BENCH_DATABASE_URL", "")) as fresh:
        results = run(fresh, rounds=1, scale=0.001)
    assert results.texts == 10 and results.ours > 0 and results.bare > 0
