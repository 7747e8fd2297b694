"""A customer that clashes with a contact: staff look at both sides, choose, and every later sync holds to it."""

import threading
from collections.abc import Callable

import pytest
from django.db import connection as database
from django.test import Client
from django.urls import reverse

from crm.merging import merge_contacts
from crm.models import Activity, Contact, User
from crm.services import archive_contact, update_contact
from integrations.models import InboxEvent, QuickBooksConnection, QuickBooksLink
from integrations.quickbooks.conflicts import CannotResolve, resolve
from integrations.quickbooks.imports import runs
from integrations.quickbooks.imports.phases import counted
from integrations.quickbooks.sync import drain, poll
from invoicing.models import Invoice
from sandbox import Company, Sandbox
from tests.factories import make_agent, make_contact, make_user
from tests.integrations.quickbooks.test_import_contacts import add, customer, import_contacts
from tests.integrations.quickbooks.test_import_invoices import bill, import_year

pytestmark = pytest.mark.django_db(transaction=True)

PHONE = "+14155550142"
Look = Callable[[], None]


@pytest.fixture
def jo(client: Client) -> User:
    user = make_user()
    client.force_login(user)
    return user


@pytest.fixture
def books(quickbooks: Sandbox) -> Company:
    return quickbooks.company("us")


@pytest.fixture
def look(connection: QuickBooksConnection) -> Look:
    def once() -> None:
        assert poll.poll(connection) == ""
        drain.drain(connection)
        assert not InboxEvent.objects.exclude(status="done").exists()

    return once


@pytest.fixture
def trio(quickbooks: Sandbox, connection: QuickBooksConnection) -> list[dict]:
    """Ann, Bob and Cy share a phone: Ann came in."""
    docs = add(
        quickbooks,
        customer("Ann Lee", mobile="(415) 555-0142", email="ann@example.com"),
        customer("Bob Lee", phone="415 555 0142", email="bob@example.com"),
        customer("Cy Lee", mobile="+1 415-555-0142"),
    )
    import_contacts(connection)
    connection.refresh_from_db()
    return docs


def link_of(doc: dict) -> QuickBooksLink:
    return QuickBooksLink.objects.get(entity="customer", external_id=doc["Id"])


def choose(client: Client, doc: dict, choice: str) -> str:
    url = reverse("integrations:conflict-choose", args=[link_of(doc).pk])
    answer = client.post(url, {"choice": choice}, follow=True)
    assert answer.status_code == 200
    return answer.text


def merge(client: Client, doc: dict, contact: Contact) -> str:
    url = reverse("integrations:conflict-merge", args=[link_of(doc).pk])
    return client.post(url, {"contact": contact.pk}, follow=True).text


def test_of_a_hundred_of_which_three_share_a_phone_one_kept_apart_makes_ninety_nine(client, jo, quickbooks, connection):
    add(quickbooks, *(customer(f"Customer {n:03}", email=f"c{n}@example.com") for n in range(97)))
    _, bob, _ = add(quickbooks, *(customer(name, mobile="4155550142") for name in ("Ann Lee", "Bob Lee", "Cy Lee")))
    import_contacts(connection)
    assert Contact.objects.count() == 98
    page = choose(client, bob, "apart")
    assert "Bob Lee is a contact of its own." in page and "Resolved by Jo Bloggs" in page
    assert Contact.objects.count() == 99
    kept = Contact.objects.get(name="Bob Lee")
    assert (kept.phone, kept.phone_typed) == ("", "4155550142")
    assert counted(import_contacts(connection), "customer") == {
        "created": 0,
        "updated": 0,
        "unchanged": 99,
        "dropped": 1,
    }


def test_kept_apart_it_stays_apart_through_edits_and_imports(client, jo, look, books, connection, trio):
    _, bob, _ = trio
    choose(client, bob, "apart")
    books.update("Customer", {"Id": bob["Id"], "sparse": True, "DisplayName": "Robert Lee"})
    look()
    kept = Contact.objects.get(name="Robert Lee")
    assert (kept.email, kept.phone, kept.phone_typed) == ("bob@example.com", "", "415 555 0142")
    books.update("Customer", {"Id": bob["Id"], "sparse": True, "PrimaryEmailAddr": {"Address": "ann@example.com"}})
    look()
    import_contacts(connection)
    kept.refresh_from_db()
    assert (kept.email, kept.email_typed) == ("", "ann@example.com")
    assert Contact.objects.get(phone=PHONE).name == "Ann Lee"
    assert link_of(bob).state == "linked" and Contact.objects.count() == 2


def test_a_number_that_is_free_again_is_given_to_the_one_kept_apart(client, jo, look, trio):
    _, bob, _ = trio
    choose(client, bob, "apart")
    archive_contact(Contact.objects.get(name="Ann Lee"), actor=jo, origin="staff")
    look()
    assert Contact.objects.get(phone=PHONE, archived_at=None).name == "Bob Lee"


def test_the_page_shows_both_sides_with_what_waits_and_marks_what_differs(client, jo, books, connection, trio):
    _, bob, _ = trio
    bill(books, bob)
    import_year(connection)
    listed = client.get(reverse("integrations:conflicts")).text
    address = reverse("integrations:conflict", args=[link_of(bob).pk])
    assert f'href="{address}"' in listed
    page = client.get(address).text.replace("<wbr>", "")
    assert "Ann Lee" in page and "Bob Lee" in page and "bob@example.com" in page
    assert "1 invoice, $100.00 open" in page
    assert "differs" in page and "same" in page
    panel = reverse("integrations:quickbooks-invoice-panel", args=[Invoice.objects.get().pk])
    assert address in client.get(panel).text
    ann = Contact.objects.get()
    assert address in client.get(reverse("integrations:quickbooks-contact-panel", args=[ann.pk])).text


def test_a_merge_asks_first_and_then_brings_the_invoices_along(client, jo, look, books, connection, trio):
    _, bob, _ = trio
    bill(books, bob)
    import_year(connection)
    ann = Contact.objects.get()
    asked = client.get(reverse("integrations:conflict-merge", args=[link_of(bob).pk])).text
    assert "Merge Bob Lee into Ann Lee?" in asked
    assert "Bob Lee is merged into Ann Lee." in merge(client, bob, ann)
    assert Invoice.objects.get().contact == ann == Contact.objects.get()
    books.update("Customer", {"Id": bob["Id"], "sparse": True, "DisplayName": "Robert", "Mobile": {}})
    look()
    import_contacts(connection)
    ann.refresh_from_db()
    assert (ann.name, link_of(bob).contact, link_of(bob).state) == ("Ann Lee", ann, "linked")
    choice = Activity.objects.get(verb="customer.resolved")
    assert (choice.actor, choice.contact) == (jo, ann)


def test_merged_into_a_contact_of_ours_quickbooks_leads_its_data(client, jo, look, quickbooks, books, connection):
    ann = make_contact("Ann", email="ann@example.com", notes="hers")
    ben = make_contact("Ben", phone=PHONE)
    (doc,) = add(quickbooks, customer("Ann Lee", email="ann@example.com", mobile=PHONE))
    import_contacts(connection)
    page = client.get(reverse("integrations:conflict", args=[link_of(doc).pk])).text
    assert page.count('type="radio"') == 2
    merge(client, doc, ann)
    ann.refresh_from_db()
    assert (ann.name, ann.owner, ann.notes) == ("Ann Lee", "books", "hers")
    assert (ann.phone, ann.phone_typed) == ("", PHONE)
    books.update("Customer", {"Id": doc["Id"], "sparse": True, "DisplayName": "Anna Lee"})
    look()
    update_contact(ben, {"phone_typed": ""}, actor=jo, origin="staff")
    look()
    ann.refresh_from_db()
    assert (ann.name, ann.phone) == ("Anna Lee", PHONE)


def test_a_customer_that_clashes_after_an_edit_is_merged_with_its_contact(client, jo, look, books, connection, trio):
    ann = Contact.objects.get()
    dot = books.create("Customer", {"DisplayName": "Dot"})
    look()
    bill(books, dot)
    import_year(connection)
    books.update("Customer", {"Id": dot["Id"], "sparse": True, "PrimaryEmailAddr": {"Address": "ann@example.com"}})
    look()
    page = client.get(reverse("integrations:conflict", args=[link_of(dot).pk])).text
    assert "As it was before the clash" in page and "Its contact here" in page
    own = Contact.objects.get(name="Dot")
    assert "own contact" in merge(client, dot, own)
    merge(client, dot, ann)
    own.refresh_from_db()
    assert own.is_archived and link_of(dot).contact == ann == Invoice.objects.get().contact
    assert list(Contact.objects.live()) == [ann]


def test_ignored_it_leaves_the_list_until_it_is_reconsidered(client, jo, look, books, connection, trio):
    _, bob, _ = trio
    assert "Bob Lee is ignored" in choose(client, bob, "ignore")
    books.update("Customer", {"Id": bob["Id"], "sparse": True, "PrimaryPhone": {"FreeFormNumber": "4155550199"}})
    look()
    import_contacts(connection)
    assert Contact.objects.count() == 1
    listed = client.get(reverse("integrations:conflicts")).text
    assert "Bob Lee" not in listed and "1 ignored customer" in listed
    listed = client.get(reverse("integrations:conflicts") + "?show=ignored").text
    assert "Bob Lee" in listed and "Ignored by Jo Bloggs" in listed
    assert "Bob Lee is taken over" in choose(client, bob, "reconsider")
    assert Contact.objects.filter(name="Bob Lee", phone="+14155550199").exists()


def test_kept_apart_may_be_reconsidered_and_merged_after_all(client, jo, look, connection, trio):
    ann, bob, _ = trio
    assert "is a contact of its own" in choose(client, bob, "apart")
    page = client.get(reverse("integrations:conflict", args=[link_of(bob).pk])).text
    assert "Reconsider" in page
    own = page[page.index("Its contact here") :].partition("</section>")[0]
    assert own.count("same") == 3 and "differs" not in own  # name, email, and the number as it was typed
    assert "is among the open conflicts again" in choose(client, bob, "reconsider")
    assert (link_of(bob).state, link_of(bob).choice) == ("conflict", "")
    merge(client, bob, link_of(ann).contact)
    assert link_of(bob).contact == link_of(ann).contact
    assert Contact.objects.live().filter(name="Bob Lee").count() == 0
    page = client.get(reverse("integrations:conflict", args=[link_of(bob).pk])).text
    assert "Reconsider" not in page and "cannot be parted" in page
    assert "no longer in conflict" in choose(client, bob, "reconsider")
    look()


def test_while_quickbooks_does_not_answer_the_choice_is_noted_and_done_later(client, jo, look, quickbooks, trio):
    _, bob, _ = trio
    quickbooks.faults.add("503", times=50)
    assert "applied as soon as QuickBooks answers" in choose(client, bob, "apart")
    assert "waits for QuickBooks" in client.get(reverse("integrations:conflict", args=[link_of(bob).pk])).text
    quickbooks.faults.clear()
    InboxEvent.objects.update(not_before=None)
    look()
    assert Contact.objects.filter(name="Bob Lee").exists()


def test_a_preview_foresees_what_was_chosen(jo, connection, trio):
    _, bob, cy = trio
    resolve(link_of(bob), "apart", actor=jo)
    resolve(link_of(cy), "merge", contact=Contact.objects.get(), actor=jo)
    run = import_contacts(connection, preview=True)
    assert counted(run, "customer") == {"created": 1, "updated": 1, "unchanged": 1, "dropped": 0}
    assert Contact.objects.count() == 1
    done = import_contacts(connection)
    assert counted(done, "customer") == {"created": 1, "updated": 1, "unchanged": 1, "dropped": 0}


def test_the_same_choice_twice_is_one(jo, connection, trio):
    _, bob, cy = trio
    ann = Contact.objects.get()
    assert [resolve(link_of(bob), "merge", contact=ann, actor=jo) for _ in range(2)] == [True, False]
    assert [resolve(link_of(cy), "ignore", actor=jo) for _ in range(2)] == [True, False]
    assert Activity.objects.filter(verb="customer.resolved").count() == 2


def test_two_clicks_at_once_are_one_choice_and_one_contact(jo, connection, trio):
    _, bob, _ = trio
    url = reverse("integrations:conflict-choose", args=[link_of(bob).pk])
    answers = []

    def click() -> None:
        browser = Client()
        browser.force_login(jo)
        answers.append(browser.post(url, {"choice": "apart"}).status_code)
        database.close()

    clicks = [threading.Thread(target=click) for _ in range(2)]
    for thread in clicks:
        thread.start()
    for thread in clicks:
        thread.join()
    assert answers == [302, 302]
    assert Activity.objects.filter(verb="customer.resolved").count() == 1
    drain.drain(connection)
    assert Contact.objects.filter(name="Bob Lee").count() == 1


def test_what_cannot_be_chosen_is_said(jo, connection, trio):
    ann_doc, bob, _ = trio
    ann = Contact.objects.get()
    with pytest.raises(CannotResolve, match="no longer in conflict"):
        resolve(link_of(ann_doc), "apart", actor=jo)
    with pytest.raises(CannotResolve, match="Choose the contact"):
        resolve(link_of(bob), "merge", actor=jo)
    archive_contact(ann, actor=jo, origin="staff")
    with pytest.raises(CannotResolve, match="Ann Lee is archived"):
        resolve(link_of(bob), "merge", contact=ann, actor=jo)
    assert not Activity.objects.filter(verb="customer.resolved").exists()


def test_undoing_the_import_that_brought_one_kept_apart_takes_it_away_and_the_choice_stays(jo, connection, trio):
    _, bob, cy = trio
    resolve(link_of(bob), "apart", actor=jo)
    resolve(link_of(cy), "merge", contact=Contact.objects.get(), actor=jo)
    run = import_contacts(connection)
    runs.start_undo(run)
    run = runs.run_to_end(run)
    assert (run.status, run.kept) == ("undone", [])
    assert [contact.name for contact in Contact.objects.all()] == ["Ann Lee"]
    import_contacts(connection)
    assert set(Contact.objects.values_list("name", "phone")) == {("Ann Lee", PHONE), ("Bob Lee", "")}
    assert link_of(cy).contact == Contact.objects.get(name="Ann Lee")


def test_contacts_merged_by_staff_take_the_choice_with_them(jo, look, connection, trio):
    _, bob, _ = trio
    ann, eve = Contact.objects.get(), make_contact("Eve")
    resolve(link_of(bob), "merge", contact=ann, actor=jo)
    merge_contacts(ann, eve, actor=jo, origin="staff")
    look()
    assert link_of(bob).contact == eve


def test_one_kept_apart_whose_contact_staff_merge_later_joins_the_other(jo, look, books, connection, trio):
    _, bob, _ = trio
    resolve(link_of(bob), "apart", actor=jo)
    look()
    ann, own = Contact.objects.get(name="Ann Lee"), Contact.objects.get(name="Bob Lee")
    merge_contacts(own, ann, actor=jo, origin="staff")
    books.update("Customer", {"Id": bob["Id"], "sparse": True, "DisplayName": "Robert Lee"})
    look()
    import_contacts(connection)
    assert link_of(bob).contact == ann
    assert [contact.name for contact in Contact.objects.live()] == ["Ann Lee"]


def test_a_number_that_staff_gave_a_contact_stays_its_own_when_a_page_brings_another_with_it(
    jo, look, books, connection
):
    eve_doc = books.create("Customer", customer("Eve", mobile="4155550188"))
    look()
    eve = Contact.objects.get()
    update_contact(eve, {"phone_typed": "4155550177"}, actor=jo, origin="staff")
    books.update("Customer", {"Id": eve_doc["Id"], "sparse": True, "DisplayName": "Eva"})
    dot = books.create("Customer", customer("Dot", mobile="4155550177"))
    look()
    eve.refresh_from_db()
    assert (eve.name, eve.phone) == ("Eva", "+14155550177")
    assert link_of(dot).state == "conflict"


def test_a_number_that_a_customer_gives_up_goes_to_the_one_that_waits_for_it(look, books, connection, trio):
    ann_doc, bob, _ = trio
    books.update("Customer", {"Id": ann_doc["Id"], "sparse": True, "Mobile": {"FreeFormNumber": "4155550166"}})
    look()
    assert link_of(bob).state == "linked"
    assert Contact.objects.get(phone=PHONE).name == "Bob Lee"


def test_only_admins_resolve_conflicts(client, connection, trio):
    client.force_login(make_agent())
    pk = link_of(trio[1]).pk
    assert client.get(reverse("integrations:conflict", args=[pk])).status_code == 403
    for name in ("conflict-merge", "conflict-choose"):
        assert client.post(reverse(f"integrations:{name}", args=[pk])).status_code == 403
    client.force_login(make_user())
    assert client.get(reverse("integrations:conflict", args=[link_of(trio[0]).pk])).status_code == 404


def test_the_list_asks_a_constant_number_of_questions(
    client, jo, quickbooks, connection, django_assert_max_num_queries, trio
):
    add(quickbooks, *(customer(f"Lee {n}", mobile="4155550142") for n in range(20)))
    import_contacts(connection)
    with django_assert_max_num_queries(8):
        assert client.get(reverse("integrations:conflicts")).text.count("row-link") == 22
