"""Long outages, several odd events at once, late answers and old hints: nothing is lost, nobody asked too early."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from crm.models import Contact
from integrations import inbox, tasks
from integrations.models import InboxEvent, QuickBooksConnection, QuickBooksLink, SyncState
from integrations.quickbooks.sync import drain, hints, log
from invoicing.models import Invoice
from sandbox import Company, Sandbox
from tests.factories import make_contact
from tests.integrations.quickbooks.sync.test_drain import hint
from tests.sandbox.cast import customer, invoice, pay

pytestmark = pytest.mark.django_db(transaction=True)
Status = InboxEvent.Status


def at_once() -> None:
    InboxEvent.objects.update(not_before=None)


def test_a_long_outage_uses_up_none_of_the_tries(
    followed: QuickBooksConnection, quickbooks: Sandbox, books: Company
) -> None:
    bill = invoice(books, customer(books))
    inbox.accept([hint(followed, "invoice", bill["Id"])])
    quickbooks.faults.add("503", times=1000, match="/query")
    for _ in range(10):
        at_once()
        drain.drain(followed)
    quickbooks.faults.clear()
    quickbooks.faults.add(2030, times=1, match="/query")
    at_once()
    drain.drain(followed)
    event = InboxEvent.objects.get()
    assert (event.status, event.attempts) == (Status.PENDING, 1)
    at_once()
    assert drain.drain(followed) == 1


def test_many_odd_events_do_not_hold_up_the_good_ones(
    followed: QuickBooksConnection, quickbooks: Sandbox, books: Company
) -> None:
    for odd in range(drain.PARTS):
        quickbooks.faults.add(2030, times=1000, match=f"'9999{odd}'")
    ada = customer(books)
    good = [hint(followed, "invoice", invoice(books, ada)["Id"]) for _ in range(40)]
    odd_ones = [hint(followed, "invoice", f"9999{odd}") for odd in range(drain.PARTS)]
    inbox.accept([*odd_ones, *good])  # one odd one in each part that is tried
    drain.drain(followed)
    assert Invoice.objects.count() == 40
    assert InboxEvent.objects.exclude(status=Status.DONE).count() == drain.PARTS


def test_a_refusal_of_everything_is_not_looked_into_for_each_event(
    followed: QuickBooksConnection, quickbooks: Sandbox
) -> None:
    quickbooks.faults.add(2030, times=10_000, match="/query")
    inbox.accept([hint(followed, "invoice", str(number)) for number in range(500)])
    quickbooks.clear_log()
    assert drain.drain(followed) == 0
    assert len(quickbooks.requests) < 20
    assert InboxEvent.objects.filter(status=Status.PENDING, attempts=1).count() == 500


def test_a_late_page_sets_nothing_back_that_was_unchanged_since(
    look: Callable[[], None], followed: QuickBooksConnection, books: Company
) -> None:
    ada = customer(books)
    bill = invoice(books, ada)
    look()
    for entity, doc in (("customer", ada), ("invoice", bill)):
        before = QuickBooksLink.objects.get(entity=entity, external_id=doc["Id"])
        with books.store.changing():
            now = books.must_find(books.kind(entity.capitalize()), doc["Id"])
            books.put_again(entity.capitalize(), now, now)  # saved again, and nothing that we show is different
        inbox.accept([hint(followed, entity, doc["Id"], f"{entity} saved")])
        drain.drain(followed)
        after = QuickBooksLink.objects.get(pk=before.pk)
        assert after.fingerprint == before.fingerprint
        assert int(after.sync_token) == int(before.sync_token) + 1


def test_a_false_alarm_hides_no_later_deletion(
    look: Callable[[], None], followed: QuickBooksConnection, books: Company
) -> None:
    bill = invoice(books, customer(books))
    look()
    # An earlier long look had missed the invoice; what it told was kept, and proved false.
    alarm = hints.event_of(followed, "Invoice", {"Id": bill["Id"], "status": "Deleted"}, look="an earlier one")
    inbox.accept([alarm])
    drain.drain(followed)
    books.delete("Invoice", bill["Id"])
    SyncState.objects.update(watermark=timezone.now() - timedelta(days=40))
    look()
    assert not Invoice.objects.present().exists()


def test_after_more_than_a_month_a_conflict_that_was_merged_away_is_gone_too(
    look: Callable[[], None], followed: QuickBooksConnection, books: Company
) -> None:
    make_contact("Ann", email="ann@example.com")
    make_contact("Ben", phone="+14155550142")
    both = {"PrimaryEmailAddr": {"Address": "ann@example.com"}, "PrimaryPhone": {"FreeFormNumber": "4155550142"}}
    clash, cleo = customer(books, "Clash", **both), customer(books, "Cleo")
    look()
    assert QuickBooksLink.objects.get(external_id=clash["Id"]).state == "conflict"
    books.merge_customers(clash["Id"], cleo["Id"])
    SyncState.objects.update(watermark=timezone.now() - timedelta(days=40))
    look()
    assert QuickBooksLink.objects.get(external_id=clash["Id"]).state == "gone"


def test_events_of_companies_nobody_works_with_are_forgotten_too(followed: QuickBooksConnection) -> None:
    SyncState.of(followed)
    old = timezone.now() - timedelta(days=400)
    for realm_id in (followed.realm_id, "9999"):
        event = hint(followed, "invoice", "1", realm_id)
        event.realm_id, event.received_at, event.status = realm_id, old, Status.IGNORED
        event.save()
    log.prune()
    assert not InboxEvent.objects.exists()


def test_what_goes_wrong_in_the_look_does_not_keep_the_inbox_waiting(
    followed: QuickBooksConnection, books: Company, caplog: pytest.LogCaptureFixture
) -> None:
    bill = invoice(books, customer(books))
    inbox.accept([hint(followed, "invoice", bill["Id"])])
    SyncState.of(followed)
    SyncState.objects.update(catch_up={"todo": [["changed", "Nonsense", ""]]})
    tasks.poll_quickbooks()
    assert Invoice.objects.count() == 1
    assert "Looking for changes" in caplog.text


def test_a_payment_in_doubt_is_read_with_the_other_invoices_it_pays(
    look: Callable[[], None], followed: QuickBooksConnection, books: Company
) -> None:
    ada = customer(books)
    first, second = invoice(books, ada), invoice(books, ada)
    look()
    pay(books, ada, 200, (first, 100), (second, 100))
    inbox.accept([hint(followed, "invoice", first["Id"], "paid")])
    drain.drain(followed)
    assert set(Invoice.objects.values_list("status", "balance")) == {("paid", 0)}
    assert Contact.objects.count() == 1
