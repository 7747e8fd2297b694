"""/healthz tells database, worker and connections apart."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from crm import heartbeats
from crm.models import Heartbeat

pytestmark = pytest.mark.django_db


def beat_all(seconds_ago: float = 0) -> None:
    at = timezone.now() - timedelta(seconds=seconds_ago)
    for name in [heartbeats.RUNNER, *heartbeats.queues(), heartbeats.SCHEDULER]:
        Heartbeat.objects.update_or_create(name=name, defaults={"beat_at": at})


def test_all_is_well_while_every_queue_gives_signs_of_life(client: Client, settings: Any) -> None:
    beat_all(seconds_ago=5)
    answer = client.get("/healthz")
    report = answer.json()
    assert (answer.status_code, report["status"]) == (200, "ok")
    assert report["database"] == {"ok": True}
    assert set(report["worker"]["beats"]) == {"runner", "default", "long", "scheduler"}
    beat = report["worker"]["beats"]["default"]
    assert beat["limit"] == 180 and beat["ok"] and 5 <= beat["seconds_ago"] < 120
    assert set(report["connections"]) == set(settings.HEALTH_CHECKS)
    assert "no-store" in answer["Cache-Control"]


@pytest.mark.parametrize("silent", ["default", "long", "scheduler"])
def test_a_silent_queue_makes_it_red_and_is_named(client: Client, silent: str) -> None:
    beat_all()
    limit = heartbeats.limit_of(silent)
    Heartbeat.objects.filter(name=silent).update(beat_at=timezone.now() - timedelta(seconds=limit + 1))
    answer = client.get("/healthz")
    assert answer.status_code == 503
    beats = answer.json()["worker"]["beats"]
    assert [name for name, beat in beats.items() if not beat["ok"]] == [silent]
    assert client.get("/healthz/worker").status_code == 503


def test_a_worker_that_was_never_started_makes_it_red(client: Client) -> None:
    answer = client.get("/healthz")
    assert answer.status_code == 503
    assert answer.json()["database"]["ok"] and not answer.json()["worker"]["ok"]


def test_a_plain_cluster_without_our_runner_is_well_too(client: Client) -> None:
    beat_all()
    Heartbeat.objects.filter(name=heartbeats.RUNNER).delete()
    assert client.get("/healthz/worker").status_code == 200


def test_a_check_that_fails_is_unknown_and_hurts_nobody(client: Client, settings: Any) -> None:
    beat_all()
    settings.HEALTH_CHECKS = {"broken": "crm.nowhere.at_all"}
    answer = client.get("/healthz")
    assert (answer.status_code, answer.json()["connections"]) == (200, {"broken": {"state": "unknown"}})


def test_it_answers_plain_http_from_the_machine_itself(client: Client, settings: Any) -> None:
    settings.SECURE_SSL_REDIRECT = True
    beat_all()
    assert client.get("/healthz").status_code == 200
    assert client.get("/accounts/login/").status_code == 301


def test_the_scheduler_shows_that_the_default_queue_lives() -> None:
    heartbeats.scheduler_beat()
    assert set(Heartbeat.objects.values_list("name", flat=True)) == {"scheduler", "default"}
