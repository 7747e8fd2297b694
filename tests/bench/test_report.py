"""The bars: what is reached, what is missed, and what cannot be compared."""

from dataclasses import replace

from bench.books import Size
from bench.measure import Measurement
from bench.report import Results, as_dict, as_text, bars, incomparable

SIZE = Size(10_000, 50_000, 30_000)
ROWS = {"crm.Contact": 10_000, "invoicing.Invoice": 50_000, "invoicing.Payment": 30_000}
A_TENTH = {table: number // 10 for table, number in ROWS.items()}
FLOOR = Measurement(seconds=40, cpu_seconds=38, peak_bytes=100 << 20, calls=109, rows=ROWS)
OURS = replace(FLOOR, seconds=60)
PLAIN = replace(FLOOR, seconds=30, rows=A_TENTH)
RESULTS = Results(SIZE, "SQLite", [FLOOR], [OURS], [PLAIN], larger=replace(OURS, peak_bytes=110 << 20))


def missed(results: Results) -> list[str]:
    return [bar.name for bar in bars(results) if not bar.reached]


def test_a_good_run_reaches_every_bar():
    assert [round(bar.value, 2) for bar in bars(RESULTS)] == [1.5, 5.0, 109, 1.1]
    assert missed(RESULTS) == []


def test_each_bar_is_missed_by_itself():
    assert missed(replace(RESULTS, floor=[replace(FLOOR, seconds=29)])) == ["ours / floor"]
    assert missed(replace(RESULTS, plain=[replace(PLAIN, seconds=23)])) == ["plain / ours"]
    assert missed(replace(RESULTS, ours=[replace(OURS, calls=111)])) == ["API calls"]
    assert missed(replace(RESULTS, larger=replace(OURS, peak_bytes=121 << 20))) == ["peak memory, 3x / 1x"]


def test_the_best_round_counts_for_time_and_the_worst_for_calls():
    results = replace(RESULTS, ours=[replace(OURS, seconds=200, calls=112), OURS])
    assert results.seconds("ours") == 60
    assert missed(results) == ["API calls"]


def test_the_time_of_the_plain_way_is_that_of_all_the_books():
    assert RESULTS.seconds("plain") == 300


def test_ways_that_wrote_different_rows_are_not_compared():
    fewer = replace(FLOOR, rows={**ROWS, "crm.Contact": 9_999})
    assert "the same number of rows" in incomparable(replace(RESULTS, floor=[fewer]))
    assert "came in" in incomparable(replace(RESULTS, plain=[replace(PLAIN, rows=ROWS)]))
    assert incomparable(RESULTS) == ""


def test_the_tables_say_what_was_measured_and_what_is_missed():
    text = as_text(replace(RESULTS, floor=[replace(FLOOR, seconds=20)]), "make bench")
    assert "`make bench`: 10,000 customers, 50,000 invoices, 30,000 payments; SQLite" in text
    assert "| ours / floor | 3 | at most 2 | **missed** |" in text
    assert "| plain / ours | 5 | at least 4 | reached |" in text
    assert "| API calls | 109 | at most 110 | reached |" in text


def test_all_figures_are_there_for_programs_too():
    facts = as_dict(RESULTS)
    assert facts["bars"][0] == {
        "name": "ours / floor", "value": 1.5, "limit": 2.0, "is_least": False, "reached": True
    }  # fmt: skip
    assert facts["ours"][0]["peak_bytes"] == 100 << 20
