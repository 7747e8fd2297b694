"""``python -m sandbox``: its port, its file, and what survives a kill."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
import requests

from sandbox import Sandbox
from sandbox.__main__ import arguments, build

from .cast import customer, invoice
from .conftest import Wire


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def run(*words: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "sandbox", *words]
    root = Path(__file__).parents[2]
    return subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def wait_for(port: int) -> None:
    for _ in range(200):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise TimeoutError(f"nobody listens on {port}")


def test_books_tokens_and_answers_outlive_a_restart(tmp_path: Path) -> None:
    file = tmp_path / "books.sqlite3"
    with Sandbox(state=file, seed="small") as sandbox:
        us = sandbox.company("us")
        wire = Wire(sandbox, us)
        made = wire.post("customer", {"DisplayName": "Ada"}, requestid="one").json()["Customer"]
        bill = invoice(us, made)
        gone = invoice(us, made)
        us.delete("Invoice", gone["Id"])
        count = us.count("SELECT COUNT(*) FROM Invoice")
    with Sandbox(state=file, seed="small") as sandbox:
        again = sandbox.company("us")
        wire.base = f"{sandbox.api_url}/company/{again.realm_id}"
        assert again.read("Invoice", bill["Id"]) == bill
        assert again.count("SELECT COUNT(*) FROM Invoice") == count
        assert again.store.graves["Invoice"].keys() == {gone["Id"]}
        assert wire.post("customer", {"DisplayName": "Ada"}, requestid="one").json()["Customer"] == made
        assert int(invoice(again, made)["Id"]) > int(gone["Id"])
        assert int(customer(again, "Ben")["Id"]) > int(made["Id"])


def test_what_was_answered_survives_a_kill(tmp_path: Path) -> None:
    port, file = free_port(), tmp_path / "books.sqlite3"
    process = run("--port", str(port), "--state", str(file))
    try:
        wait_for(port)
        page = {"company": "us", "name": "Ada"}
        assert "Ada" in requests.post(f"http://127.0.0.1:{port}/do/new-customer", data=page, timeout=10).text
    finally:
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=10)
    with Sandbox(state=file, seed="small") as sandbox:
        assert len(sandbox.company("us").query("SELECT * FROM Customer WHERE DisplayName = 'Ada'")) == 1


def test_a_taken_port_is_one_plain_sentence(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        process = run("--port", str(port))
        _, complaint = process.communicate(timeout=20)
    assert process.returncode == 1
    assert complaint.count("\n") == 1 and str(port) in complaint


def test_it_stops_cleanly_when_told_to() -> None:
    port = free_port()
    process = run("--port", str(port))
    wait_for(port)
    process.send_signal(signal.SIGTERM)
    said, complaint = process.communicate(timeout=10)
    assert (process.returncode, complaint) == (0, "")
    assert f"http://127.0.0.1:{port}/v3" in said


def test_the_command_line_has_the_real_limits_and_reads_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QUICKBOOKS_CLIENT_ID", "my-client")
    sandbox = build(arguments(["--port", "0", "--company-size", "none"]))
    limits = sandbox.limits
    sandbox.stop()
    assert (limits.per_minute, limits.per_second, limits.batches_per_minute) == (500, 10, 40)
    assert sandbox.client_id == "my-client"


def test_tokens_kept_before_consents_had_an_end_still_work(tmp_path: Path) -> None:
    file = tmp_path / "books.sqlite3"
    with Sandbox(state=file) as sandbox:
        tokens = sandbox.issue_tokens(sandbox.company("us").realm_id)
        assert sandbox.state
        grants = sandbox.state.kept("grants")
        sandbox.state.keep("grants", [{k: v for k, v in one.items() if k != "hard_expires"} for one in grants])
    with Sandbox(state=file) as sandbox:
        assert sandbox.tokens.grant_of(tokens["access_token"])
        assert sandbox.tokens.refresh(tokens["refresh_token"], sandbox.client_id)


def test_the_command_line_says_where_webhooks_go_and_what_signs_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QUICKBOOKS_WEBHOOK_VERIFIER_TOKEN", "new, old")
    words = ["--port", "0", "--company-size", "none", "--webhook-url", "http://127.0.0.1:9/hook"]
    sandbox = build(arguments(words))
    sandbox.stop()
    assert (sandbox.webhooks.url, sandbox.webhooks.token) == ("http://127.0.0.1:9/hook", "new")
    assert arguments([*words, "--verifier-token", "mine"]).verifier_token == "mine"
    monkeypatch.delenv("QUICKBOOKS_WEBHOOK_VERIFIER_TOKEN")
    assert arguments(words).verifier_token


def test_a_webhook_url_elsewhere_is_one_plain_sentence() -> None:
    process = run("--port", "0", "--company-size", "none", "--webhook-url", "https://example.com/hook")
    _, complaint = process.communicate(timeout=20)
    assert process.returncode == 1
    assert complaint.count("\n") == 1 and "this machine only" in complaint
