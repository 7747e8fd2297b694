"""Webhooks from the sandbox through the front door, and what others might post there."""

import base64
import json
import logging
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import AsyncRequestFactory
from django.test.utils import CaptureQueriesContext
from django_q.models import OrmQ

from integrations.models import InboxEvent
from integrations.quickbooks.webhooks import MOST_BYTES, read
from sandbox import Sandbox
from sandbox.signing import signature
from tests.integrations.conftest import point_at

URL = "/webhooks/quickbooks/"
TOKEN, NEXT_TOKEN = "a-verifier-token", "the-next-one"  # noqa: S105 - they open nothing but these stories


@pytest.fixture(autouse=True)
def tokens(settings) -> list[str]:
    settings.QUICKBOOKS_WEBHOOK_VERIFIER_TOKENS = [TOKEN]
    return settings.QUICKBOOKS_WEBHOOK_VERIFIER_TOKENS


@pytest.fixture
def teller(settings, live_server) -> Iterator[Sandbox]:
    """A sandbox that tells our own front door of every change."""
    with Sandbox(webhook_url=live_server.url + URL, verifier_token=TOKEN) as sandbox:
        point_at(sandbox, settings)
        yield sandbox


def statuses(sandbox: Sandbox) -> list[int]:
    assert sandbox.webhooks.wait_idle(10)
    return [delivery.status for delivery in sandbox.webhooks.deliveries]


def wait_until(is_so: Callable[[], bool]) -> None:
    patience = time.monotonic() + 10
    while not is_so():
        assert time.monotonic() < patience
        time.sleep(0.01)


def kept(**wanted: Any) -> list[tuple[str, str, str]]:
    return list(InboxEvent.objects.filter(**wanted).order_by("pk").values_list("entity", "entity_id", "operation"))


def cloud(number: int = 1, **changes: Any) -> dict[str, Any]:
    event = {"specversion": "1.0", "id": f"id-{number}", "type": "qbo.invoice.updated.v1", "data": {}}
    where = {"intuitentityid": str(number), "intuitaccountid": "310687", "time": "2025-09-10T21:31:25.179851517Z"}
    return {**event, **where, **changes}


def post(
    client, document: Any, token: str = TOKEN, *, header: str | None = None, kind: str = "application/json"
) -> int:
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    signed = signature(body, token) if header is None else header
    response = client.post(URL, body, content_type=kind, headers={"intuit-signature": signed})
    assert response.status_code != 200 or response.content == b""
    return response.status_code


# -- from the sandbox --------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("envelope", ["cloudevents", "legacy"])
def test_what_a_bookkeeper_does_waits_in_the_inbox_and_a_worker_is_woken(teller: Sandbox, envelope: str):
    teller.webhooks.envelope = envelope
    company = teller.company("us")
    ada = company.create("Customer", {"DisplayName": "Ada Byron"})
    company.update("Customer", {**ada, "CompanyName": "Engines"})
    assert statuses(teller) == [200, 200]
    assert kept() == [("customer", ada["Id"], "created"), ("customer", ada["Id"], "updated")]
    assert set(InboxEvent.objects.values_list("realm_id", "status", "source")) == {
        (company.realm_id, "pending", "webhook")
    }
    assert [task.func() for task in OrmQ.objects.all()] == ["integrations.tasks.drain_inbox"] * 2


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("envelope", ["cloudevents", "legacy"])
def test_a_webhook_that_comes_again_is_kept_once(teller: Sandbox, envelope: str):
    teller.webhooks.envelope = envelope
    teller.webhooks.double = 1.0
    teller.company("us").create("Customer", {"DisplayName": "Ada Byron"})
    assert statuses(teller) == [200, 200]
    teller.webhooks.send_again()
    assert statuses(teller) == [200] * 3
    assert len(kept()) == 1


@pytest.mark.django_db(transaction=True)
def test_two_companies_in_one_post_are_kept_apart(teller: Sandbox):
    teller.webhooks.batch = 100
    for country in ("us", "uk"):
        teller.company(country).create("Customer", {"DisplayName": "Ada Byron"})
    assert statuses(teller) == [200]
    realms = {teller.company(country).realm_id for country in ("us", "uk")}
    assert set(InboxEvent.objects.values_list("realm_id", flat=True)) == realms


@pytest.mark.django_db(transaction=True)
def test_a_hundred_events_come_in_one_post(teller: Sandbox):
    teller.webhooks.batch, teller.webhooks.delay = 100, 1e9  # all wait until they are sent at once
    for number in range(100):
        teller.company("us").create("Customer", {"DisplayName": f"Customer {number}"})
    teller.webhooks.flush()
    assert statuses(teller) == [200]
    assert len(set(kept(entity="customer"))) == 100


@pytest.mark.django_db(transaction=True)
def test_what_was_refused_before_the_token_was_known_comes_in_with_the_next_attempt(teller: Sandbox, settings):
    teller.webhooks.token, teller.webhooks.pauses = NEXT_TOKEN, (3600.0,)
    teller.company("us").create("Customer", {"DisplayName": "Ada Byron"})
    wait_until(lambda: bool(teller.webhooks.deliveries))
    assert kept() == []
    settings.QUICKBOOKS_WEBHOOK_VERIFIER_TOKENS = [TOKEN, NEXT_TOKEN]
    teller.webhooks.flush()
    assert statuses(teller) == [403, 200]
    assert len(kept()) == 1


# -- signatures --------------------------------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize(
    "header",
    [
        "",
        "=",
        "abc",
        "not base64!",
        "\u00e4\u00f6",
        signature(b"something else", TOKEN),
        signature(json.dumps([cloud()]).encode(), "another token"),
        signature(json.dumps([cloud()]).encode(), TOKEN)[:20],
        base64.b64encode(b"").decode(),
    ],
)
def test_a_forged_webhook_is_refused_and_nothing_is_kept(client, header):
    assert post(client, [cloud()], header=header) == 403
    assert kept() == []
    assert OrmQ.objects.count() == 0


@pytest.mark.django_db
def test_a_webhook_without_a_signature_is_refused(client):
    assert client.post(URL, b"[]", content_type="application/json").status_code == 403


@pytest.mark.django_db
def test_both_tokens_count_while_they_change(client, settings):
    settings.QUICKBOOKS_WEBHOOK_VERIFIER_TOKENS = [NEXT_TOKEN, TOKEN]
    assert [post(client, [cloud(1)], TOKEN), post(client, [cloud(2)], NEXT_TOKEN)] == [200, 200]
    settings.QUICKBOOKS_WEBHOOK_VERIFIER_TOKENS = [NEXT_TOKEN]
    assert post(client, [cloud(3)], TOKEN) == 403
    assert len(kept()) == 2


@pytest.mark.django_db
def test_without_a_token_there_is_no_such_page(client, settings):
    settings.QUICKBOOKS_WEBHOOK_VERIFIER_TOKENS = []
    assert post(client, [cloud()], "") == 404


@pytest.mark.django_db
@pytest.mark.parametrize("kind", ["application/cloudevents+json", "application/x-www-form-urlencoded", "text/plain"])
def test_any_content_type_is_read(client, kind):
    assert post(client, [cloud()], kind=kind) == 200
    assert kept() == [("invoice", "1", "updated")]


@pytest.mark.django_db
def test_beside_the_webhook_there_is_only_the_usual_page(client):
    assert "text/html" in client.get("/webhooks/nobody/")["Content-Type"]


@pytest.mark.django_db
def test_only_a_post_is_answered(client):
    assert [client.get(URL).status_code, client.put(URL).status_code] == [405, 405]


# -- bodies ------------------------------------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"null", b'{"secret": "of Ada"}'])
def test_a_signed_body_that_nobody_understands_is_taken_with_a_warning_that_does_not_quote_it(client, caplog, body):
    with caplog.at_level(logging.WARNING, "integrations"):
        assert post(client, body) == 200
    assert "was not understood" in caplog.text and "Ada" not in caplog.text
    assert kept() == []


@pytest.mark.django_db
def test_odd_events_are_kept_beside_the_good_ones(client):
    odd = [cloud(1, type="qbo.vendor.created.v1"), cloud(2, intuitentityid="a\x00\ud800b"), None, cloud(3)]
    assert post(client, odd) == 200
    assert kept(status="ignored") == [("vendor", "1", "created")]
    assert kept(status="pending") == [("invoice", "ab", "updated"), ("invoice", "3", "updated")]


@pytest.mark.django_db
def test_an_event_that_stands_twice_in_one_body_is_kept_once(client):
    assert post(client, [cloud(), cloud()]) == 200
    assert len(kept()) == 1


@pytest.mark.django_db
def test_more_than_two_megabytes_are_not_read(client):
    assert post(client, b" " * (MOST_BYTES + 1)) == 413
    assert post(client, json.dumps([cloud()]).encode().ljust(MOST_BYTES)) == 200


def test_a_body_that_is_larger_than_announced_is_not_kept_in_memory():
    request = AsyncRequestFactory().post(URL, b" " * (MOST_BYTES + 5), content_type="application/json")
    request.META["CONTENT_LENGTH"] = "7"
    assert read(request) is None
    assert len(request.read()) == 4


# -- what it costs -----------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_an_answer_costs_one_row_kept_and_one_task_and_nothing_is_asked(client):
    client.cookies["sessionid"] = "somebody-s"
    with CaptureQueriesContext(connection) as one:
        post(client, [cloud()])
    with CaptureQueriesContext(connection) as fifty:
        post(client, [cloud(number) for number in range(50)])
    for captured in (one, fifty):
        words = [query["sql"].split()[0] for query in captured.captured_queries]
        assert [word for word in words if word not in {"BEGIN", "COMMIT"}] == ["INSERT", "INSERT"]


@pytest.mark.django_db(transaction=True)
def test_no_worker_is_woken_for_what_was_rolled_back(client):
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        assert post(client, [cloud()]) == 200
        raise ZeroDivisionError
    assert (kept(), OrmQ.objects.count()) == ([], 0)
    assert post(client, [cloud()]) == 200
    assert (len(kept()), OrmQ.objects.count()) == (1, 1)
