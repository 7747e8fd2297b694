"""The commands of the installation: prepare, the demo, the first admin, starting fresh, schedules."""

import io
from datetime import timedelta
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.apps import apps
from django.conf import settings as real_settings
from django.core.management import CommandError, call_command
from django.utils import timezone
from django_q.models import Schedule, Task

from crm import demo, schedules
from crm.models import Business, Contact, Heartbeat, Invitation, User
from integrations.management.commands import start_fresh
from invoicing.models import Invoice
from tests.factories import make_contact, make_invoice, make_user

pytestmark = pytest.mark.django_db
PASSWORD = "a-long-enough-phrase-7"


def run(*arguments: str) -> str:
    said = io.StringIO()
    call_command(*arguments, stdout=said)
    return said.getvalue()


def test_the_demo_has_an_admin_and_an_agent_who_can_log_in(settings: Any, client: Any) -> None:
    settings.DEMO_PASSWORD = PASSWORD
    said = run("seed_demo")
    assert f"Admin: {demo.ADMIN_EMAIL}   password: {PASSWORD}" in said
    assert Business.load().is_demo and Business.load().name == "Demo"
    for email, role in [(demo.ADMIN_EMAIL, "admin"), (demo.AGENT_EMAIL, "agent")]:
        answer = client.post("/accounts/login/", {"login": email, "password": PASSWORD})
        assert answer.status_code == 302, email
        client.logout()
        assert User.objects.get(email=email).role == role


def test_seeding_again_changes_nothing(settings: Any) -> None:
    settings.DEMO_PASSWORD = PASSWORD
    first = run("seed_demo")
    Business.objects.update(name="Our own name")
    assert run("seed_demo", "--if-new") == first
    assert User.objects.count() == EmailAddress.objects.count() == 2
    assert Business.load().name == "Our own name"


def test_the_demo_never_enters_a_real_business() -> None:
    make_user()
    assert run("seed_demo", "--if-new") == ""
    with pytest.raises(CommandError, match="a business of its own"):
        run("seed_demo")
    assert User.objects.count() == 1


def test_the_first_admin_needs_no_demo(monkeypatch: pytest.MonkeyPatch, client: Any) -> None:
    monkeypatch.setenv("TALLYBOOK_ADMIN_PASSWORD", PASSWORD)
    run("create_admin", "Jo@Example.com", "--name", "Jo Bloggs")
    user = User.objects.get(email="jo@example.com")
    assert (user.name, user.is_admin, user.is_staff, user.is_superuser) == ("Jo Bloggs", True, True, True)
    assert EmailAddress.objects.get(user=user).verified
    assert client.post("/accounts/login/", {"login": "jo@example.com", "password": PASSWORD}).status_code == 302
    with pytest.raises(CommandError, match="has a login already"):
        run("create_admin", "jo@example.com")


@pytest.mark.parametrize(
    ("email", "password", "words"),
    [
        ("nobody", PASSWORD, "valid email"),
        ("jo@example.com", "short", "too short"),
        ("jo@example.com", "", "Nobody is"),
    ],
)
def test_an_admin_is_not_made_by_halves(monkeypatch: pytest.MonkeyPatch, email: str, password: str, words: str) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO())
    with pytest.raises(CommandError, match=words):
        run("create_admin", email, "--password", password)
    assert not User.objects.exists()


def test_starting_fresh_leaves_an_empty_house(settings: Any) -> None:
    run("seed_demo")
    ada = make_contact(email="ada@example.com")
    make_invoice(ada, lines=[{"amount": 120}])
    make_contact("A job of Ada", parent=ada)
    said = run("start_fresh", "--yes")
    assert "2 contacts" in said and "create_admin" in said
    assert not Contact.objects.exists() and not Invoice.objects.exists() and not User.objects.exists()
    business = Business.objects.get()
    assert not business.is_demo and business.name == "My business"
    assert run("seed_demo", "--if-new") == "", "`make run` does not bring the demo back"


def test_starting_fresh_keeps_who_shall_stay() -> None:
    run("seed_demo")
    make_user()
    assert "create_admin" not in run("start_fresh", "--yes", "--keep", demo.ADMIN_EMAIL)
    assert set(User.objects.values_list("email", flat=True)) == {"jo@example.com", demo.ADMIN_EMAIL}


def test_starting_fresh_asks_and_spares_a_real_business(monkeypatch: pytest.MonkeyPatch) -> None:
    run("seed_demo")
    monkeypatch.setattr("sys.stdin", io.StringIO("\nno\n"))
    with pytest.raises(CommandError, match="Nothing was removed"):
        run("start_fresh")
    Business.objects.update(is_demo=False)
    make_contact()
    with pytest.raises(CommandError, match="--really"):
        run("start_fresh", "--yes")
    assert Contact.objects.count() == 1
    run("start_fresh", "--yes", "--really")
    assert not Contact.objects.exists()


def test_starting_fresh_knows_every_table_of_ours() -> None:
    ours = {
        model
        for config in apps.get_app_configs()
        if config.path.startswith(str(real_settings.BASE_DIR)) and ".venv" not in config.path
        for model in config.get_models()
    }
    assert ours - set(start_fresh.CLEARED) == {Business, User, Heartbeat}
    assert Invitation in ours


def test_schedules_are_those_of_the_settings(settings: Any) -> None:
    assert set(Schedule.objects.values_list("name", flat=True)) == {f"tallybook:{name}" for name in settings.SCHEDULES}
    Schedule.objects.create(name="the operator's own", func="crm.heartbeats.beat")
    Schedule.objects.create(name="tallybook:prune", func="made.twice")
    settings.SCHEDULES = {"prune": ("crm.schedules.prune", 60), "new": ("crm.heartbeats.scheduler_beat", 1)}
    schedules.ensure_schedules()
    schedules.ensure_schedules()
    found = {row.name: (row.func, row.minutes) for row in Schedule.objects.all()}
    assert len(found) == Schedule.objects.count()
    assert found["tallybook:prune"] == ("crm.schedules.prune", 60)
    assert found["tallybook:new"] == ("crm.heartbeats.scheduler_beat", 1)
    assert set(found) == {"the operator's own", "tallybook:prune", "tallybook:new"}


def test_the_queue_forgets_old_tasks() -> None:
    now = timezone.now()
    for success, days in [(True, 6), (True, 8), (False, 29), (False, 31)]:
        then = now - timedelta(days=days)
        Task.objects.create(
            id=f"{success}-{days}", name="x", func="x", started=then, stopped=then, success=success, attempt_count=1
        )
    schedules.prune()
    assert set(Task.objects.values_list("id", flat=True)) == {"True-6", "False-29"}
