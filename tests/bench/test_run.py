"""The whole benchmark, on books of a few records: every process, every database, every figure."""

import json

from bench.__main__ import main
from bench.webhooks import on_postgres


def test_a_small_run_measures_all_ways_and_ends_as_its_bars_say(capsys):
    code = main(["--scale", "0.002", "--rounds", "1", "--json"])
    facts = json.loads(capsys.readouterr().out)
    reached = {bar["name"]: bar["reached"] for bar in facts["bars"]}
    assert code == (0 if all(reached.values()) else 1)
    assert reached["API calls"] and reached["peak memory, 3x / 1x"]
    assert facts["ours"][0]["rows"]["invoicing.Invoice"] == facts["floor"][0]["rows"]["invoicing.Invoice"] == 100
    assert facts["larger"]["rows"]["invoicing.Invoice"] == 300
    assert all(facts["seconds"].values())
    assert facts["inbox"]["together"][0]["rows"]["invoicing.Invoice"] == 5
    assert "API calls per 1,000 events" in reached
    assert facts["hosted"]["ours"] and "hosted page, ours / bare at p99" in reached
    assert reached["hosted page, bytes of the first view"]
    assert ("webhooks, ours / bare at p99" in reached) == ("webhooks" in facts) == on_postgres()
