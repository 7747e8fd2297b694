"""How quick a customer's page comes: which round counts, and what is told."""

from dataclasses import replace

import pytest

from bench.gets import Load, body_of
from bench.hosted import HostedResults, Speed, as_text, speed_of, style_of

OURS = [Speed(0.01, 0.09, 300), Speed(0.02, 0.06, 280)]
RESULTS = HostedResults(4000, "SQLite", 4161, 1402, ours=OURS, bare=[Speed(0.003, 0.024, 2000)])


def test_the_round_with_the_best_p99_counts():
    assert RESULTS.best("ours") == OURS[1]
    ratio, size = RESULTS.bars
    assert round(ratio.value, 2) == 2.5 and ratio.reached
    assert size.value == 5563 and size.reached
    assert not replace(RESULTS, bare=[Speed(0.003, 0.019, 2000)]).bars[0].reached
    assert not replace(RESULTS, page_bytes=14 * 1024).bars[1].reached


def test_the_table_says_what_was_measured():
    text = as_text(RESULTS)
    assert "5,563 bytes over the wire: 4,161 of page, 1,402 of style" in text
    assert "| Ours | 280 | 20.0 ms | 60.0 ms |" in text
    assert "| hosted page, ours / bare at p99 | 2.5 | at most 3 | reached |" in text


def test_turns_are_put_together():
    speed = speed_of([Load([0.1, 0.2, 0.3], 0.5), Load([0.4], 0.5)])
    assert (speed.p50, speed.p99, speed.per_second) == (0.3, 0.4, 4.0)


def test_a_page_has_one_style_or_the_first_view_takes_more_requests():
    assert style_of('<link rel="stylesheet" href="/static/a.css">') == "/static/a.css"
    with pytest.raises(SystemExit, match="2 styles"):
        style_of('<link rel="stylesheet" href="a"><link rel="stylesheet" href="b">')
    assert body_of(b"HTTP/1.1 200 OK\r\nA: b\r\n\r\nwords\r\n\r\nmore") == b"words\r\n\r\nmore"
