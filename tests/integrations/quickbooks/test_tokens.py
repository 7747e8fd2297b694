"""Tokens renew themselves: by one process, ahead of time, stored before they are used, whatever gets lost."""

import threading
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.db import connection as database
from django.utils import timezone

from crm.models import Activity
from integrations import health
from integrations.errors import NeedsReconnect, Rejected, Transient
from integrations.models import QuickBooksConnection
from integrations.quickbooks import connect, tokens
from integrations.quickbooks.client import client_for
from integrations.quickbooks.tokens import access_token_for, refresh_due_tokens
from sandbox import Sandbox
from tests.factories import make_connection, make_user
from tests.integrations.processes import run_python, start_python

BEARER = "/tokens/bearer"


def refreshes(sandbox: Sandbox) -> list[int]:
    """The statuses of all refreshes so far."""
    return [entry.status for entry in sandbox.requests if BEARER in entry.path]


def run_out(connection: QuickBooksConnection, left: timedelta = timedelta(seconds=-1)) -> None:
    QuickBooksConnection.objects.filter(pk=connection.pk).update(access_expires_at=timezone.now() + left)


def stored() -> QuickBooksConnection:
    return QuickBooksConnection.objects.get()


def at_once(number: int, call: Callable[[], Any]) -> list[Any]:
    """What so many threads got from the same call: values, or errors."""
    results: list[Any] = []
    barrier = threading.Barrier(number)

    def run() -> None:
        try:
            barrier.wait()
            results.append(call())
        except Exception as error:
            results.append(error)
        finally:
            database.close()

    threads = [threading.Thread(target=run) for _ in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def test_a_token_that_lasts_is_used_without_asking(quickbooks, connection):
    assert access_token_for(connection.pk) == connection.access_token
    assert not quickbooks.requests


def test_a_token_is_renewed_five_minutes_ahead_and_stored_before_use(quickbooks, connection):
    run_out(connection, timedelta(minutes=4))
    token = access_token_for(connection.pk)
    assert token != connection.access_token
    row = stored()
    assert (row.access_token, row.lease_id, row.lease_until) == (token, "", None)
    assert row.refresh_token == quickbooks.tokens.grants[-1].refresh_token
    assert row.access_expires_at > timezone.now() + timedelta(minutes=55)
    assert row.refresh_expires_at > timezone.now() + timedelta(days=99)
    assert access_token_for(connection.pk) == token
    assert refreshes(quickbooks) == [200]


@pytest.mark.parametrize("rotation", ["quickbooks", "strict_quickbooks"])
def test_eight_threads_at_once_refresh_once(request, transactional_db, rotation):
    sandbox = request.getfixturevalue(rotation)
    connection = make_connection(sandbox)
    run_out(connection)
    results = at_once(8, lambda: access_token_for(connection.pk))
    assert set(results) == {stored().access_token}
    assert len(results) == 8
    assert refreshes(sandbox) == [200]


def test_eight_threads_refused_at_once_refresh_once(strict_quickbooks, transactional_db):
    connection = make_connection(strict_quickbooks)
    strict_quickbooks.expire_access_tokens()
    results = at_once(8, lambda: client_for(connection).count("Customer"))
    assert results == [0] * 8
    assert refreshes(strict_quickbooks) == [200]


def test_processes_at_once_refresh_once(strict_quickbooks, transactional_db):
    connection = make_connection(strict_quickbooks)
    run_out(connection)
    code = f"from integrations.quickbooks.tokens import access_token_for\nprint(access_token_for({connection.pk}))"
    printed = run_python(code, times=2, sandbox=strict_quickbooks)
    assert set(printed) == {stored().access_token}
    assert refreshes(strict_quickbooks) == [200]


def test_a_killed_holder_keeps_nobody_for_longer_than_its_lease(quickbooks, transactional_db):
    connection = make_connection(quickbooks)
    run_out(connection)
    quickbooks.faults.add("slow", match=BEARER, seconds=4)
    code = f"from integrations.quickbooks.tokens import access_token_for\naccess_token_for({connection.pk})"
    holder = start_python(code, sandbox=quickbooks)
    patience = time.monotonic() + 30
    while not stored().lease_id:
        assert time.monotonic() < patience
        assert holder.poll() is None, holder.stderr and holder.stderr.read()
        time.sleep(0.05)
    holder.kill()
    holder.communicate()
    quickbooks.faults.clear()
    # The lease of 45 seconds, but for one.
    QuickBooksConnection.objects.update(lease_until=timezone.now() + timedelta(seconds=1))
    began = time.monotonic()
    assert access_token_for(connection.pk) == stored().access_token
    assert 0.5 < time.monotonic() - began < 15


def test_while_another_renews_the_living_token_is_used(quickbooks, connection):
    run_out(connection, timedelta(minutes=2))
    QuickBooksConnection.objects.update(lease_id="another", lease_until=timezone.now() + timedelta(seconds=40))
    assert access_token_for(connection.pk) == connection.access_token
    assert not quickbooks.requests


@pytest.mark.parametrize("trouble", ["cut_before", "cut_after", 503, "garbage"])
def test_a_lost_answer_is_survived(quickbooks, connection, trouble):
    run_out(connection)
    quickbooks.faults.add(trouble, match=BEARER)
    assert access_token_for(connection.pk) == stored().access_token
    assert stored().is_connected
    assert client_for(connection).count("Customer") == 0


def test_trouble_at_intuit_is_no_trouble_while_the_token_lasts(quickbooks, connection):
    run_out(connection, timedelta(minutes=3))
    quickbooks.faults.add(503, times=99, match=BEARER)
    assert access_token_for(connection.pk) == connection.access_token
    assert access_token_for(connection.pk) == connection.access_token
    assert refreshes(quickbooks) == [503, 503]


def test_trouble_at_intuit_with_a_token_that_ran_out_is_transient(quickbooks, connection):
    run_out(connection)
    quickbooks.faults.add(503, times=2, match=BEARER)
    with pytest.raises(Transient):
        access_token_for(connection.pk)
    assert (stored().status, stored().lease_id) == ("connected", "")
    assert access_token_for(connection.pk) == stored().access_token


def test_a_revoked_connection_needs_a_person_and_says_why(quickbooks, connection):
    run_out(connection)
    quickbooks.revoke_all(connection.realm_id)
    for _ in range(2):
        with pytest.raises(NeedsReconnect, match="Settings > Integrations"):
            access_token_for(connection.pk)
    row = stored()
    assert row.status == "needs_reconnect"
    assert "no longer accepts" in row.status_reason
    assert Activity.objects.get(verb="quickbooks.needs_reconnect").text == row.status_reason
    assert health.quickbooks() == {"ok": False, "state": "needs_reconnect"}


def test_a_refresh_that_lost_the_race_uses_what_the_winner_stored(quickbooks, transactional_db):
    connection = make_connection(quickbooks)
    run_out(connection)
    quickbooks.faults.add("slow", match=BEARER, seconds=1)
    results: list[Any] = []
    loser = threading.Thread(target=lambda: results.extend(at_once(1, lambda: access_token_for(connection.pk))))
    loser.start()
    time.sleep(0.4)
    # Meanwhile somebody reconnects; the old grant is gone when the slow refresh reaches Intuit.
    quickbooks.revoke_all(connection.realm_id)
    fresh = quickbooks.issue_tokens(connection.realm_id)
    QuickBooksConnection.objects.update(
        access_token=fresh["access_token"],
        refresh_token=fresh["refresh_token"],
        access_expires_at=timezone.now() + timedelta(hours=1),
    )
    loser.join()
    assert results == [fresh["access_token"]]
    assert stored().is_connected


def test_a_disconnect_during_a_refresh_leaves_no_access_behind(quickbooks, transactional_db):
    connection = make_connection(quickbooks)
    run_out(connection)
    quickbooks.faults.add("slow", match=BEARER, seconds=1)
    results: list[Any] = []
    refresher = threading.Thread(target=lambda: results.extend(at_once(1, lambda: access_token_for(connection.pk))))
    refresher.start()
    time.sleep(0.4)
    quickbooks.faults.add(503, match="/revoke")
    connect.disconnect(stored(), by=make_user())
    refresher.join()
    assert isinstance(results[0], NeedsReconnect)
    assert (stored().status, stored().refresh_token) == ("disconnected", "")
    assert not quickbooks.tokens.grants


def test_a_wrong_client_secret_is_told_and_keeps_the_connection(quickbooks, connection, settings):
    run_out(connection)
    settings.QUICKBOOKS_CLIENT_SECRET = "wrong"
    with pytest.raises(Rejected, match="QUICKBOOKS_CLIENT_SECRET"):
        access_token_for(connection.pk)
    assert (stored().status, stored().lease_id) == ("connected", "")


def test_a_lost_key_says_what_to_do_and_passes_when_the_key_is_back(quickbooks, connection, settings):
    keys = settings.FIELD_ENCRYPTION_KEYS
    settings.FIELD_ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
    with pytest.raises(NeedsReconnect, match="FIELD_ENCRYPTION_KEYS"):
        access_token_for(connection.pk)
    assert health.quickbooks() == {"ok": False, "state": "unreadable"}
    settings.FIELD_ENCRYPTION_KEYS = keys
    assert access_token_for(connection.pk) == connection.access_token
    assert health.quickbooks()["state"] == "connected"


def test_a_connection_that_is_gone_or_off_needs_a_person(quickbooks, db):
    with pytest.raises(NeedsReconnect, match="not connected"):
        access_token_for(1)
    assert health.quickbooks() == {"ok": True, "state": "not_connected"}
    connection = make_connection(quickbooks, status="disconnected")
    with pytest.raises(NeedsReconnect, match="disconnected"):
        access_token_for(connection.pk)


def test_the_sweep_renews_what_ends_soon_and_nothing_else(quickbooks, connection):
    assert refresh_due_tokens() == 0
    run_out(connection, timedelta(minutes=9))
    assert refresh_due_tokens() == 1
    assert refresh_due_tokens() == 0
    assert refreshes(quickbooks) == [200]


def test_the_sweep_gets_over_an_outage(quickbooks, connection):
    run_out(connection)
    quickbooks.faults.add(503, times=2, match=BEARER)
    assert refresh_due_tokens() == 0
    assert refresh_due_tokens() == 1


def test_the_sweep_and_a_request_at_once_refresh_once(strict_quickbooks, transactional_db):
    connection = make_connection(strict_quickbooks)
    run_out(connection, timedelta(minutes=1))
    results = at_once(6, refresh_due_tokens)
    assert sum(results) == 1
    assert refreshes(strict_quickbooks) == [200]
    assert access_token_for(connection.pk) == stored().access_token


def test_an_identity_nobody_asked_for_is_not_looked_at(odd_server, quickbooks, connection, settings):
    """Its signature would be checked with a request without timeout, and our token stored or not by its luck."""
    settings.QUICKBOOKS_ENVIRONMENT = f"{odd_server}/discovery"
    run_out(connection)
    assert access_token_for(connection.pk) == "access"
    assert tokens.AHEAD < stored().access_expires_at - timezone.now()


def test_an_old_token_refused_late_does_not_end_a_new_connection(quickbooks, connection):
    tokens.StoredAccess(connection.pk).refused("a token from before", "QuickBooks said no.")
    assert stored().is_connected
    tokens.StoredAccess(connection.pk).refused(connection.access_token, "QuickBooks said no.")
    assert stored().status_reason == "QuickBooks said no."


def test_the_sweep_tells_a_wrong_client_secret_and_goes_on(quickbooks, connection, settings, caplog):
    run_out(connection)
    settings.QUICKBOOKS_CLIENT_SECRET = "wrong"
    assert refresh_due_tokens() == 0
    assert "QUICKBOOKS_CLIENT_SECRET" in caplog.text
    assert connection.refresh_token not in caplog.text
