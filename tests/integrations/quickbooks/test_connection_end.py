"""A connection says when it ends, warns of it in time, once, and tells at once when it has failed."""

import re
import smtplib
from datetime import timedelta

import pytest
import time_machine
from cryptography.fernet import Fernet
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.urls import reverse
from django.utils import timezone
from django_q.models import OrmQ

from integrations import health, tasks
from integrations.models import ConnectionNotice, QuickBooksConnection
from integrations.quickbooks import connect, notices, oauth, tokens
from tests.factories import make_agent, make_connection, make_user
from tests.integrations.processes import run_python

FIVE_YEARS = timedelta(days=5 * 365)


class Refusing(EmailBackend):
    """A mail server that is ill."""

    def send_messages(self, messages):
        raise smtplib.SMTPServerDisconnected("no")


def stored() -> QuickBooksConnection:
    return QuickBooksConnection.objects.get()


def ends_in(**left: int) -> QuickBooksConnection:
    """Let the connection have so much left of its five years."""
    QuickBooksConnection.objects.update(hard_expires_at=timezone.now() + timedelta(**left))
    return stored()


# --- when it ends --------------------------------------------------------------------------------------------


def test_the_end_is_the_earlier_of_both_and_five_years_where_intuit_tells_none(connection):
    now = timezone.now()
    connection.hard_expires_at = None
    assert connection.hard_end == connection.connected_at + FIVE_YEARS
    assert connection.ends_at == connection.refresh_expires_at and not connection.ends_for_good
    connection.refresh_expires_at = None
    assert connection.ends_at == connection.hard_end and connection.ends_for_good
    connection.refresh_expires_at, connection.hard_expires_at = now + timedelta(days=100), now + timedelta(days=3)
    assert connection.ends_at == connection.hard_expires_at and connection.ends_for_good
    assert connection.ends_in_days == 3
    connection.refresh_expires_at = connection.hard_expires_at - timedelta(seconds=5)
    assert connection.ends_for_good, "what is renewed now lasts until the hard end at the most"


@pytest.mark.parametrize(
    ("told", "days"),
    [
        (864_000, 10),
        ("864000", 10),
        (157_680_000, 1825),
        *((odd, None) for odd in (None, True, 0, -5, 1825, 157_680_000_000, 10**30, float("inf"), "soon", [1], {})),
    ],
)
def test_what_intuit_tells_of_the_hard_end_is_believed_only_within_reason(told, days):
    now = timezone.now()
    assert oauth._hard_end(told, now) == (None if days is None else now + timedelta(days=days))


@pytest.mark.parametrize("seconds", ["-1", str(10**30)])
def test_a_lifetime_that_cannot_be_is_not_believed(quickbooks, db, seconds):
    with oauth.SignIn() as client:
        client.access_token, client.refresh_token = "access", "refresh"
        client.expires_in, client.x_refresh_token_expires_in = 3600, seconds
        left = oauth._pair(client).refresh_expires_at - timezone.now()
    assert timedelta(days=100) < left < timedelta(days=102)


def test_the_hard_end_is_asked_for_and_may_be_left_untold(quickbooks, connection, odd_server, settings):
    pair = oauth.refresh(connection.refresh_token)
    assert pair.hard_expires_at is None or pair.hard_expires_at > timezone.now()
    settings.QUICKBOOKS_ENVIRONMENT = f"{odd_server}/discovery"
    pair = oauth.refresh("tells the end to who asks for it")
    assert timedelta(days=9) < pair.hard_expires_at - timezone.now() <= timedelta(days=10)


def test_the_end_that_intuit_tells_is_kept_by_a_refresh(connection, odd_server, settings):
    settings.QUICKBOOKS_ENVIRONMENT = f"{odd_server}/discovery"
    settings.QUICKBOOKS_CLIENT_ID = settings.QUICKBOOKS_CLIENT_SECRET = "any"
    QuickBooksConnection.objects.update(access_expires_at=timezone.now())
    assert tokens.refresh_due_tokens() == 1
    assert stored().ends_for_good and stored().ends_in_days in {9, 10}
    first = stored().hard_expires_at
    QuickBooksConnection.objects.update(access_token="old", access_expires_at=timezone.now())
    assert tokens.refresh_due_tokens() == 1
    assert stored().hard_expires_at == first


def test_a_refresh_keeps_the_end_right(quickbooks, connection):
    now = timezone.now()
    known = now + timedelta(days=400)
    assert tokens._hard_end(None, None) is None
    assert tokens._hard_end(known, None) == known
    assert tokens._hard_end(known, known + timedelta(seconds=3)) == known, "an answer on its way is no other end"
    assert tokens._hard_end(known, known + timedelta(days=2)) == known + timedelta(days=2)
    ends_in(days=400)
    QuickBooksConnection.objects.update(access_expires_at=now)
    tokens.refresh_due_tokens()
    assert stored().hard_expires_at is not None


def test_a_disconnect_forgets_the_end(quickbooks, connection):
    ends_in(days=3)
    connect.disconnect(stored(), by=make_user())
    assert stored().hard_expires_at is None
    assert notices.warn() is False and not mail.outbox


def test_healthz_tells_the_days_left(connection):
    ends_in(days=5)
    assert health.quickbooks() == {"ok": True, "state": "connected", "ends_in_days": 5}


# --- warnings ------------------------------------------------------------------------------------------------


def test_admins_are_warned_two_weeks_a_week_and_two_days_ahead_once_each(connection):
    make_user("jo@example.com"), make_user("kim@example.com")
    make_agent(), make_user("gone@example.com", is_active=False)
    start = timezone.now()
    QuickBooksConnection.objects.update(
        hard_expires_at=start + timedelta(days=20), refresh_expires_at=start + timedelta(days=99)
    )
    sent = []
    for hours in range(0, 24 * 22, 6):
        with time_machine.travel(start + timedelta(hours=hours), tick=False):
            before = len(mail.outbox)
            tasks.warn_about_connections()
            tasks.warn_about_connections()
            sent += [hours / 24] * (len(mail.outbox) - before)
    assert sent == [6, 13, 18]
    assert all(message.to == ["jo@example.com", "kim@example.com"] for message in mail.outbox)
    assert [row.kind for row in ConnectionNotice.objects.order_by("pk")] == ["14_days", "7_days", "2_days"]


def test_a_warning_names_the_company_the_day_and_the_way(connection, settings):
    make_user()
    QuickBooksConnection.objects.update(company_name="Smith &\nSons")
    end = ends_in(days=6, hours=1).ends_at
    notices.warn()
    (message,) = mail.outbox
    day = f"{end:%d} {end:%B} {end:%Y}".lstrip("0")
    assert message.subject.startswith("The connection to Smith & Sons in QuickBooks ends on ")
    assert re.search(r"ends on \d+ \w+ 20\d\d, in [67] days\.", message.body), day
    assert "five years" in message.body and "the gap is caught up" in message.body
    assert settings.SITE_URL + reverse("integrations:settings") in message.body


def test_an_end_because_nothing_was_renewed_says_so(connection):
    make_user()
    QuickBooksConnection.objects.update(refresh_expires_at=timezone.now() + timedelta(days=5))
    notices.warn()
    assert "has not managed to" in mail.outbox[0].body


def test_whoever_was_away_gets_the_warning_that_fits_now_and_none_of_the_older(connection):
    make_user()
    ends_in(days=1)
    notices.warn()
    assert [row.kind for row in ConnectionNotice.objects.all()] == ["2_days"]
    ends_in(days=-1)
    assert notices.warn() is False


def test_an_end_that_every_renewal_moves_a_little_is_warned_of_once(connection):
    make_user()
    start = timezone.now()
    for hours in range(24):
        with time_machine.travel(start + timedelta(hours=hours), tick=False):
            QuickBooksConnection.objects.update(refresh_expires_at=timezone.now() + timedelta(days=6))
            notices.warn()
    assert len(mail.outbox) == 1


def test_after_a_renewal_or_a_reconnect_the_next_end_warns_anew(connection):
    make_user()
    ends_in(days=1)
    assert notices.warn()
    with time_machine.travel(timezone.now() + timedelta(days=1, hours=12), tick=False):
        QuickBooksConnection.objects.update(
            connected_at=timezone.now(), hard_expires_at=None, refresh_expires_at=timezone.now() + timedelta(days=100)
        )
        assert notices.warn() is False
    with time_machine.travel(timezone.now() + timedelta(days=100), tick=False):
        assert notices.warn()
    assert ConnectionNotice.objects.filter(kind="2_days").count() == 2


def test_a_failure_is_told_at_once_and_again_only_after_a_reconnect(
    quickbooks, connection, django_capture_on_commit_callbacks
):
    make_user()
    with django_capture_on_commit_callbacks(execute=True):
        version = stored().access_expires_at
        assert tokens.mark_needs_reconnect(connection.pk, "Intuit no longer accepts the sign-in.", version=version)
    assert OrmQ.objects.get().task["func"] == "integrations.tasks.warn_about_connections"
    for _ in range(3):
        tasks.warn_about_connections()
    (message,) = mail.outbox
    assert "needs you to sign in again" in message.subject
    assert "Intuit no longer accepts the sign-in." in message.body and connection.company_name in message.body
    QuickBooksConnection.objects.update(status="connected", connected_at=timezone.now())
    assert notices.warn() is False
    QuickBooksConnection.objects.update(status="needs_reconnect")
    assert notices.warn() and len(mail.outbox) == 2


def test_a_sign_in_that_cannot_be_read_is_told_with_the_name_of_the_setting(connection, settings):
    make_user()
    settings.FIELD_ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
    assert notices.warn() and not notices.warn()
    assert "FIELD_ENCRYPTION_KEYS" in mail.outbox[0].body


@pytest.mark.parametrize("status", ["disconnected", "connected"])
def test_nothing_is_mailed_when_nothing_is_wrong(connection, status):
    make_user()
    QuickBooksConnection.objects.update(status=status)
    assert notices.warn() is False and not ConnectionNotice.objects.exists()


def test_without_an_admin_nothing_counts_as_told(connection):
    ends_in(days=1)
    assert notices.warn() is False
    make_user()
    assert notices.warn()


def test_a_mail_that_cannot_leave_is_tried_again(connection, settings):
    make_user()
    ends_in(days=1)
    settings.EMAIL_BACKEND = f"{__name__}.Refusing"
    assert notices.warn() is False
    assert ConnectionNotice.objects.get().sent_at is None
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    assert notices.warn() and not notices.warn()
    assert len(mail.outbox) == 1


def test_a_worker_killed_before_it_could_mark_the_mail_loses_nothing(connection):
    make_user()
    ends_in(days=1)
    notice = ConnectionNotice.objects.create(connection=connection, kind="2_days", about=stored().ends_at)
    assert notices._claim(notice) and not notices._claim(notice)
    assert notices.warn() is False, "somebody is at it"
    with time_machine.travel(timezone.now() + notices.LEASE + timedelta(seconds=1), tick=False):
        assert notices.warn()
    assert len(mail.outbox) == 1


def test_two_workers_at_once_send_one_mail(quickbooks, transactional_db, tmp_path):
    make_user()
    make_connection(quickbooks, hard_expires_at=timezone.now() + timedelta(days=5))
    code = (
        "from django.conf import settings\n"
        "settings.EMAIL_BACKEND = 'django.core.mail.backends.filebased.EmailBackend'\n"
        f"settings.EMAIL_FILE_PATH = {str(tmp_path)!r}\n"
        "from integrations.tasks import warn_about_connections\n"
        "for _ in range(20): warn_about_connections()\n"
    )
    run_python(code, times=3, sandbox=quickbooks)
    mails = [path.read_text() for path in tmp_path.iterdir()]
    assert sum(text.count("Subject:") for text in mails) == 1
    assert ConnectionNotice.objects.get().sent_at is not None
