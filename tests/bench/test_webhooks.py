"""How quick webhooks are answered: which round counts, what is told, and where it cannot be measured."""

from dataclasses import replace

from bench.posts import body
from bench.webhooks import COMMAND, Answers, WebhookResults, as_text, main
from integrations.quickbooks.events import parse

RESULTS = WebhookResults(3000, ours=[Answers(0.06, 0.3), Answers(0.07, 0.21)], bare=[Answers(0.05, 0.15)])


def test_the_round_with_the_best_p99_counts():
    assert RESULTS.best("ours") == Answers(0.07, 0.21)
    assert round(RESULTS.bar.value, 2) == 1.4
    assert RESULTS.bar.reached
    assert not replace(RESULTS, bare=[Answers(0.05, 0.13)]).bar.reached


def test_the_table_says_what_was_measured():
    text = as_text(RESULTS)
    assert "3,000 webhooks, 50 at once" in text
    assert "| Ours | 70 ms | 210 ms |" in text
    assert "| webhooks, ours / bare at p99 | 1.4 | at most 1.5 | reached |" in text


def test_without_postgresql_it_says_how_to_run_it(monkeypatch, capsys):
    monkeypatch.delenv("DATABASE_URL", raising=False)
    assert main([]) == 2
    assert COMMAND in capsys.readouterr().out


def test_what_is_posted_is_for_us_and_never_the_same():
    (one,), (two,) = parse(body(1)), parse(body(1))
    assert (one.entity, one.status) == ("invoice", "pending")
    assert one.external_id != two.external_id
