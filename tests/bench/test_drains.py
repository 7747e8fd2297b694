"""How quick the inbox is emptied: which round counts, and what is told."""

from dataclasses import replace

from bench.drains import BURST, DrainResults, as_text
from bench.measure import Measurement

TOGETHER = Measurement(seconds=5, cpu_seconds=4, peak_bytes=1 << 20, calls=30, rows={})
SINGLY = replace(TOGETHER, seconds=20, calls=800)
RESULTS = DrainResults(BURST, "SQLite", [replace(TOGETHER, seconds=9), TOGETHER], [SINGLY])


def test_the_quickest_round_counts_for_time_and_the_worst_for_calls():
    assert RESULTS.per_second("together") == 1000
    assert RESULTS.per_second("one_by_one") == 25
    assert RESULTS.calls_per_thousand("together") == 6
    assert RESULTS.bar.reached
    assert not replace(RESULTS, together=[TOGETHER, replace(TOGETHER, calls=301)]).bar.reached


def test_the_table_says_what_was_measured():
    text = as_text(RESULTS)
    assert "5,000 webhooks about 1,000 customers, 2,500 invoices and 1,500 payments" in text
    assert "| Together, as the inbox is emptied | 1,000 | 6 |" in text
    assert "| API calls per 1,000 events | 6 | at most 60 | reached |" in text
