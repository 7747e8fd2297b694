"""An invoice of the books that staff delete here: QuickBooks keeps it, and nothing but staff brings it back."""

from collections.abc import Callable, Iterator
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from crm.models import Activity, Contact
from integrations.models import InboxEvent, QuickBooksConnection
from integrations.quickbooks.sync import drain, poll
from invoicing import signals
from invoicing.models import Invoice, Payment
from sandbox import Company, Sandbox
from tests.factories import make_agent, make_contact, make_invoice, make_user
from tests.integrations.quickbooks.test_import_invoices import import_year
from tests.sandbox.cast import customer, invoice, pay

pytestmark = pytest.mark.django_db(transaction=True)

FACTS = ("added", "changed", "paid", "reopened", "removed", "voided")


@pytest.fixture
def books(quickbooks: Sandbox) -> Company:
    return quickbooks.company("us")


@pytest.fixture
def look(connection: QuickBooksConnection) -> Callable[[], None]:
    connection.contacts_imported_at = timezone.now()
    connection.save(update_fields=["contacts_imported_at"])

    def once() -> None:
        assert poll.poll(connection) == ""
        drain.drain(connection)
        assert not InboxEvent.objects.exclude(status="done").exists()

    return once


@pytest.fixture
def told() -> Iterator[list[str]]:
    """What is announced about invoices, by name."""
    heard: list[str] = []
    receivers = []
    for fact in FACTS:

        def hear(sender: object, fact: str = fact, **facts: object) -> None:
            heard.append(fact)

        receivers.append(hear)
        getattr(signals, f"invoice_{fact}").connect(hear)
    yield heard
    for fact, hear in zip(FACTS, receivers, strict=True):
        getattr(signals, f"invoice_{fact}").disconnect(hear)


@pytest.fixture
def jo(client):
    user = make_user()
    client.force_login(user)
    return user


def delete(client, bill: dict) -> Invoice:
    held = Invoice.objects.get(quickbooks_link__external_id=bill["Id"])
    answer = client.post(reverse("invoicing:delete", args=[held.pk]), follow=True)
    assert "QuickBooks still has it" in answer.text
    held.refresh_from_db()
    return held


def test_it_asks_first_then_leaves_lists_and_sums_and_quickbooks_keeps_it(client, jo, look, books, told):
    ada = customer(books)
    bill = invoice(books, ada)
    pay(books, ada, 40, (bill, 40))
    look()
    held = Invoice.objects.get()
    told.clear()
    asked = client.get(reverse("invoicing:delete", args=[held.pk])).text
    assert "QuickBooks is not touched" in asked and "1 payment stays with the contact" in asked
    assert not told and Invoice.objects.present().exists()
    delete(client, bill)
    assert told == ["removed"]
    assert not Invoice.objects.present().exists()
    assert Payment.objects.get().contact == Contact.objects.get()
    assert books.read("Invoice", bill["Id"])["Balance"] == 60
    last = Activity.objects.get(verb="invoice.removed")
    assert (last.actor, last.origin, last.contact) == (jo, "staff", Contact.objects.get())
    page = client.get(reverse("invoicing:detail", args=[held.pk])).text
    assert "deleted here by Jo Bloggs." in page and "Bring it back" in page
    client.post(reverse("invoicing:delete", args=[held.pk]))
    assert told == ["removed"]


def test_edits_payments_and_imports_keep_the_hidden_row_exact_and_tell_nothing(client, jo, look, books, told):
    ada = customer(books)
    bill = invoice(books, ada)
    look()
    held = delete(client, bill)
    told.clear()
    books.update("Invoice", {"Id": bill["Id"], "sparse": True, "DocNumber": "R-7"})
    look()
    pay(books, ada, 100, (bill, 100))
    look()
    import_year(QuickBooksConnection.objects.get(), held.issued_on.year)
    held.refresh_from_db()
    assert (held.number, held.status, held.balance) == ("R-7", Invoice.Status.PAID, Decimal(0))
    assert held.removed_at is not None and not told
    assert Invoice.objects.count() == 1


@pytest.mark.parametrize("ending", ["void", "delete"])
@pytest.mark.parametrize("was_sent", [True, False])
def test_its_end_in_quickbooks_tells_nothing_more(client, jo, look, books, told, ending, was_sent):
    bill = invoice(books, customer(books))
    look()
    if was_sent:
        Invoice.objects.update(sent_at=timezone.now())
    held = delete(client, bill)
    told.clear()
    getattr(books, ending)("Invoice", bill["Id"])
    look()
    held.refresh_from_db()
    assert (held.status, held.removed_at is None, told) == (Invoice.Status.VOID, False, [])
    client.post(reverse("invoicing:bring-back", args=[held.pk]))
    # What the books have taken away for good is not brought back; a void one that was not sent is shown as Void.
    is_back = Invoice.objects.present().exists()
    assert is_back is (ending == "void" and not was_sent)


def test_bringing_it_back_shows_it_and_reads_it_again(client, jo, look, books, told, connection):
    bill = invoice(books, customer(books))
    look()
    held = delete(client, bill)
    told.clear()
    answer = client.post(reverse("invoicing:bring-back", args=[held.pk]), follow=True)
    assert "is back" in answer.text and "Delete here" in answer.text
    assert told == ["changed"]
    assert InboxEvent.objects.filter(entity="invoice", entity_id=bill["Id"], source="staff", status="pending").exists()
    client.post(reverse("invoicing:bring-back", args=[held.pk]))
    look()
    assert told == ["changed"]
    assert Invoice.objects.present().get() == held
    verbs = Activity.objects.filter(subject_type="invoice").order_by("id").values_list("verb", flat=True)
    assert list(verbs)[-2:] == ["invoice.removed", "invoice.restored"]


def test_only_admins_delete_and_only_invoices_of_the_books(client):
    client.force_login(make_agent())
    held = make_invoice(make_contact())
    assert "Delete here" not in client.get(reverse("invoicing:detail", args=[held.pk])).text
    for name in ("delete", "bring-back"):
        assert client.post(reverse(f"invoicing:{name}", args=[held.pk])).status_code == 403
    client.force_login(make_user())
    ours = make_invoice(make_contact("Ben"), owner=Invoice.Owner.OURS)
    assert client.post(reverse("invoicing:delete", args=[ours.pk])).status_code == 404
    assert "Delete here" not in client.get(reverse("invoicing:detail", args=[ours.pk])).text
