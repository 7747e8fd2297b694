"""Customers of QuickBooks become contacts: matched, never doubled, and dropped with a reason."""

import pytest

from crm.models import Activity, Contact
from integrations.models import ImportItem, ImportRun, QuickBooksLink
from integrations.quickbooks.client import QuickBooksClient
from integrations.quickbooks.imports import runs
from integrations.quickbooks.imports.phases import counted
from integrations.quickbooks.tokens import StoredAccess
from tests.factories import make_contact

pytestmark = pytest.mark.django_db(transaction=False)


def customer(name: str, *, email: str = "", mobile: str = "", phone: str = "", **more) -> dict:
    doc = {"DisplayName": name, **more}
    if email:
        doc["PrimaryEmailAddr"] = {"Address": email}
    if mobile:
        doc["Mobile"] = {"FreeFormNumber": mobile}
    if phone:
        doc["PrimaryPhone"] = {"FreeFormNumber": phone}
    return doc


def add(quickbooks, *docs: dict) -> list[dict]:
    return [quickbooks.company("us").create("Customer", doc) for doc in docs]


def import_contacts(connection, **options) -> ImportRun:
    run = runs.start(connection, ImportRun.Kind.CONTACTS, **options)
    return runs.run_to_end(run)


def test_a_hundred_customers_of_which_three_share_a_phone_give_ninety_eight(quickbooks, connection):
    add(quickbooks, *(customer(f"Customer {n:03}", email=f"c{n}@example.com") for n in range(97)))
    add(
        quickbooks,
        customer("Ann Lee", mobile="(415) 555-0142"),
        customer("Bob Lee", phone="415 555 0142"),
        customer("Cy Lee", mobile="+1 415-555-0142"),
    )
    run = import_contacts(connection)
    assert run.status == "done"
    assert counted(run, "customer") == {"created": 98, "updated": 0, "unchanged": 0, "dropped": 2}
    assert Contact.objects.count() == 98
    dropped = list(run.items.filter(outcome="dropped").order_by("id").values_list("name", "reason"))
    assert dropped == [
        ("Bob Lee", "It shares the number 415 555 0142 with Ann Lee."),
        ("Cy Lee", "It shares the number +1 415-555-0142 with Ann Lee."),
    ]

    again = import_contacts(connection)
    assert counted(again, "customer") == {"created": 0, "updated": 0, "unchanged": 98, "dropped": 2}
    assert Contact.objects.count() == 98


def test_a_preview_says_the_same_and_writes_nothing(quickbooks, connection):
    add(quickbooks, customer("Ann", mobile="4155550142"), customer("Bob", mobile="4155550142"), customer("Cy"))
    run = import_contacts(connection, preview=True)
    assert counted(run, "customer") == {"created": 2, "updated": 0, "unchanged": 0, "dropped": 1}
    assert not Contact.objects.exists() and not QuickBooksLink.objects.exists()
    assert [item.name for item in run.items.all()] == ["Bob"]
    connection.refresh_from_db()
    assert connection.contacts_imported_at is None


def test_a_contact_of_ours_is_recognised_by_its_email_and_keeps_its_notes(quickbooks, connection):
    ada = make_contact("Ada", email="ada@example.com", notes="likes mornings")
    add(
        quickbooks,
        customer(
            "Ada Byron", email=" ADA@Example.com ; office@example.com", BillAddr={"Line1": "1 Main St", "City": "Ely"}
        ),
    )
    run = import_contacts(connection)
    assert counted(run, "customer")["updated"] == 1
    ada.refresh_from_db()
    assert (ada.name, ada.street, ada.city, ada.notes) == ("Ada Byron", "1 Main St", "Ely", "likes mornings")
    assert (ada.email, ada.email_typed) == ("ada@example.com", "ADA@Example.com ; office@example.com")
    assert ada.owner == Contact.Owner.BOOKS


def test_a_number_that_is_none_does_not_replace_one_of_ours(quickbooks, connection):
    ada = make_contact("Ada", email="ada@example.com", phone="+14155550199")
    add(quickbooks, customer("Ada", email="ada@example.com", mobile="ask her"))
    import_contacts(connection)
    ada.refresh_from_db()
    assert (ada.phone, ada.phone_typed) == ("+14155550199", "+14155550199")


def test_a_contact_of_ours_is_recognised_by_its_number_however_it_is_typed(quickbooks, connection):
    ben = make_contact("Ben", phone="+14155550199", phone_typed="415-555-0199")
    add(quickbooks, customer("Ben Ltd", phone="(415) 555 0199"))
    import_contacts(connection)
    assert Contact.objects.get().pk == ben.pk


def test_a_number_of_one_with_an_email_of_another_is_a_conflict_and_not_a_guess(quickbooks, connection):
    make_contact("Ada", email="ada@example.com")
    make_contact("Ben", phone="+14155550199")
    add(quickbooks, customer("Who", email="ada@example.com", mobile="4155550199"))
    run = import_contacts(connection)
    link = QuickBooksLink.objects.get()
    assert counted(run, "customer")["dropped"] == 1
    assert link.reason == "It shares the email ada@example.com with Ada and the number 4155550199 with Ben."
    assert (link.state, link.contact) == ("conflict", None)


def test_a_dropped_customer_comes_in_once_the_clash_is_gone(quickbooks, connection):
    ann, bob = add(quickbooks, customer("Ann", mobile="4155550142"), customer("Bob", mobile="4155550142"))
    import_contacts(connection)
    bob["Mobile"] = {"FreeFormNumber": "4155550143"}
    quickbooks.company("us").update("Customer", bob)
    run = import_contacts(connection)
    assert counted(run, "customer") == {"created": 1, "updated": 0, "unchanged": 1, "dropped": 0}
    assert QuickBooksLink.objects.get(external_id=bob["Id"]).state == "linked"


def test_a_job_that_shares_its_parents_phone_stands_for_the_parents_contact(quickbooks, connection):
    (parent,) = add(quickbooks, customer("Freeman", mobile="4155550142"))
    add(
        quickbooks,
        customer("Kitchen", mobile="4155550142", Job=True, ParentRef={"value": parent["Id"]}),
        customer("Garden", email="garden@example.com", Job=True, ParentRef={"value": parent["Id"]}),
    )
    run = import_contacts(connection)
    assert counted(run, "customer")["dropped"] == 0
    freeman = Contact.objects.get(name="Freeman")
    assert freeman.quickbooks_links.count() == 2
    assert Contact.objects.get(name="Garden").parent == freeman
    assert counted(import_contacts(connection), "customer")["unchanged"] == 3


def test_every_odd_customer_comes_through(quickbooks, connection):
    add(quickbooks, customer("x" * 500), customer("Zoë Ångström"), customer("No address at all"))
    (gone,) = add(quickbooks, customer("Gone", email="gone@example.com"))
    quickbooks.company("us").update("Customer", {**gone, "Active": False})
    import_contacts(connection)
    archived = Contact.objects.get(email="gone@example.com")
    assert archived.is_archived and archived.name == "Gone"
    assert Contact.objects.live().count() == 3
    assert Contact.objects.search("ZOË ångs").exists()


def test_a_correction_made_here_stays_until_quickbooks_changes_the_same_field(quickbooks, connection):
    (ada,) = add(quickbooks, customer("Ada", email="ada@example.com", BillAddr={"City": "Ely"}))
    import_contacts(connection)
    Contact.objects.filter(name="Ada").update(city="Cambridge", first_name="Augusta")
    ada = quickbooks.company("us").update("Customer", {**ada, "CompanyName": "Engines"})
    assert counted(import_contacts(connection), "customer")["updated"] == 1
    contact = Contact.objects.get()
    assert (contact.company, contact.city, contact.first_name) == ("Engines", "Cambridge", "Augusta")
    quickbooks.company("us").update("Customer", {**ada, "BillAddr": {"City": "London"}})
    import_contacts(connection)
    assert Contact.objects.get().city == "London"


def test_a_balance_that_moves_is_no_change_of_the_contact(quickbooks, connection):
    (ada,) = add(quickbooks, customer("Ada", email="ada@example.com"))
    import_contacts(connection)
    before = Activity.objects.count()
    quickbooks.company("us").create(
        "Invoice",
        {
            "CustomerRef": {"value": ada["Id"]},
            "Line": [
                {"Amount": 5, "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": {"ItemRef": {"value": "1"}}}
            ],
        },
    )
    assert counted(import_contacts(connection), "customer") == {
        "created": 0, "updated": 0, "unchanged": 1, "dropped": 0
    }  # fmt: skip
    assert Activity.objects.count() == before


def test_a_thousand_and_more_are_read_page_by_page(quickbooks, connection):
    quickbooks.company("us").bulk_load(
        "Customer", [customer(f"Customer {n:05}", email=f"c{n}@example.com") for n in range(2345)]
    )
    run = import_contacts(connection)
    assert counted(run, "customer")["created"] == 2345 == Contact.objects.count()
    pages = [entry for entry in quickbooks.requests if "SELECT * FROM Customer" in entry.body]
    assert len(pages) == 3


def test_a_customer_deleted_while_we_read_makes_no_other_one_missing(quickbooks, connection):
    company = quickbooks.company("us")
    company.bulk_load("Customer", [customer(f"Customer {n:05}") for n in range(1500)])
    run = runs.start(connection, ImportRun.Kind.CONTACTS)
    runs.step(run.pk)
    first = company.query("SELECT * FROM Customer ORDERBY Id MAXRESULTS 2")
    company.merge_customers(first[0]["Id"], first[1]["Id"])
    runs.run_to_end(run)
    assert Contact.objects.count() == 1500
    run.refresh_from_db()
    assert counted(run, "customer") == {"created": 1500, "updated": 0, "unchanged": 0, "dropped": 0}


def test_another_import_cannot_start_beside_one_that_runs(quickbooks, connection):
    runs.start(connection, ImportRun.Kind.CONTACTS)
    with pytest.raises(runs.CannotDo, match="Another import is running"):
        runs.start(connection, ImportRun.Kind.CONTACTS)


def test_a_worker_killed_in_the_middle_leaves_a_run_that_goes_on_without_doubles(quickbooks, connection, settings):
    quickbooks.company("us").bulk_load("Customer", [customer(f"Customer {n:05}") for n in range(1200)])
    run = runs.start(connection, ImportRun.Kind.CONTACTS)
    runs.step(run.pk)
    claimed = runs.claim(run.pk)  # a worker takes the second page and dies
    assert claimed is not None and runs.claim(run.pk) is None
    ImportRun.objects.filter(pk=run.pk).update(lease_until=claimed.created_at)
    run.refresh_from_db()
    assert run.is_lost(claimed.lease_until) and run.done == 1000
    runs.resume(run)
    runs.run_to_end(run)
    assert Contact.objects.count() == 1200
    assert ImportItem.objects.filter(run=run, outcome="created").count() == 1200


class Overtaken(QuickBooksClient):
    """While it asks for a page, its lease runs out and another worker does the whole import."""

    run: ImportRun

    def page(self, entity: str, **options) -> list[dict]:
        docs = super().page(entity, **options)
        ImportRun.objects.filter(pk=self.run.pk).update(lease_until=self.run.created_at)
        runs.resume(self.run)
        runs.run_to_end(self.run)
        return docs


def test_a_worker_that_comes_back_late_writes_nothing(quickbooks, connection):
    add(quickbooks, customer("Ada"))
    run = runs.start(connection, ImportRun.Kind.CONTACTS)
    late = Overtaken(connection.realm_id, StoredAccess(connection.pk))
    late.run = run
    assert runs.step(run.pk, late) is False
    run.refresh_from_db()
    assert (run.status, run.message, Contact.objects.count()) == ("done", "", 1)


def test_a_cancelled_import_keeps_what_came_in_and_can_be_resumed(quickbooks, connection):
    quickbooks.company("us").bulk_load("Customer", [customer(f"Customer {n:05}") for n in range(1100)])
    run = runs.start(connection, ImportRun.Kind.CONTACTS)
    runs.step(run.pk)
    runs.cancel(run)
    run = runs.run_to_end(run)
    assert (run.status, Contact.objects.count()) == ("cancelled", 1000)
    runs.resume(run)
    run = runs.run_to_end(run)
    assert (run.status, Contact.objects.count()) == ("done", 1100)


@pytest.mark.parametrize(
    ("trouble", "status"),
    [({"kind": "503", "times": 50}, "waiting"), ({"kind": "garbage", "times": 50}, "waiting")],
)
def test_an_import_waits_for_quickbooks_and_goes_on_by_itself(quickbooks, connection, trouble, status):
    add(quickbooks, customer("Ada"))
    quickbooks.faults.add(match="/query", **trouble)
    run = runs.start(connection, ImportRun.Kind.CONTACTS)
    run = runs.run_to_end(run)
    assert run.status == status and run.message
    quickbooks.faults.clear()
    ImportRun.objects.filter(pk=run.pk).update(not_before=None)
    assert runs.run_to_end(run).status == "done"
    assert Contact.objects.count() == 1


def test_a_revoked_connection_stops_the_import_and_says_what_to_do(quickbooks, connection):
    quickbooks.revoke_all(connection.realm_id)
    run = import_contacts(connection)
    assert run.status == "stopped"
    assert "Reconnect" in run.message
