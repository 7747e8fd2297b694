"""Logging in: throttled, with a second factor where there is one, by one door for the admin site too."""

import base64
import hashlib
import hmac
import re
import struct
import time
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from django.core import mail
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from crm.models import Activity, Business, User
from tests.factories import PASSWORD, make_agent, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def fresh_limits() -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


def code_now(secret: str) -> str:
    """What an authenticator app shows (RFC 6238), written apart from the library that checks it."""
    counter = struct.pack(">Q", int(time.time()) // 30)
    digest = hmac.new(base64.b32decode(secret), counter, hashlib.sha1).digest()
    offset = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[offset : offset + 4])[0] & 0x7FFFFFFF) % 1_000_000:06}"


def log_in(client: Client, user: User, password: str = PASSWORD) -> str:
    """Log in by the page; gives the address it leads to, or "" where it was refused."""
    answer = client.post(reverse("account_login"), {"login": user.email, "password": password})
    return answer.headers.get("Location", "")


def set_up_second_factor(client: Client) -> tuple[str, list[str]]:
    """Scan, type the code; gives the secret and the recovery codes that are shown then."""
    page = client.get(reverse("mfa_activate_totp")).content.decode()
    found = re.search(r'value="([A-Z2-7]{16,})"', page)
    assert found, page
    answer = client.post(reverse("mfa_activate_totp"), {"code": code_now(found[1])}, follow=True)
    codes = re.findall(r"<li>([0-9a-f]{8,})</li>", answer.content.decode())
    assert len(codes) == 10
    return found[1], codes


def test_wrong_password_is_throttled_even_for_the_right_one_after_it() -> None:
    user, client = make_user(), Client()
    for _ in range(5):
        assert log_in(client, user, "wrong") == ""
    assert log_in(client, user) == ""
    answer = client.post(reverse("account_login"), {"login": user.email, "password": PASSWORD})
    assert "Too many failed login attempts" in answer.content.decode()
    with time_machine.travel(time.time() + 301):
        assert log_in(client, user) == "/"


def test_nobody_signs_up_by_themselves() -> None:
    form = {"email": "eve@example.com", "password1": PASSWORD, "password2": PASSWORD}
    for answer in (Client().get(reverse("account_signup")), Client().post(reverse("account_signup"), form)):
        assert "Logins are by invitation" in answer.content.decode()
    assert not User.objects.exists()


def test_second_factor_is_asked_for_after_the_password() -> None:
    user, client = make_user(), Client()
    log_in(client, user)
    secret, _ = set_up_second_factor(client)
    later = Client()
    assert log_in(later, user) == reverse("mfa_authenticate")
    assert later.get("/").status_code == 302, "the password alone opens nothing"
    assert "Incorrect code" in later.post(reverse("mfa_authenticate"), {"code": "000000"}).content.decode()
    with time_machine.travel(time.time() + 30):
        assert later.post(reverse("mfa_authenticate"), {"code": code_now(secret)}).headers["Location"] == "/"
        assert later.get("/").status_code == 200


def test_recovery_code_opens_the_door_once() -> None:
    user, client = make_user(), Client()
    log_in(client, user)
    _, codes = set_up_second_factor(client)
    first, second = Client(), Client()
    log_in(first, user)
    assert first.post(reverse("mfa_authenticate"), {"code": codes[0]}).headers["Location"] == "/"
    log_in(second, user)
    assert second.post(reverse("mfa_authenticate"), {"code": codes[0]}).status_code == 200
    assert second.get("/").status_code == 302


def test_secrets_of_the_second_factor_are_encrypted_at_rest() -> None:
    user, client = make_user(), Client()
    log_in(client, user)
    secret, codes = set_up_second_factor(client)
    stored = str(list(Authenticator.objects.values_list("data", flat=True)))
    assert secret not in stored and "gAAAA" in stored
    assert not any(code in stored for code in codes)


def test_required_second_factor_is_set_up_before_anything_else() -> None:
    business = Business.load()
    business.second_factor_required = True
    business.save()
    user, client = make_agent(), Client()
    log_in(client, user)
    for page in ("/", "/account/", "/accounts/password/change/", "/nowhere/"):
        assert client.get(page).headers.get("Location") == reverse("mfa_activate_totp"), page
    assert client.get("/", headers={"HX-Request": "true"}).status_code == 401
    set_up_second_factor(client)
    assert client.get("/").status_code == 200
    answer = client.post(reverse("mfa_deactivate_totp"))
    assert "You cannot deactivate" in answer.content.decode()
    assert Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP).exists()


def test_admin_site_is_entered_by_the_same_door_with_the_second_factor() -> None:
    user = make_user(is_staff=True, is_superuser=True)
    stranger = Client()
    assert stranger.get("/admin/", follow=True).redirect_chain[-1][0].startswith(reverse("account_login"))
    stranger.post("/admin/login/", {"username": user.email, "password": PASSWORD})
    assert "_auth_user_id" not in stranger.session, "the admin's own form must not let anybody in"
    client = Client()
    log_in(client, user)
    secret, _ = set_up_second_factor(client)
    later = Client()
    log_in(later, user)
    assert later.get("/admin/").status_code == 302
    with time_machine.travel(time.time() + 30):
        later.post(reverse("mfa_authenticate"), {"code": code_now(secret)})
        assert later.get("/admin/").status_code == 200


def test_agent_does_not_enter_the_admin_site() -> None:
    client = Client()
    log_in(client, make_agent())
    assert client.get("/admin/").status_code in {302, 403}
    assert client.get("/admin/crm/user/").status_code in {302, 403}


def test_password_is_reset_by_mail_and_unknown_addresses_get_none() -> None:
    user = make_user()
    Client().post(reverse("account_reset_password"), {"email": "nobody@example.com"})
    assert mail.outbox == []
    client = Client()
    client.post(reverse("account_reset_password"), {"email": user.email})
    found = re.search(r"https?://[^/]+(/accounts/password/reset/key/\S+)", mail.outbox[-1].body)
    assert found
    page = client.get(found[1], follow=True)
    assert "Choose a new password" in page.content.decode()
    new = {"password1": "another-good-secret-7", "password2": "another-good-secret-7"}
    client.post(page.redirect_chain[-1][0], new)
    assert log_in(Client(), user, "another-good-secret-7") == "/"
    assert "This link no longer works" in Client().get(found[1], follow=True).content.decode()


def test_fragment_of_an_ended_session_does_not_put_the_login_page_into_the_page() -> None:
    assert Client().get("/", headers={"HX-Request": "true"}).status_code == 401
    assert Client().get("/").status_code == 302


def test_password_is_asked_for_again_before_the_login_itself_is_changed() -> None:
    user, client = make_user(), Client()
    log_in(client, user)
    with time_machine.travel(time.time() + 301):
        for page in ("mfa_activate_totp", "account_email"):
            answer = client.post(reverse(page), {"email": "new@example.com", "action_add": ""})
            assert answer.headers["Location"].startswith(reverse("account_reauthenticate")), page
        client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
        assert client.get(reverse("mfa_activate_totp")).status_code == 200


def test_admin_resets_the_second_factor_of_who_lost_it() -> None:
    sam, theirs, office = make_agent(), Client(), Client()
    log_in(theirs, sam)
    set_up_second_factor(theirs)
    office.force_login(make_user())
    assert "Reset second factor" in office.get(reverse("staff:people")).content.decode()
    office.post(reverse("staff:person-second-factor", args=[sam.pk]))
    assert theirs.get("/").status_code == 302
    assert log_in(Client(), sam) == "/"
    assert Activity.objects.filter(verb="user.second_factor_reset", subject_id=sam.pk).count() == 1


def test_changes_of_ones_own_login_are_in_the_trail(django_capture_on_commit_callbacks: Any) -> None:
    user, client = make_user(), Client()
    log_in(client, user)
    new = {"oldpassword": PASSWORD, "password1": "another-good-secret-7", "password2": "another-good-secret-7"}
    client.post(reverse("account_change_password"), new)
    with django_capture_on_commit_callbacks(execute=True):
        set_up_second_factor(client)
    verbs = list(Activity.objects.filter(actor=user, subject_type="user").order_by("id").values_list("verb", flat=True))
    # The app, and the recovery codes that come with it.
    assert verbs == ["user.password_changed", "user.second_factor_added", "user.second_factor_added"]
    assert PASSWORD not in str(list(Activity.objects.values()))


def test_address_changes_once_the_new_one_is_confirmed() -> None:
    user, client = make_user(), Client()
    log_in(client, user)
    client.post(reverse("account_email"), {"email": "jo@new.example.com", "action_add": ""})
    user.refresh_from_db()
    assert user.email == "jo@example.com"
    found = re.search(r"https?://[^/]+(/accounts/confirm-email/\S+)", mail.outbox[-1].body)
    assert found
    assert "Is <strong>jo@new.example.com</strong>" in client.get(found[1]).content.decode()
    client.post(found[1])
    user.refresh_from_db()
    assert user.email == "jo@new.example.com"
    assert Activity.objects.get(verb="user.email_changed").changes == {
        "email": ["jo@example.com", "jo@new.example.com"]
    }
