"""People: invited by email, in one of two roles, shut out at once."""

import re
from datetime import timedelta

import pytest
import time_machine
from allauth.account.models import EmailAddress
from django.core import mail
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from crm import people
from crm.models import Activity, Invitation, User
from tests.factories import PASSWORD, make_agent, make_user

pytestmark = pytest.mark.django_db
GOOD = {"name": "Sam Field", "password": "a-long-good-secret-9", "again": "a-long-good-secret-9"}


@pytest.fixture(autouse=True)
def fresh_limits() -> None:
    cache.clear()


@pytest.fixture
def admin(client: Client) -> User:
    admin = make_user()
    client.force_login(admin)
    return admin


def link_in_last_mail() -> str:
    found = re.search(r"https?://[^/]+(/invitations/\S+)", mail.outbox[-1].body)
    assert found
    return found[1]


def invite(client: Client, email: str = "sam@example.com", role: str = "agent") -> str:
    answer = client.post(reverse("staff:invite"), {"email": email, "role": role})
    assert answer.status_code == 302
    return link_in_last_mail()


def test_invited_person_joins_with_name_and_password_and_is_logged_in(admin: User, client: Client) -> None:
    link = invite(client, "Sam@Example.com")
    assert mail.outbox[-1].to == ["sam@example.com"]
    visitor = Client()
    assert "Jo Bloggs invites you" in visitor.get(link).content.decode()
    assert visitor.post(link, GOOD).status_code == 302
    assert "Hello, Sam" in visitor.get("/").content.decode()
    sam = User.objects.get(email="sam@example.com")
    assert (sam.name, sam.role, sam.is_staff) == ("Sam Field", "agent", False)
    assert EmailAddress.objects.get(user=sam).verified
    verbs = list(Activity.objects.order_by("id").values_list("subject_type", "verb", "actor__email"))
    assert verbs == [
        ("invitation", "invitation.sent", admin.email),
        ("user", "user.joined", "sam@example.com"),
    ]


def test_secret_of_an_invitation_is_stored_nowhere(admin: User, client: Client) -> None:
    secret = invite(client).rstrip("/").rpartition("/")[2]
    assert len(secret) >= 40
    row = Invitation.objects.values().get()
    assert secret not in str(row) and secret not in str(list(Activity.objects.values()))
    assert row["secret_digest"] == people.digest(secret)


def test_invitation_works_once(admin: User, client: Client) -> None:
    link = invite(client)
    Client().post(link, GOOD)
    second = Client().post(link, GOOD)
    assert second.status_code == 404 and "no longer works" in second.content.decode()
    assert User.objects.filter(email="sam@example.com").count() == 1


def test_opening_the_link_uses_nothing_up(admin: User, client: Client) -> None:
    link = invite(client)
    for _ in range(3):
        assert Client().get(link).status_code == 200
    assert Client().post(link, GOOD).status_code == 302


def test_invitation_is_void_after_seven_days(admin: User, client: Client) -> None:
    link = invite(client)
    with time_machine.travel(timezone.now() + timedelta(days=6, hours=23), tick=False):
        assert Client().get(link).status_code == 200
    with time_machine.travel(timezone.now() + timedelta(days=7, seconds=1), tick=False):
        assert Client().get(link).status_code == 404
        assert Client().post(link, GOOD).status_code == 404


def test_sending_again_replaces_the_link_and_withdrawing_ends_it(admin: User, client: Client) -> None:
    first = invite(client)
    pk = Invitation.objects.get().pk
    client.post(reverse("staff:invitation-resend", args=[pk]))
    second = link_in_last_mail()
    assert Client().get(first).status_code == 404 and Client().get(second).status_code == 200
    client.post(reverse("staff:invitation-withdraw", args=[pk]))
    assert Client().get(second).status_code == 404
    assert set(Activity.objects.values_list("verb", flat=True)) == {
        "invitation.sent",
        "invitation.renewed",
        "invitation.withdrawn",
    }


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"password": "short", "again": "short"}, "too short"),
        ({"password": "sam@example.com", "again": "sam@example.com"}, "too similar"),
        ({"again": "something-else-entirely"}, "The two passwords differ"),
        ({"name": " "}, "Write your name"),
    ],
)
def test_weak_or_mistyped_answers_are_told_beside_the_field(
    admin: User, client: Client, change: dict[str, str], said: str
) -> None:
    link = invite(client)
    answer = Client().post(link, {**GOOD, **change})
    assert answer.status_code == 422 and said in answer.content.decode()
    assert not User.objects.filter(email="sam@example.com").exists()


def test_guessing_links_is_slowed_down(db: None) -> None:
    visitor = Client()
    codes = [visitor.post(f"/invitations/guess-{number}/", GOOD).status_code for number in range(25)]
    assert codes[0] == 404 and codes[-1] == 429


def test_who_works_here_or_is_invited_is_not_invited_again(admin: User, client: Client) -> None:
    make_agent("sam@example.com")
    for email, said in [
        ("SAM@example.com", "works here already"),
        ("new@example.com", ""),
        ("new@example.com", "again"),
    ]:
        answer = client.post(reverse("staff:invite"), {"email": email, "role": "agent"})
        assert said in answer.content.decode()
    assert Invitation.objects.count() == 1


def test_invitation_is_not_accepted_by_somebody_else_who_is_logged_in(admin: User, client: Client) -> None:
    link = invite(client)
    assert "you are logged in as jo@example.com" in client.get(link).content.decode()
    client.post(link, GOOD)
    assert not User.objects.filter(email="sam@example.com").exists()


def test_deactivated_person_is_out_at_once_and_stays_out_after_reactivation(admin: User, client: Client) -> None:
    sam = make_agent()
    theirs = Client()
    theirs.force_login(sam)
    assert theirs.get("/").status_code == 200
    client.post(reverse("staff:person-deactivate", args=[sam.pk]))
    assert theirs.get("/").status_code == 302
    refused = Client().post(reverse("account_login"), {"login": sam.email, "password": PASSWORD})
    assert "_auth_user_id" not in refused.client.session
    client.post(reverse("staff:person-reactivate", args=[sam.pk]))
    assert theirs.get("/").status_code == 302, "an old session must not come back to life"
    back = Client()
    back.post(reverse("account_login"), {"login": sam.email, "password": PASSWORD})
    assert back.get("/").status_code == 200
    assert list(Activity.objects.order_by("id").values_list("verb", "changes")) == [
        ("user.deactivated", {"is_active": [True, False]}),
        ("user.reactivated", {"is_active": [False, True]}),
    ]


def test_nobody_shuts_out_or_demotes_themselves(admin: User, client: Client) -> None:
    make_user("other@example.com")
    client.post(reverse("staff:person-deactivate", args=[admin.pk]))
    client.post(reverse("staff:person-role", args=[admin.pk]), {"role": "agent"})
    admin.refresh_from_db()
    assert admin.is_active and admin.is_admin


def test_last_admin_stays(admin: User) -> None:
    gone = make_user("gone@example.com", is_active=False)
    for change in (lambda: people.deactivate(admin, by=gone), lambda: people.change_role(admin, "agent", by=gone)):
        with pytest.raises(people.PeopleError, match="last admin"):
            change()
    admin.refresh_from_db()
    assert admin.is_active and admin.is_admin


def test_role_change_is_kept_in_the_trail_and_takes_the_admin_site_away(admin: User, client: Client) -> None:
    other = make_user("other@example.com", is_staff=True, is_superuser=True)
    client.post(reverse("staff:person-role", args=[other.pk]), {"role": "agent"})
    other.refresh_from_db()
    assert (other.role, other.is_staff, other.is_superuser) == ("agent", False, False)
    assert Activity.objects.get().changes == {"role": ["admin", "agent"]}


def test_nothing_of_a_refused_change_is_kept_in_the_trail(admin: User, client: Client) -> None:
    client.post(reverse("staff:person-role", args=[make_agent().pk]), {"role": "owner"})
    client.post(reverse("staff:person-deactivate", args=[admin.pk]))
    assert not Activity.objects.exists()


def test_list_of_people_asks_the_database_as_often_for_one_as_for_many(admin: User, client: Client) -> None:
    def count() -> int:
        with CaptureQueriesContext(
            connection,
        ) as asked:
            assert client.get(reverse("staff:people")).status_code == 200
        return len(asked)

    count()
    one = count()
    for number in range(5):
        make_agent(f"agent{number}@example.com")
        people.invite(f"guest{number}@example.com", "agent", by=admin)
    assert count() == one
