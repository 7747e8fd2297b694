"""Importing in the browser's eyes: buttons, progress, result, undo, and who may."""

import pytest
from django.urls import reverse
from django.utils import timezone
from django_q.models import OrmQ

from crm.models import Contact
from integrations import tasks
from integrations.models import ImportRun
from integrations.quickbooks.imports import runs
from tests.factories import make_agent, make_user
from tests.integrations.quickbooks.test_import_contacts import add, customer, import_contacts
from tests.integrations.quickbooks.test_import_invoices import bill, import_year

pytestmark = pytest.mark.django_db(transaction=False)


@pytest.fixture
def jo(client):
    user = make_user()
    client.force_login(user)
    return user


def drain() -> None:
    """Do what the worker would do."""
    for run in ImportRun.objects.active():
        runs.run_to_end(run)


def test_a_preview_leads_to_the_import_and_the_import_to_its_result(
    client, jo, quickbooks, connection, django_capture_on_commit_callbacks
):
    add(quickbooks, customer("Ann", mobile="4155550142"), customer("Bob <b>", mobile="4155550142"))
    with django_capture_on_commit_callbacks(execute=True):
        answer = client.post(reverse("integrations:import-contacts"), {"preview": "yes"})
    preview = ImportRun.objects.get()
    assert answer.url == reverse("integrations:run", args=[preview.pk])
    assert OrmQ.objects.get().task["args"] == (preview.pk,)
    assert "It starts in a moment" in client.get(answer.url).text
    drain()
    page = client.get(answer.url).text
    assert "Nothing was written yet" in page and "Import contacts now" in page
    assert 'data-go="s" aria-current="true"' in page, "the menu shows that imports stand under Settings"
    assert "It shares the number 4155550142 with Ann." in page and "Bob &lt;b&gt;" in page
    answer = client.post(reverse("integrations:import-contacts"), {"preview": "no"})
    drain()
    page = client.get(answer.url).text
    assert "1 contact up to date" in page and "Undo this import" in page
    assert ImportRun.objects.get(is_preview=False).started_by == jo


def test_the_queue_does_the_work_when_it_is_woken(quickbooks, connection):
    add(quickbooks, customer("Ann"))
    run = runs.start(connection, ImportRun.Kind.CONTACTS)
    tasks.advance(run.pk)
    run.refresh_from_db()
    assert run.status == "done" and Contact.objects.count() == 1


def test_the_sweep_wakes_what_waited_long_enough_and_what_lost_its_worker(quickbooks, connection):
    run = runs.start(connection, ImportRun.Kind.CONTACTS)
    runs.claim(run.pk)
    tasks.sweep()
    assert not OrmQ.objects.exists()
    ImportRun.objects.update(lease_until=timezone.now())
    tasks.sweep()
    assert OrmQ.objects.count() == 1


def test_the_progress_tells_how_far_it_is_and_a_lost_worker_is_no_endless_bar(client, jo, quickbooks, connection):
    quickbooks.company("us").bulk_load("Customer", [customer(f"Customer {n:05}") for n in range(1500)])
    run = runs.start(connection, ImportRun.Kind.CONTACTS)
    runs.step(run.pk)
    answer = client.get(reverse("integrations:run-progress", args=[run.pk]))
    assert "1,000 of 1,500" in answer.text and "HX-Refresh" not in answer
    runs.claim(run.pk)
    ImportRun.objects.update(lease_until=timezone.now())
    assert client.get(reverse("integrations:run-progress", args=[run.pk]))["HX-Refresh"] == "true"
    page = client.get(reverse("integrations:run", args=[run.pk])).text
    assert "Stopped at 1,000" in page and "Resume" in page
    client.post(reverse("integrations:run-resume", args=[run.pk]))
    drain()
    assert Contact.objects.count() == 1500


def test_invoices_are_blocked_with_a_button_until_the_contacts_were_imported(client, jo, quickbooks, connection):
    page = client.get(reverse("integrations:import-invoices")).text
    assert "Import the contacts first." in page and reverse("integrations:import-contacts") in page
    answer = client.post(reverse("integrations:import-invoices"), {"year": "2026"}, follow=True)
    assert "Import the contacts first" in answer.text
    assert not ImportRun.objects.exists()


def test_the_years_are_offered_with_their_counts_and_one_is_imported(client, jo, quickbooks, connection):
    us = quickbooks.company("us")
    (ada,) = add(quickbooks, customer("Ada"))
    bill(us, ada), bill(us, ada)
    import_contacts(connection)
    page = client.get(reverse("integrations:import-years"), headers={"HX-Request": "true"}).text
    assert "2 invoices" in page and "<html" not in page
    answer = client.post(reverse("integrations:import-invoices"), {"year": "2026", "preview": "no"})
    drain()
    assert "2 invoices and 1 contact up to date" in client.get(answer.url).text
    assert "2 invoices and 1 contact imported" in client.get(reverse("integrations:menu")).text
    run = ImportRun.objects.get(kind="invoices")
    answer = client.post(reverse("integrations:run-dismiss", args=[run.pk]))
    assert answer.url == reverse("integrations:run", args=[run.pk])
    assert "imported" not in client.get(reverse("integrations:menu")).text


def test_quickbooks_out_of_reach_while_the_years_are_asked_is_said(client, jo, quickbooks, connection):
    import_contacts(connection)
    quickbooks.faults.add(kind="503", times=50, match="/query")
    page = client.get(reverse("integrations:import-years"), headers={"HX-Request": "true"}).text
    assert "Try again" in page and "QuickBooks" in page


@pytest.mark.parametrize("year", ["", "abc", "99999", "٢٠٢٦"])
def test_a_year_that_is_none_is_refused_with_a_sentence(client, jo, quickbooks, connection, year):
    answer = client.post(reverse("integrations:import-invoices"), {"year": year}, follow=True)
    assert "Choose the year" in answer.text


def test_what_was_left_out_comes_as_csv_that_no_spreadsheet_runs(client, jo, quickbooks, connection):
    add(quickbooks, customer("Ann", mobile="4155550142"), customer("=1+1", mobile="4155550142"))
    run = import_contacts(connection)
    answer = client.get(reverse("integrations:run-dropped", args=[run.pk]))
    assert "'=1+1,It shares the number 4155550142 with Ann." in answer.getvalue().decode()


def test_undo_asks_first_and_names_the_numbers(client, jo, quickbooks, connection):
    add(quickbooks, customer("Ann"), customer("Ben"))
    run = import_contacts(connection)
    assert "Undo 2 records" in client.get(reverse("integrations:run-undo", args=[run.pk])).text
    client.post(reverse("integrations:run-undo", args=[run.pk]))
    drain()
    assert "Undone" in client.get(reverse("integrations:run", args=[run.pk])).text
    assert not Contact.objects.exists()


def test_conflicts_and_panels_say_why(client, jo, quickbooks, connection):
    us = quickbooks.company("us")
    add(quickbooks, customer("Ann", mobile="4155550142"))
    (bob,) = add(quickbooks, customer("Bob", mobile="4155550142"))
    bill(us, bob)
    import_year(connection)
    page = client.get(reverse("integrations:conflicts")).text
    assert "It shares the number 4155550142 with Ann." in page
    from invoicing.models import Invoice

    panel = client.get(reverse("integrations:quickbooks-invoice-panel", args=[Invoice.objects.get().pk])).text
    assert "It shares the number" in panel and "Open in QuickBooks" in panel
    panel = client.get(reverse("integrations:quickbooks-contact-panel", args=[Contact.objects.get().pk])).text
    assert "Ann" in panel


def test_an_agent_may_not_import(client, quickbooks, connection):
    run = import_contacts(connection)
    client.force_login(make_agent())
    for name in ("imports", "import-contacts", "import-invoices", "import-years", "conflicts", "menu"):
        assert client.get(reverse(f"integrations:{name}")).status_code == 403
    for name in ("run", "run-progress", "run-dropped", "run-undo"):
        assert client.get(reverse(f"integrations:{name}", args=[run.pk])).status_code == 403
    for name in ("run-cancel", "run-resume", "run-undo", "run-dismiss"):
        assert client.post(reverse(f"integrations:{name}", args=[run.pk])).status_code == 403


@pytest.mark.parametrize("panel", ["quickbooks-contact-panel", "quickbooks-invoice-panel"])
def test_a_panel_of_nothing_there_is_empty_whatever_the_number(client, jo, panel):
    assert client.get(reverse(f"integrations:{panel}", args=[2**63])).status_code == 200
