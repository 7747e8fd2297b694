"""Undo takes away what an import made and nobody touched since, and says what it kept."""

from decimal import Decimal

import pytest

from crm.audit import record
from crm.models import Contact
from integrations.models import ImportRun, QuickBooksLink
from integrations.quickbooks.imports import runs
from integrations.quickbooks.imports.phases import counted
from invoicing.links import link_for
from invoicing.models import Allocation, Invoice, Payment
from invoicing.recording import record_payment
from messaging.conversations import conversation_of
from tests.factories import business_day, make_contact, make_invoice, make_payment, make_user
from tests.integrations.quickbooks.test_import_contacts import add, customer, import_contacts
from tests.integrations.quickbooks.test_import_invoices import bill, import_year, pay

pytestmark = pytest.mark.django_db(transaction=False)


def undo(run: ImportRun) -> ImportRun:
    run.refresh_from_db()
    runs.start_undo(run)
    return runs.run_to_end(run)


@pytest.fixture
def us(quickbooks):
    return quickbooks.company("us")


def test_undoing_an_import_of_contacts_removes_them_and_keeps_them_out_until_imported_again(quickbooks, connection):
    add(quickbooks, customer("Ada", email="ada@example.com"), customer("Ben"))
    run = undo(import_contacts(connection))
    assert (run.status, run.kept) == ("undone", [])
    assert not Contact.objects.exists()
    assert set(QuickBooksLink.objects.values_list("state", flat=True)) == {"undone"}
    again = import_contacts(connection)
    assert counted(again, "customer")["created"] == 2 == Contact.objects.count()


def test_a_contact_that_staff_edited_wrote_to_or_billed_is_kept_and_listed(quickbooks, connection):
    add(quickbooks, *(customer(name) for name in ("Edited", "Noted", "Billed", "Worked with", "Wrote", "Untouched")))
    run = import_contacts(connection)
    Contact.objects.filter(name="Edited").update(city="Ely")
    Contact.objects.filter(name="Noted").update(notes="friendly")
    make_invoice(Contact.objects.get(name="Billed"))
    worked = Contact.objects.get(name="Worked with")
    record("contact", worked, verb="contact.changed", actor=make_user(), origin="staff")
    conversation_of(Contact.objects.get(name="Wrote"))
    run = undo(run)
    assert {row["name"]: row["why"] for row in run.kept} == {
        "Edited": "It was edited since.",
        "Noted": "It has notes.",
        "Billed": "It has invoices or payments.",
        "Worked with": "Somebody worked with it since.",
        "Wrote": "It has a conversation.",
    }
    assert not Contact.objects.filter(name="Untouched").exists()
    assert Contact.objects.count() == 5


def test_a_matched_contact_gets_its_earlier_values_back_where_they_are_unchanged(quickbooks, connection):
    ada = make_contact("Ada", email="ada@example.com", city="Ely", street="Old Street", notes="hers")
    add(quickbooks, customer("Ada Byron", email="ada@example.com", BillAddr={"City": "London", "Line1": "New Street"}))
    run = import_contacts(connection)
    Contact.objects.filter(pk=ada.pk).update(street="Her own street")
    run = undo(run)
    ada.refresh_from_db()
    assert (ada.name, ada.city, ada.street, ada.notes) == ("Ada", "Ely", "Her own street", "hers")
    assert ada.owner == Contact.Owner.OURS
    assert [row["why"] for row in run.kept] == ["Its street was changed since."]
    assert QuickBooksLink.objects.get().contact is None


def test_undoing_a_year_removes_payments_invoices_and_the_contacts_it_brought(us, connection, quickbooks):
    (ada,) = add(quickbooks, customer("Ada"))
    import_contacts(connection)
    connection.refresh_from_db()
    (ben,) = add(quickbooks, customer("Ben"))
    for who in (ada, ben):
        pay(us, who, "100", {bill(us, who)["Id"]: "100"})
    run = import_year(connection)
    assert (Invoice.objects.count(), Payment.objects.count()) == (2, 2)
    run = undo(run)
    assert run.kept == []
    assert (Invoice.objects.count(), Payment.objects.count(), Allocation.objects.count()) == (0, 0, 0)
    assert [contact.name for contact in Contact.objects.all()] == ["Ada"]
    again = import_year(connection)
    assert (counted(again, "invoice")["created"], counted(again, "payment")["created"]) == (2, 2)
    assert set(Invoice.objects.values_list("status", flat=True)) == {"paid"}


def test_undoing_a_second_import_puts_the_earlier_version_back(us, connection, quickbooks):
    (ada,) = add(quickbooks, customer("Ada"))
    first, second = bill(us, ada), bill(us, ada)
    payment = pay(us, ada, "100", {first["Id"]: "100"})
    import_year(connection)
    us.update("Invoice", {**us.read("Invoice", second["Id"]), "PrivateNote": "changed there"})
    moved = {"Amount": 100, "LinkedTxn": [{"TxnId": second["Id"], "TxnType": "Invoice"}]}
    us.update("Payment", {**us.read("Payment", payment["Id"]), "Line": [moved]})
    run = import_year(connection)
    assert Allocation.objects.get().invoice.number == second["DocNumber"]
    run = undo(run)
    assert (run.status, run.kept) == ("undone", [])
    assert Invoice.objects.get(number=second["DocNumber"]).private_note == ""
    assert Allocation.objects.get().invoice.number == first["DocNumber"]


def test_an_invoice_with_money_from_elsewhere_is_kept(us, connection, quickbooks):
    (ada,) = add(quickbooks, customer("Ada"))
    bill(us, ada)
    run = import_year(connection)
    make_payment(Contact.objects.get(), of={Invoice.objects.get(): "10"}, source="stripe")
    run = undo(run)
    assert [row["why"] for row in run.kept] == ["A payment that stays is on it."]
    assert Invoice.objects.count() == 1


def test_what_was_paid_here_is_not_owed_again_because_a_second_import_is_undone(us, connection, quickbooks):
    (ada,) = add(quickbooks, customer("Ada"))
    doc = bill(us, ada)
    import_year(connection)
    us.update("Invoice", {**us.read("Invoice", doc["Id"]), "PrivateNote": "changed there"})
    run = import_year(connection)
    money = {"source": "stripe", "amount": Decimal(40), "method": "Card", "received_on": business_day()}
    record_payment(Invoice.objects.get(), reference="pi_1", origin="stripe", **money)
    run = undo(run)
    assert Invoice.objects.get().balance == 60
    assert [row["why"] for row in run.kept] == ["A payment of it is not in QuickBooks yet."]


def test_an_invoice_whose_address_a_customer_may_have_is_kept(us, connection, quickbooks):
    (ada,) = add(quickbooks, customer("Ada"))
    bill(us, ada)
    run = import_year(connection)
    link_for(Invoice.objects.get())
    run = undo(run)
    assert [row["why"] for row in run.kept if row["entity"] == "invoice"] == ["A customer may have its link."]
    assert Invoice.objects.count() == 1


def test_undo_goes_on_after_its_worker_was_killed(quickbooks, connection):
    add(quickbooks, *(customer(f"Customer {n:04}") for n in range(600)))
    run = import_contacts(connection)
    runs.start_undo(run)
    while Contact.objects.count() == 600:
        runs.step(run.pk)
    claimed = runs.claim(run.pk)
    ImportRun.objects.filter(pk=run.pk).update(lease_until=claimed.created_at)
    runs.resume(run)
    assert runs.run_to_end(run).status == "undone"
    assert not Contact.objects.exists()


def test_a_preview_or_a_running_import_cannot_be_undone(quickbooks, connection):
    run = import_contacts(connection, preview=True)
    with pytest.raises(runs.CannotDo):
        runs.start_undo(run)


def test_undo_leaves_archived_who_cannot_come_back(quickbooks, connection):
    (ada,) = add(quickbooks, customer("Ada", email="ada@example.com"))
    import_contacts(connection)
    quickbooks.company("us").update("Customer", {"Id": ada["Id"], "sparse": True, "Active": False})
    second = import_contacts(connection)
    make_contact("Another Ada", email="ada@example.com")
    second = undo(second)
    assert second.status == "undone", second.message
    assert Contact.objects.get(name="Ada").is_archived
    assert [row["why"] for row in second.kept] == ["Its email or number has another owner now, so it stays archived."]


def test_undo_puts_an_email_back_whole_or_not_at_all(quickbooks, connection):
    (ada,) = add(quickbooks, customer("Ada", email="ada@example.com"))
    import_contacts(connection)
    body = {"Id": ada["Id"], "sparse": True, "PrimaryEmailAddr": {"Address": "new@example.com"}}
    quickbooks.company("us").update("Customer", body)
    second = import_contacts(connection)
    make_contact("Another Ada", email="ada@example.com")
    second = undo(second)
    contact = Contact.objects.get(name="Ada")
    assert (contact.email, contact.email_typed) == ("new@example.com", "new@example.com")
    assert [row["why"] for row in second.kept] == ["Its former email has another owner now."]
