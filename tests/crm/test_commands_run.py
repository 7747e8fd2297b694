"""`make run`: three programs that start, live and stop together; and the set-up before it."""

import os
import re
import signal
import socket
import stat
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from scripts import postgres, run, setup, test
from scripts.postgres import free_port
from tests.own_database import ROOT, own_database

pytestmark = pytest.mark.django_db
PATIENCE = 90.0


class Running:
    def __init__(self, url: str, folder: Path) -> None:
        self.web_port, self.sandbox_port, self.log_file = free_port(), free_port(), folder / "log"
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("QUICKBOOKS", "SITE"))}
        env_file = folder / "env"
        env_file.write_text("QUICKBOOKS_ENVIRONMENT=http://127.0.0.1:8001/.well-known/openid_configuration\n")
        environment |= {
            "DATABASE_URL": url,
            "DATA_DIR": str(folder),
            "DEMO_PASSWORD": "amber-otter-river-483",
            "PORT": str(self.web_port),
            "SANDBOX_PORT": str(self.sandbox_port),
            "TALLYBOOK_ENV_FILE": str(env_file),
        }
        del environment["EMAIL_URL"]
        with self.log_file.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "scripts/run.py"], cwd=ROOT, env=environment, stdout=log, stderr=log
            )

    def log(self) -> str:
        return self.log_file.read_text()

    def until(self, is_so: Callable[[], bool]) -> None:
        patience = time.monotonic() + PATIENCE
        while not is_so():
            assert time.monotonic() < patience, self.log()
            time.sleep(0.2)

    def answers(self, port: int, path: str) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as answer:
                return answer.status == 200
        except OSError:
            return False

    def member(self, word: str) -> psutil.Process:
        return next(one for one in psutil.Process(self.process.pid).children() if word in " ".join(one.cmdline()))


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    with own_database(tmp_path) as url:
        started = Running(url, tmp_path)
        yield started
        if started.process.poll() is None:
            started.process.send_signal(signal.SIGINT)
            started.process.wait(PATIENCE)


def test_everything_starts_survives_a_death_and_stops_together(running: Running) -> None:
    running.until(lambda: "ready" in running.log())
    said = running.log()
    assert f"Tallybook is at  http://127.0.0.1:{running.web_port}/" in said
    assert "admin@demo.example   password: amber-otter-river-483" in said
    assert f"http://127.0.0.1:{running.sandbox_port}/" in said and "/mail" in said
    assert running.answers(running.sandbox_port, run.DISCOVERY)

    assert f"changes are told to http://127.0.0.1:{running.web_port}/webhooks/quickbooks/" in said
    tokens = {running.member(word).environ()[run.VERIFIER] for word in ("gunicorn", "manage.py work", "sandbox")}
    assert len(tokens) == 1 and tokens.pop() not in running.log()

    running.member("gunicorn").kill()
    running.until(lambda: "The web server ended (signal SIGKILL) and is started again." in running.log())
    running.until(lambda: running.answers(running.web_port, "/accounts/login/"))
    running.until(lambda: running.answers(running.web_port, "/healthz"))

    family = psutil.Process(running.process.pid).children(recursive=True)
    running.process.send_signal(signal.SIGINT)
    assert running.process.wait(PATIENCE) == 0
    assert "Stopped. Your data is kept" in running.log()
    assert not [one for one in family if one.is_running()]


@pytest.mark.parametrize("name", ["PORT", "SANDBOX_PORT"])
def test_a_taken_port_is_told_before_anything_starts(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(SystemExit, match=f"Port {port} cannot be used .*Nothing was started.*make run {name}="):
            run.stop_if_taken(port, name)


def test_a_port_that_is_none_is_told() -> None:
    with pytest.raises(SystemExit, match="PORT is 'eighty'. Write a port"):
        run.port_from({"PORT": "eighty"}, "PORT", 8000)


def test_the_real_environment_wins_over_the_file(tmp_path: Path) -> None:
    file = tmp_path / "env"
    file.write_text("# a remark\nPORT=9000\nSECRET_KEY='a=b'\n")
    assert run.with_env_file({"PORT": "9001"}, str(file)) == {"PORT": "9001", "SECRET_KEY": "a=b"}


def test_no_sandbox_is_started_for_the_real_quickbooks() -> None:
    assert run.sandbox_port_of({"QUICKBOOKS_ENVIRONMENT": "production"}) is None
    assert run.sandbox_port_of({"QUICKBOOKS_ENVIRONMENT": f"http://127.0.0.1:8001{run.DISCOVERY}"}) == 8001


def test_a_secret_for_webhooks_is_made_up_only_where_there_is_none() -> None:
    none, some = {run.VERIFIER: " "}, {run.VERIFIER: "new,old"}
    run.agree_on_a_verifier(none)
    run.agree_on_a_verifier(some)
    assert len(none[run.VERIFIER]) > 30 and some == {run.VERIFIER: "new,old"}


def test_the_env_file_is_written_once_for_its_owner_alone(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    setup.write_env_file(str(file))
    first = file.read_text()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    setup.write_env_file(str(file))
    assert file.read_text() == first
    other = tmp_path / "other"
    setup.write_env_file(str(other))
    for name in ["SECRET_KEY", "FIELD_ENCRYPTION_KEYS", "DEMO_PASSWORD", run.VERIFIER]:
        line = re.compile(rf"^{name}=(.+)$", re.M)
        assert line.findall(first) != line.findall(other.read_text()), f"{name} is fresh each time"


def test_the_written_env_file_starts_the_program(tmp_path: Path) -> None:
    setup.write_env_file(str(tmp_path / ".env"))
    environment = {"PATH": os.environ["PATH"], "TALLYBOOK_ENV_FILE": str(tmp_path / ".env")}
    command = [sys.executable, "-c", "import crm.settings"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_an_old_python_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(setup.sys, "version_info", (3, 9, 2))
    monkeypatch.setattr(setup.shutil, "which", lambda name: None)
    with pytest.raises(SystemExit, match="needs Python 3.11 or newer; this is Python 3.9"):
        setup.use_a_new_enough_python()


def test_in_ci_a_missing_browser_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    monkeypatch.setenv("CHROMIUM", "/no/such/browser")
    with pytest.raises(SystemExit, match="in CI no test may be left out"):
        test.main()


def test_without_postgresql_it_is_told_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres.shutil, "which", lambda name: None)
    monkeypatch.setattr(postgres.glob, "glob", lambda pattern: [])
    with pytest.raises(SystemExit, match="apt-get install postgresql"):
        postgres.find_programs()
