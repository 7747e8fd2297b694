"""The Crezco stand-in: demands by the rules of UK bank transfers, payers, banks that take their time, webhooks."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from sandbox import CrezcoSandbox, Sandbox

from .receiver import Receiver


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver(is_signed=False)
    yield receiver
    receiver.shutdown()
    receiver.server_close()


@pytest.fixture
def crezco() -> Iterator[CrezcoSandbox]:
    with CrezcoSandbox() as sandbox:
        yield sandbox


def ask(crezco: CrezcoSandbox, method: str, path: str, **known: Any) -> requests.Response:
    headers = {"X-Crezco-Key": known.pop("key", crezco.api_key)}
    return requests.request(method, f"{crezco.url}/v1/{path}", headers=headers, timeout=10, **known)


def demand(crezco: CrezcoSandbox, key: str | None = None, **known: Any) -> requests.Response:
    asked = {"currency": "GBP", "amount": "42.42", "reference": "INV-00042", "metadata": {"invoice": "7"}, **known}
    body = {"request": asked, "idempotencyId": key or str(uuid.uuid4())}
    return ask(crezco, "POST", f"users/{crezco.user_id}/pay-demands", json=body)


def payments(crezco: CrezcoSandbox, made: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = ask(crezco, "GET", f"pay-demands/{made['payDemandId']}/payments").json()
    return found


def test_a_demand_is_made_read_and_paid(crezco: CrezcoSandbox) -> None:
    made = demand(crezco)
    assert made.status_code == 201
    assert made.json() | {"payeeName": "", "paymentUri": ""} == {
        "payDemandId": made.json()["payDemandId"],
        "payeeName": "",
        "reference": "INV-00042",
        "currency": "GBP",
        "amount": "42.42",
        "paymentUri": "",
        "metadata": {"invoice": "7"},
    }
    path = f"users/{crezco.user_id}/pay-demands/{made.json()['payDemandId']}"
    assert ask(crezco, "GET", path).json() == made.json()
    assert payments(crezco, made.json()) == []
    crezco.pay(made.json()["paymentUri"])
    [payment] = payments(crezco, made.json())
    assert (payment["status"]["code"], payment["amount"], payment["currency"]) == ("Completed", "42.42", "GBP")


def test_the_same_idempotency_id_gives_the_first_demand(crezco: CrezcoSandbox) -> None:
    key = str(uuid.uuid4())
    first = demand(crezco, key).json()
    assert demand(crezco, key, amount="50.00").json() == first
    assert demand(crezco).json() != first


@pytest.mark.parametrize(
    "wrong",
    [
        {"currency": "EUR"},
        {"amount": 42.42},
        {"amount": "42.425"},
        {"amount": "0.00"},
        {"amount": "-5"},
        {"reference": "INVOICE 0000000042X"},
        {"reference": "inv-1"},
        {"reference": "INV_1"},
        {"reference": ""},
        {"metadata": "7"},
    ],
)
def test_what_a_bank_transfer_cannot_carry_is_refused(crezco: CrezcoSandbox, wrong: dict[str, Any]) -> None:
    refused = demand(crezco, **wrong)
    assert refused.status_code == 422 and refused.json()["detail"]
    assert not crezco.book.all("demand")


def test_only_the_key_opens_and_only_known_addresses_answer(crezco: CrezcoSandbox) -> None:
    assert ask(crezco, "GET", "webhooks", key="guess").status_code == 401
    assert ask(crezco, "GET", "teapots").status_code == 404
    assert ask(crezco, "GET", f"users/{crezco.user_id}/pay-demands/{uuid.uuid4()}").status_code == 404
    assert ask(crezco, "POST", f"users/{uuid.uuid4()}/pay-demands", json={}).status_code == 404
    assert ask(crezco, "DELETE", f"users/{crezco.user_id}/pay-demands").status_code == 405
    assert demand(crezco, "no-uuid").status_code == 422


def test_a_payer_chooses_a_bank_approves_and_comes_back(crezco: CrezcoSandbox) -> None:
    made = demand(crezco).json()
    where = {"successCallbackUri": "http://127.0.0.1:9/paid/", "failureCallbackUri": "http://127.0.0.1:9/failed/"}
    path = f"users/{crezco.user_id}/pay-demands/{made['payDemandId']}/payment"
    link = ask(crezco, "POST", path, params=where).json()["redirect"]
    form = requests.get(link, timeout=10).text
    assert "£42.42" in form and "INV-00042" in form and "<script" not in form and "viewport" in form
    answer = {"bank": re.findall(r'name="bank" value="([^"]+)"', form)[0], "way": "decline"}
    declined = requests.post(link, answer, timeout=10, allow_redirects=False)
    assert declined.headers["Location"] == where["failureCallbackUri"]
    paid = requests.post(link, {**answer, "way": "approve"}, timeout=10, allow_redirects=False)
    assert paid.headers["Location"] == where["successCallbackUri"]
    again = requests.post(link, {**answer, "way": "approve"}, timeout=10, allow_redirects=False)
    assert again.headers["Location"] == where["successCallbackUri"]
    assert [one["status"]["code"] for one in payments(crezco, made)] == ["Completed", "Declined"]


@pytest.mark.parametrize(("paid", "code"), [(True, "Completed"), (False, "Failed")])
def test_a_bank_may_take_its_time(crezco: CrezcoSandbox, paid: bool, code: str) -> None:
    made = demand(crezco).json()
    waits = requests.post(made["paymentUri"], {"bank": "Heron & Hazel", "way": "wait"}, timeout=10)
    assert "takes its time" in waits.text
    [payment] = payments(crezco, made)
    assert payment["status"]["code"] == "Pending"
    requests.post(f"{crezco.url}/do/bank-answers", {"id": payment["id"], "paid": "yes" if paid else "no"}, timeout=10)
    assert payments(crezco, made)[0]["status"]["code"] == code
    assert ("has arrived" if paid else "was not made") in requests.get(waits.url, timeout=10).text


def test_a_registered_callback_is_told_without_a_signature(crezco: CrezcoSandbox, receiver: Receiver) -> None:
    wanted = {"type": "Payment", "eventType": "PaymentAll", "callback": receiver.url}
    made = ask(crezco, "POST", "webhooks", json=wanted)
    assert made.status_code == 201
    assert ask(crezco, "POST", "webhooks", json=wanted).json() == made.json()
    assert ask(crezco, "GET", "webhooks").json() == [{"id": made.json(), **wanted}]
    paid = demand(crezco).json()
    payment = crezco.pay(paid["paymentUri"])
    assert crezco.webhooks.wait_idle()
    told = {event["eventType"]: event for event in (json.loads(body) for _, body in receiver.posts)}
    assert set(told) == {"PaymentPending", "PaymentCompleted"}
    event = told["PaymentCompleted"]
    assert event["id"] == payment["id"] and event["metadata"]["payDemandId"] == paid["payDemandId"]
    assert not [name for name in receiver.posts[0][0] if "signature" in name]
    assert ask(crezco, "DELETE", f"webhooks/{made.json()}").status_code == 204
    crezco.pay(demand(crezco).json()["paymentUri"])
    assert crezco.webhooks.wait_idle() and len(receiver.posts) == 2


def test_an_answer_that_is_no_yes_switches_a_webhook_off(crezco: CrezcoSandbox, receiver: Receiver) -> None:
    crezco.register(receiver.url)
    receiver.statuses = [500]
    crezco.pay(demand(crezco).json()["paymentUri"], "wait")
    assert crezco.webhooks.wait_idle() and len(receiver.posts) == 1
    crezco.pay(demand(crezco).json()["paymentUri"], "wait")
    assert crezco.webhooks.wait_idle() and len(receiver.posts) == 1
    crezco.register(receiver.url)
    crezco.pay(demand(crezco).json()["paymentUri"], "wait")
    assert crezco.webhooks.wait_idle() and len(receiver.posts) == 2


def test_callbacks_are_on_this_machine_only(crezco: CrezcoSandbox) -> None:
    wanted = {"type": "Payment", "eventType": "PaymentAll", "callback": "https://example.com/hook"}
    assert ask(crezco, "POST", "webhooks", json=wanted).status_code == 422
    assert ask(crezco, "POST", "webhooks", json={**wanted, "callback": None}).status_code == 422
    assert ask(crezco, "POST", "webhooks", json={**wanted, "eventType": "Refund"}).status_code == 422


def test_a_lost_answer_has_done_its_work(crezco: CrezcoSandbox) -> None:
    crezco.faults.add("cut_after", match="pay-demands")
    key = str(uuid.uuid4())
    with pytest.raises(requests.ConnectionError):
        demand(crezco, key)
    [kept] = crezco.book.all("demand")
    assert demand(crezco, key).json()["payDemandId"] == kept["payDemandId"]


def test_where_the_guides_are_silent_it_answers_either_way(crezco: CrezcoSandbox) -> None:
    crezco.open.id_alone, crezco.open.by_user, crezco.open.status_within, crezco.open.numbers = True, False, True, True
    pk = demand(crezco).json()
    assert isinstance(pk, str)
    assert ask(crezco, "GET", f"users/{crezco.user_id}/pay-demands/{pk}").status_code == 404
    read = ask(crezco, "GET", f"pay-demands/{pk}").json()
    assert (read["amount"], read["status"]) == (42.42, "New")
    assert ask(crezco, "GET", f"pay-demands/{pk}/payments").status_code == 404
    crezco.pay(read["paymentUri"], "decline")
    assert ask(crezco, "GET", f"pay-demands/{pk}").json()["status"] == "Declined"
    crezco.pay(read["paymentUri"])
    assert ask(crezco, "GET", f"pay-demands/{pk}").json()["status"] == "Completed"


def test_everything_outlives_a_restart(tmp_path: Path) -> None:
    state = tmp_path / "state.sqlite3"
    with CrezcoSandbox(state=state, webhook_url="http://127.0.0.1:9/hook") as before:
        made = demand(before).json()
        before.webhooks.enabled = False
        before.pay(made["paymentUri"])
    with CrezcoSandbox(state=state, webhook_url="http://127.0.0.1:9/hook") as after:
        assert [one["status"]["code"] for one in payments(after, made)] == ["Completed"]
        assert len(ask(after, "GET", "webhooks").json()) == 1


def test_it_lives_under_the_roof_of_the_others_with_pages_of_its_own() -> None:
    roof = Sandbox()
    crezco = CrezcoSandbox(url=f"{roof.url}/crezco")
    roof.mount("/crezco", crezco)
    with roof:
        made = demand(crezco).json()
        assert made["paymentUri"].startswith(f"{roof.url}/crezco/payment/")
        waits = requests.post(made["paymentUri"], {"bank": "Heron & Hazel", "way": "wait"}, timeout=10)
        assert waits.status_code == 200 and "takes its time" in waits.text
        for path in ("", "/", "/trouble", "/webhooks", "/log"):
            assert requests.get(f"{crezco.url}{path}", timeout=10).status_code == 200
        home = requests.get(f"{crezco.url}/", timeout=10).text
        assert "The bank pays" in home and "<script" not in home
        shared = {"drop": "0", "double": "0.5", "delay": "0", "enabled": "on", "in_lists": "on"}
        requests.post(f"{crezco.url}/do/webhooks", shared, timeout=10)
        assert (crezco.webhooks.double, crezco.webhooks.in_lists) == (0.5, True)
        requests.post(f"{crezco.url}/do/break", {"kind": "503", "times": "1"}, timeout=10)
        assert ask(crezco, "GET", "webhooks").status_code == 503
        sorry = requests.post(f"{crezco.url}/do/break", {"kind": "teapot"}, timeout=10)
        assert "That cannot be" in sorry.text
