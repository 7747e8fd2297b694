"""Our import, as the buttons start it: the contacts, then the year with every payment on it."""

from bench.books import Place
from integrations.models import ImportRun, QuickBooksConnection
from integrations.quickbooks.imports import runs


def bring_in(connection: QuickBooksConnection, place: Place) -> None:
    _ended_well(runs.start(connection, ImportRun.Kind.CONTACTS))
    connection.refresh_from_db()
    _ended_well(runs.start(connection, ImportRun.Kind.INVOICES, year=place.year))


def _ended_well(run: ImportRun) -> None:
    run = runs.run_to_end(run)
    if run.status != ImportRun.Status.DONE:
        raise SystemExit(f"The import {run} did not end well: {run.status}, {run.message}")
