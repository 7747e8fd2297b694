"""What services do with a contact: trail and fact in one transaction, and no email or number twice."""

from threading import Thread
from typing import Any

import pytest
from django.db import connection
from django.db.models.signals import pre_save
from django.utils import timezone

from crm import audit, services, signals
from crm.emails import first_address
from crm.models import Activity, Business, Contact
from crm.services import ContactChangedMeanwhile, ContactClash
from tests.factories import make_contact, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def jo() -> Any:
    return make_user()


@pytest.fixture
def told() -> Any:
    """The facts that are told, with whether a transaction was open at that moment."""
    heard: list[tuple[str, dict[str, Any]]] = []
    receivers = []
    for name in ("contact_added", "contact_changed", "contact_archived", "contact_restored"):

        def hear(sender: Any, name: str = name, **facts: Any) -> None:
            facts.pop("signal")
            heard.append((name, facts | {"in_transaction": connection.in_atomic_block}))

        getattr(signals, name).connect(hear)
        receivers.append((name, hear))
    yield heard
    for name, hear in receivers:
        getattr(signals, name).disconnect(hear)


def create(jo: Any, **fields: Any) -> Contact:
    return services.create_contact({"name": "Ada Lovelace", **fields}, actor=jo, origin="staff")


def update(contact: Contact, jo: Any, **fields: Any) -> Contact:
    return services.update_contact(contact, fields, actor=jo, origin="staff")


def test_a_new_contact_is_recognised_by_what_was_typed_in_any_format(jo: Any) -> None:
    contact = create(jo, email_typed=" Ada@Example.COM; second@example.com", phone_typed="(415) 555-0123 ext. 9")
    contact.refresh_from_db()
    assert (contact.email, contact.phone) == ("ada@example.com", "+14155550123")
    assert contact.email_typed == " Ada@Example.COM; second@example.com"


def test_a_number_is_read_as_one_of_the_business_own_country(jo: Any) -> None:
    Business.load()
    Business.objects.update(country="GB")
    assert create(jo, phone_typed="07700 900123").phone == "+447700900123"


def test_adding_writes_one_line_of_the_trail_and_tells_one_fact(jo: Any, told: Any) -> None:
    contact = create(jo, company="Engines Ltd")
    activity = Activity.objects.get()
    assert (activity.verb, activity.subject_type, activity.subject_id) == ("contact.created", "contact", contact.pk)
    assert (activity.contact, activity.actor, activity.origin) == (contact, jo, "staff")
    assert activity.changes == {"name": ["", "Ada Lovelace"], "company": ["", "Engines Ltd"]}
    assert told == [("contact_added", {"contact": contact, "origin": "staff", "in_transaction": True})]


def test_a_change_says_what_it_was_and_what_it_is(jo: Any, told: Any) -> None:
    contact = create(jo, city="London")
    told.clear()
    update(contact, jo, city="Paris", name="Ada Lovelace", phone_typed="415 555 0123")
    changes = {"city": ["London", "Paris"], "phone_typed": ["", "415 555 0123"]}
    activity = Activity.objects.latest("id")
    assert (activity.verb, activity.changes) == ("contact.changed", changes)
    assert [(name, facts["changes"]) for name, facts in told] == [("contact_changed", changes)]
    assert Contact.objects.search("4155550123").get().city == "Paris"


def test_a_change_that_changes_nothing_writes_and_tells_nothing(jo: Any, told: Any) -> None:
    contact = create(jo, city="London")
    before = Contact.objects.get().changed_at
    told.clear()
    update(contact, jo, city="London", name="Ada Lovelace")
    assert told == [] and Activity.objects.count() == 1
    assert Contact.objects.get().changed_at == before


def test_a_field_that_is_nobodys_to_set_is_refused(jo: Any) -> None:
    with pytest.raises(KeyError, match="owner"):
        update(make_contact(), jo, owner="books")


@pytest.mark.parametrize("field,typed", [("email_typed", "ADA@example.com "), ("phone_typed", "+1 415-555-0123")])
def test_two_live_contacts_cannot_share_an_email_or_a_number(jo: Any, told: Any, field: str, typed: str) -> None:
    ann = make_contact("Ann Lee", email="ada@example.com", phone="+14155550123")
    ben = create(jo, name="Ben")
    told.clear()
    for attempt in (lambda: create(jo, **{field: typed}), lambda: update(ben, jo, **{field: typed, "city": "Bonn"})):
        with pytest.raises(ContactClash, match="already belongs to Ann Lee") as clash:
            attempt()
        assert clash.value.other == ann
    assert Contact.objects.count() == 2 and Contact.objects.get(pk=ben.pk).city == ""
    assert told == [] and Activity.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_clash_that_appears_between_look_and_write_is_told_the_same_way(jo: Any) -> None:
    """Another process saves Ann while Ada is being saved: the constraint stops Ada, the sentence is the same."""
    if connection.vendor == "sqlite":
        # There the whole service holds the only write lock, so nobody can come between.
        assert connection.settings_dict["OPTIONS"]["transaction_mode"] == "IMMEDIATE"
        return

    def insert_ann() -> None:
        make_contact("Ann Lee", email="ada@example.com")
        connection.close()

    def ann_is_faster(sender: Any, instance: Contact, **kwargs: Any) -> None:
        if instance.name == "Ada Lovelace":
            other = Thread(target=insert_ann)
            other.start()
            other.join()

    pre_save.connect(ann_is_faster, sender=Contact)
    try:
        with pytest.raises(ContactClash, match="ada@example.com already belongs to Ann Lee"):
            create(jo, email_typed="ada@example.com")
    finally:
        pre_save.disconnect(ann_is_faster, sender=Contact)
    assert Contact.objects.get().name == "Ann Lee" and not Activity.objects.exists()


def test_a_shared_address_that_staff_keep_apart_stays_apart_when_something_else_is_edited(jo: Any) -> None:
    make_contact("Ann Lee", email="ada@example.com", phone="+14155550123")
    shared = make_contact("Ada", email="", email_typed="ada@example.com", phone="", phone_typed="(415) 555-0123")
    changed = update(shared, jo, city="Bonn", email_typed="ada@example.com", phone_typed="(415) 555-0123")
    assert (changed.city, changed.email, changed.phone) == ("Bonn", "", "")


def test_a_change_on_top_of_one_that_was_not_seen_is_refused(jo: Any) -> None:
    contact = make_contact()
    seen = Contact.objects.get().changed_at
    update(contact, jo, city="Bonn")
    with pytest.raises(ContactChangedMeanwhile):
        services.update_contact(contact, {"city": "Rome"}, actor=jo, origin="staff", read_at=seen)
    assert Contact.objects.get().city == "Bonn"


def test_archiving_twice_is_archiving_once_and_restoring_undoes_it(jo: Any, told: Any) -> None:
    contact = make_contact()
    for _ in range(2):
        services.archive_contact(contact, actor=jo, origin="staff")
    assert Contact.objects.get().is_archived
    for _ in range(2):
        services.restore_contact(contact, actor=jo, origin="staff")
    assert not Contact.objects.get().is_archived
    assert [name for name, _ in told] == ["contact_archived", "contact_restored"]
    verbs = list(Activity.objects.order_by("id").values_list("verb", flat=True))
    assert verbs == ["contact.archived", "contact.restored"]


def test_an_archived_contact_leaves_its_email_to_others_and_cannot_take_it_back(jo: Any) -> None:
    ada = create(jo, email_typed="ada@example.com")
    services.archive_contact(ada, actor=jo, origin="staff")
    create(jo, name="Ann Lee", email_typed="ada@example.com")
    with pytest.raises(ContactClash, match="ada@example.com already belongs to Ann Lee"):
        services.restore_contact(ada, actor=jo, origin="staff")
    assert Contact.objects.get(pk=ada.pk).is_archived
    # Edited apart, it can.
    update(ada, jo, email_typed="countess@example.com")
    services.restore_contact(ada, actor=jo, origin="staff")


def test_when_a_receiver_fails_the_contact_and_its_trail_are_gone_too(jo: Any) -> None:
    def fail(sender: Any, **facts: Any) -> None:
        raise RuntimeError("the outbox is full")

    signals.contact_added.connect(fail)
    try:
        with pytest.raises(RuntimeError):
            create(jo)
    finally:
        signals.contact_added.disconnect(fail)
    assert not Contact.objects.exists() and not Activity.objects.exists()


def test_the_trail_keeps_money_dates_and_long_texts() -> None:
    changes = audit.differences({"total": "1", "due": None}, {"total": "1", "due": timezone.now().date(), "x": None})
    assert changes == {"due": [None, timezone.now().date().isoformat()]}
    activity = audit.record("invoice", 7, verb="invoice.sent", actor=None, origin="staff", text="é" * 400)
    assert activity.text == "é" * 299 + "…" and activity.subject_id == 7 and activity.contact is None


@pytest.mark.parametrize(
    "typed,found",
    [
        ("", ""),
        ("Ada@Example.com", "ada@example.com"),
        ("  ada@example.com , ben@example.com", "ada@example.com"),
        ("Ada Lovelace <ADA@example.com>", "ada@example.com"),
        ("nonsense; ben@example.com", "ben@example.com"),
        ("nobody", ""),
        ("a@" + "b" * 300 + ".com", ""),
        ("ada@exa mple.com", ""),
    ],
)
def test_the_first_address_of_a_field_is_what_counts(typed: str, found: str) -> None:
    assert first_address(typed) == found
