"""The sign-in is lost in the middle of background work: all stays as it was, and goes on after a reconnect."""

import pytest
from django.core import mail
from django.urls import reverse
from django.utils import timezone

from crm.models import Activity, Contact
from integrations import health, tasks
from integrations.models import ConnectionNotice, ImportRun, QuickBooksConnection, QuickBooksLink
from integrations.quickbooks import connect, oauth
from integrations.quickbooks.imports import runs
from invoicing.models import Invoice, Payment
from sandbox import Sandbox
from tests.factories import make_user
from tests.integrations.quickbooks.test_import_contacts import add, customer, import_contacts
from tests.integrations.quickbooks.test_import_invoices import YEAR, bill, pay

SCOPE = "com.intuit.quickbooks.accounting"


@pytest.fixture
def jo(client, db):
    user = make_user()
    client.force_login(user)
    return user


@pytest.fixture
def half_done(quickbooks: Sandbox, connection: QuickBooksConnection) -> ImportRun:
    """An import that has written its first page when somebody disconnects Tallybook inside QuickBooks."""
    quickbooks.company("us").bulk_load("Customer", [customer(f"Customer {n:05}") for n in range(1200)])
    run = runs.start(connection, ImportRun.Kind.CONTACTS)
    assert runs.step(run.pk)
    quickbooks.revoke_all(connection.realm_id)
    return run


def reconnect(quickbooks: Sandbox, connection: QuickBooksConnection, by) -> None:
    """What the callback does once the person has signed in at Intuit."""
    code = quickbooks.tokens.new_code(connection.realm_id, oauth.redirect_uri(), SCOPE)
    connect.finish(code, connection.realm_id, by=by)


def shape() -> tuple[int, int, int]:
    return Contact.objects.count(), QuickBooksLink.objects.count(), Activity.objects.exclude(contact=None).count()


def test_an_import_keeps_its_pages_and_goes_on_after_a_reconnect(client, jo, quickbooks, connection, half_done):
    before = shape()
    tasks.advance(half_done.pk)
    half_done.refresh_from_db()
    assert (half_done.status, half_done.done, half_done.lease_id) == ("stopped", 1000, "")
    assert shape() == before, "nothing of the page that could not come was written"
    tasks.sweep(), tasks.advance(half_done.pk)
    assert shape() == before
    reconnect(quickbooks, connection, jo)
    client.post(reverse("integrations:run-resume", args=[half_done.pk]))
    half_done.refresh_from_db()
    assert runs.run_to_end(half_done).status == "done"
    assert Contact.objects.count() == QuickBooksLink.objects.count() == 1200


def test_the_pages_say_what_stopped_and_what_to_do(client, jo, quickbooks, connection, half_done):
    tasks.advance(half_done.pk)
    card = client.get(reverse("integrations:settings")).text
    assert "QuickBooks wants you to sign in again" in card and "no longer accepts the sign-in" in card
    assert "Everything imported is still here" in card and "Sign-in lasts" not in card
    page = client.get(reverse("integrations:run", args=[half_done.pk])).text
    assert "Reconnect it in Settings" in page and "Resume" in page
    assert "sign in again" in client.get(reverse("integrations:menu")).text
    assert health.quickbooks() == {"ok": False, "state": "needs_reconnect"}
    reconnect(quickbooks, connection, jo)
    assert "sign in again" not in client.get(reverse("integrations:menu")).text


def test_the_admins_hear_of_it_once_and_not_again_after_the_reconnect(jo, quickbooks, connection, half_done):
    tasks.advance(half_done.pk)
    tasks.warn_about_connections(), tasks.warn_about_connections()
    assert [message.to for message in mail.outbox] == [[jo.email]]
    reconnect(quickbooks, connection, jo)
    tasks.warn_about_connections()
    assert len(mail.outbox) == 1
    quickbooks.revoke_all(connection.realm_id)
    QuickBooksConnection.objects.update(access_expires_at=timezone.now())
    tasks.refresh_tokens(), tasks.warn_about_connections()
    assert len(mail.outbox) == ConnectionNotice.objects.filter(kind="failed").count() == 2


def test_payments_that_wait_are_still_asked_for_after_a_reconnect(jo, quickbooks, connection):
    us = quickbooks.company("us")
    (ada,) = add(quickbooks, customer("Ada"))
    pay(us, ada, "100", {bill(us, ada)["Id"]: "100"})
    import_contacts(connection)
    connection.refresh_from_db()
    run = runs.start(connection, ImportRun.Kind.INVOICES, year=YEAR)
    while ImportRun.objects.get(pk=run.pk).phase != "payments":
        runs.step(run.pk)
    quickbooks.revoke_all(connection.realm_id)
    assert runs.run_to_end(run).status == "stopped"
    assert Invoice.objects.count() == 1 and not Payment.objects.exists()
    reconnect(quickbooks, connection, jo)
    run.refresh_from_db()
    runs.resume(run)
    assert runs.run_to_end(run).status == "done"
    assert Payment.objects.get().amount == 100 and Invoice.objects.get().balance == 0
