"""The commands do what the buttons do, and tell the counts."""

import json

import pytest
from django.core.management import CommandError, call_command

from tests.integrations.quickbooks.test_import_contacts import add, customer
from tests.integrations.quickbooks.test_import_invoices import bill, pay

pytestmark = pytest.mark.django_db(transaction=False)


def told(capsys) -> dict:
    return json.loads(capsys.readouterr().out)


def test_contacts_then_a_year_of_invoices(quickbooks, connection, capsys):
    us = quickbooks.company("us")
    ada, _ = add(quickbooks, customer("Ada", mobile="4155550142"), customer("Bob", mobile="4155550142"))
    pay(us, ada, "100", {bill(us, ada)["Id"]: "100"})
    call_command("import_contacts", "--preview", "--json")
    assert told(capsys)["contacts"] == {"created": 1, "updated": 0, "unchanged": 0, "dropped": 1}
    call_command("import_contacts", "--json")
    assert {"created": 1, "dropped": 1, "status": "done"}.items() <= told(capsys).items()
    call_command("import_invoices", "--year", "2026", "--json")
    counts = told(capsys)
    assert (counts["created"], counts["invoices"]["created"], counts["payments"]["created"]) == (1, 1, 1)
    call_command("import_invoices", "--year", "2026")
    assert "Invoices: 0 created, 0 updated, 1 unchanged, 0 dropped" in capsys.readouterr().out


def test_a_command_fails_with_a_sentence(quickbooks, connection):
    with pytest.raises(CommandError, match="Import the contacts first"):
        call_command("import_invoices", "--year", "2026")
    quickbooks.revoke_all(connection.realm_id)
    with pytest.raises(CommandError, match="Reconnect"):
        call_command("import_contacts")


def test_without_a_connection_it_says_where_to_make_one(db):
    with pytest.raises(CommandError, match="not connected"):
        call_command("import_contacts")
