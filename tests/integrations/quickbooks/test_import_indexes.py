"""What an import looks up for every page is found through an index, on both databases."""

import pytest
from django.db import connection as database

from crm.models import Contact
from integrations.models import QuickBooksLink
from integrations.quickbooks.links import of_customers
from tests.factories import make_contact


def plan(queryset) -> str:
    """How the database would answer; with few rows PostgreSQL reads the whole table unless it must not."""
    if database.vendor == "postgresql":
        with database.cursor() as cursor:
            cursor.execute("SET LOCAL enable_seqscan = off")
    return queryset.explain()


@pytest.mark.parametrize("field", ["email", "phone"])
def test_contacts_are_recognised_through_an_index(db, field):
    make_contact("Ada", email="ada@example.com", phone="+14155550142")
    assert f"contact_once_per_live_{field}" in plan(Contact.objects.recognised(field, ["a@example.com", "b"]))


def test_what_waits_for_a_customer_is_found_through_an_index(connection):
    assert "link_by_customer" in plan(of_customers(connection, ["5", "6"]))


def test_conflicts_are_found_through_an_index(connection):
    conflicts = QuickBooksLink.objects.filter(state="conflict").exclude(state="linked")
    assert "link_by_trouble" in plan(conflicts)
