"""How contacts and invoices stand with QuickBooks, as their badges tell."""

import re
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from crm.badges import badges_of
from crm.models import Business
from integrations.models import InboxEvent, QuickBooksConnection, QuickBooksLink
from sandbox import Sandbox
from tests.factories import make_agent, make_connection, make_contact, make_invoice, make_user

pytestmark = pytest.mark.django_db


def link(connection: QuickBooksConnection, entity: str, external_id: str, **ours: Any) -> QuickBooksLink:
    facts = {"synced_at": timezone.now(), **ours}
    return QuickBooksLink.objects.create(connection=connection, entity=entity, external_id=external_id, **facts)


def event(connection: QuickBooksConnection, entity: str, entity_id: str, **facts: Any) -> InboxEvent:
    facts = {"source": "webhook", "operation": "updated", "realm_id": connection.realm_id, **facts}
    number = InboxEvent.objects.count()
    return InboxEvent.objects.create(external_id=f"event-{number}", entity=entity, entity_id=entity_id, **facts)


def label(subject: str, pk: int) -> str:
    badge = badges_of(subject, [pk]).get(pk)
    return badge.label if badge else ""


def test_a_record_that_is_not_linked_has_no_badge(connection: QuickBooksConnection) -> None:
    assert label("contact", make_contact().pk) == "" and label("invoice", make_invoice().pk) == ""
    assert badges_of("contact", []) == {}


def test_an_invoice_is_synced_waits_fails_is_void_in_conflict_or_gone(connection: QuickBooksConnection) -> None:
    invoice = make_invoice(make_contact())
    kept = link(connection, "invoice", "7", invoice=invoice)
    assert label("invoice", invoice.pk) == "Synced"
    event(connection, "invoice", "7", status="done")
    event(connection, "customer", "7", status="stuck")  # a customer may have the same number
    event(connection, "invoice", "7", status="stuck", realm_id="another company")
    assert label("invoice", invoice.pk) == "Synced"
    type(invoice).objects.update(status="void", balance=0)
    assert label("invoice", invoice.pk) == "Voided in QuickBooks"
    type(invoice).objects.update(contact=None)
    assert label("invoice", invoice.pk) == "Conflict"
    QuickBooksLink.objects.filter(pk=kept.pk).update(state="gone")
    assert label("invoice", invoice.pk) == "Gone"
    event(connection, "invoice", "7", status="pending")
    assert label("invoice", invoice.pk) == "Waiting"
    event(connection, "invoice", "7", status="stuck")
    assert label("invoice", invoice.pk) == "Failed"
    QuickBooksLink.objects.filter(pk=kept.pk).update(state="undone")
    assert label("invoice", invoice.pk) == ""


def test_of_several_customers_a_contact_shows_the_worst_but_one_merged_away_is_no_news(
    connection: QuickBooksConnection,
) -> None:
    ada = make_contact()
    link(connection, "customer", "1", contact=ada, state="gone")
    assert label("contact", ada.pk) == "Gone"
    link(connection, "customer", "2", contact=ada)
    assert label("contact", ada.pk) == "Synced"
    link(connection, "customer", "3", contact=ada, state="conflict")
    badge = badges_of("contact", [ada.pk])[ada.pk]
    assert badge.label == "Conflict" and badge.url.endswith("sync-log/?record=customer:3")


def test_a_page_of_badges_takes_two_queries_however_many_there_are(
    connection: QuickBooksConnection, django_assert_num_queries: Any
) -> None:
    pks = []
    for number in range(30):
        contact = make_contact(f"Ada {number}")
        link(connection, "customer", str(number), contact=contact)
        pks.append(contact.pk)
    event(connection, "customer", "3", status="stuck")
    with django_assert_num_queries(2):
        badges = badges_of("contact", pks)
    assert len(badges) == 30 and badges[pks[3]].label == "Failed"


def test_without_the_setting_there_are_no_badges(connection: QuickBooksConnection, settings: Any) -> None:
    ada = make_contact()
    link(connection, "customer", "1", contact=ada)
    settings.RECORD_BADGES = ""
    assert badges_of("contact", [ada.pk]) == {}


@pytest.mark.parametrize("subject", ["contact", "invoice"])
def test_rows_and_pages_show_the_badge_and_only_an_admin_can_follow_it(
    client: Client, quickbooks: Sandbox, django_assert_num_queries: Any, subject: str
) -> None:
    connection = make_connection(quickbooks)
    Business.load()
    ada = make_contact()
    record = ada if subject == "contact" else make_invoice(ada)
    entity = "customer" if subject == "contact" else "invoice"
    link(connection, entity, "5", **{subject: record})
    event(connection, entity, "5", status="stuck")
    address = f'href="/settings/integrations/sync-log/?record={entity}:5"'
    for person, linked in ((make_user(), True), (make_agent(), False)):
        client.force_login(person)
        for page in (f"/{subject}s/", f"/{subject}s/{record.pk}/"):
            html = client.get(page).content.decode()
            assert re.search(r"</svg>Failed<", html), page
            assert (address in html) is linked, page


def test_a_list_with_badges_asks_no_more_for_many_rows(
    client: Client, connection: QuickBooksConnection, django_assert_num_queries: Any
) -> None:
    Business.load()
    client.force_login(make_user())
    ada = make_contact()
    for many in (1, 30):
        for _ in range(many):
            number = str(QuickBooksLink.objects.count())
            link(connection, "customer", number, contact=make_contact(f"Ada {number}"))
            link(connection, "invoice", number, invoice=make_invoice(ada))
        with django_assert_num_queries(6):
            client.get("/contacts/")
        with django_assert_num_queries(10):
            client.get("/invoices/")


def test_a_conflict_is_said_once(client: Client, connection: QuickBooksConnection) -> None:
    client.force_login(make_user())
    link(connection, "invoice", "5", invoice=make_invoice())
    html = client.get("/invoices/").content.decode()
    row = html[html.index('<tr class="row-link">') :].partition("</tr>")[0]
    assert row.count("Conflict") == 1
