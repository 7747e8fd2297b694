"""The inbox under bad luck: workers that die or race, answers that fail, events that cannot be taken over."""

import time
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.utils import timezone

from crm.models import Contact
from integrations import inbox
from integrations.models import InboxEvent, QuickBooksConnection, SyncLogEntry, SyncState
from integrations.quickbooks.sync import drain, lease, poll
from invoicing.models import Invoice, Payment
from invoicing.signals import invoice_added, invoice_paid, payment_recorded
from sandbox import Company, Sandbox
from tests.integrations.processes import run_python, start_python
from tests.sandbox.cast import customer, invoice, pay

pytestmark = pytest.mark.django_db(transaction=True)
Status = InboxEvent.Status


def hint(connection: QuickBooksConnection, entity: str, entity_id: str, name: str = "", **facts: str) -> InboxEvent:
    """An event as a webhook brings it."""
    return InboxEvent(
        source=InboxEvent.Source.WEBHOOK,
        external_id=name or f"{entity}-{entity_id}",
        realm_id=connection.realm_id,
        entity=entity,
        entity_id=entity_id,
        operation=facts.get("operation", "updated"),
        deleted_id=facts.get("deleted_id", ""),
        happened_at=timezone.now(),
    )


def test_a_payment_told_before_its_invoice_and_customer_brings_both(
    followed: QuickBooksConnection, books: Company
) -> None:
    ada = customer(books)
    bill = invoice(books, ada)
    payment = pay(books, ada, 100, (bill, 100))
    inbox.accept([hint(followed, "payment", payment["Id"])])
    assert drain.drain(followed) == 1
    paid = Invoice.objects.get()
    assert (paid.status, paid.contact) == (Invoice.Status.PAID, Contact.objects.get())


def test_whatever_is_told_twice_or_late_is_announced_once(followed: QuickBooksConnection, books: Company) -> None:
    heard: list[str] = []
    listeners = [
        (signal, lambda name=name, **facts: heard.append(name))
        for name, signal in (("added", invoice_added), ("paid", invoice_paid), ("payment", payment_recorded))
    ]
    for signal, listener in listeners:
        signal.connect(listener)
    ada = customer(books)
    bill = invoice(books, ada)
    payment = pay(books, ada, 100, (bill, 100))
    for turn in ("first", "second", "third"):
        inbox.accept([hint(followed, "invoice", bill["Id"], f"i-{turn}"), hint(followed, "payment", payment["Id"])])
        inbox.accept([hint(followed, "payment", payment["Id"], f"p-{turn}")])
        drain.drain(followed)
        poll.poll(followed)
        drain.drain(followed)
    for signal, listener in listeners:
        signal.disconnect(listener)
    assert sorted(heard) == ["added", "paid", "payment"]


def test_a_merge_told_by_webhook_names_the_survivor(followed: QuickBooksConnection, books: Company) -> None:
    ada, twin = customer(books), customer(books, "Ada B.")
    bill = invoice(books, twin)
    inbox.accept([hint(followed, "customer", ada["Id"]), hint(followed, "invoice", bill["Id"])])
    drain.drain(followed)
    books.merge_customers(twin["Id"], ada["Id"])
    inbox.accept([hint(followed, "customer", ada["Id"], "merged", operation="merged", deleted_id=twin["Id"])])
    drain.drain(followed)
    assert Contact.objects.live().get().name == "Ada Byron"
    assert Invoice.objects.get().contact == Contact.objects.live().get()


def test_a_thousand_events_take_a_handful_of_calls(
    followed: QuickBooksConnection, quickbooks: Sandbox, books: Company
) -> None:
    ada = customer(books)
    bills = [invoice(books, ada) for _ in range(500)]
    payments = [pay(books, ada, 100, (bill, 100)) for bill in bills]
    inbox.accept([hint(followed, "invoice", bill["Id"]) for bill in bills])
    inbox.accept([hint(followed, "payment", payment["Id"]) for payment in payments])
    quickbooks.clear_log()
    assert drain.drain(followed) == 1000
    assert len(quickbooks.requests) <= 10
    assert Invoice.objects.filter(status=Invoice.Status.PAID).count() == 500


@pytest.mark.parametrize("trouble", ["500", "429", "cut_after", "garbage", "503"])
def test_trouble_that_passes_loses_nothing(
    followed: QuickBooksConnection, quickbooks: Sandbox, books: Company, trouble: str
) -> None:
    bill = invoice(books, customer(books))
    inbox.accept([hint(followed, "invoice", bill["Id"])])
    quickbooks.faults.add(trouble, times=20, match="/query")
    assert drain.drain(followed) == 0
    event = InboxEvent.objects.get()
    assert (event.status, bool(event.last_error), event.not_before is not None) == (Status.PENDING, True, True)
    quickbooks.faults.clear()
    InboxEvent.objects.update(not_before=None)
    assert drain.drain(followed) == 1
    assert Invoice.objects.count() == 1


def test_one_odd_event_does_not_hold_up_the_others(
    followed: QuickBooksConnection, quickbooks: Sandbox, books: Company
) -> None:
    quickbooks.faults.add(2030, times=1000, match="'99999'")
    ada = customer(books)
    bills = [invoice(books, ada) for _ in range(20)]
    inbox.accept([hint(followed, "invoice", "99999"), *(hint(followed, "invoice", bill["Id"]) for bill in bills)])
    drain.drain(followed)
    assert Invoice.objects.count() == 20
    odd = InboxEvent.objects.exclude(status=Status.DONE).get()
    assert odd.entity_id == "99999" and "QuickBooks" in odd.last_error
    for _ in InboxEvent.BACKOFF:
        InboxEvent.objects.update(not_before=None)
        drain.drain(followed)
    odd.refresh_from_db()
    assert odd.status == Status.STUCK
    assert SyncLogEntry.objects.get(outcome="failed").external_id == "99999"
    assert inbox.try_again([odd.pk]) == 1


def test_a_sign_in_that_ended_leaves_everything_waiting(
    followed: QuickBooksConnection, quickbooks: Sandbox, books: Company
) -> None:
    bill = invoice(books, customer(books))
    inbox.accept([hint(followed, "invoice", bill["Id"])])
    quickbooks.revoke_all(followed.realm_id)
    assert drain.drain(followed) == 0
    event = InboxEvent.objects.get()
    assert (event.status, event.attempts) == (Status.PENDING, 0)


def test_many_workers_at_once_do_nothing_twice(
    followed: QuickBooksConnection, quickbooks: Sandbox, books: Company
) -> None:
    ada = customer(books)
    bills = [invoice(books, ada) for _ in range(60)]
    for bill in bills:
        pay(books, ada, 100, (bill, 100))
    inbox.accept([hint(followed, "invoice", bill["Id"]) for bill in bills])
    code = (
        "from integrations.models import QuickBooksConnection\nfrom integrations.quickbooks.sync import drain\n"
        "print(drain.drain(QuickBooksConnection.objects.current()))"
    )
    ended = sum(map(int, run_python(code, times=4, sandbox=quickbooks)))
    assert (ended, Invoice.objects.count(), Payment.objects.count()) == (60, 60, 60)
    assert Contact.objects.count() == 1


def test_a_worker_killed_in_the_middle_leaves_it_to_the_next(
    followed: QuickBooksConnection, quickbooks: Sandbox, books: Company
) -> None:
    bill = invoice(books, customer(books))
    inbox.accept([hint(followed, "invoice", bill["Id"])])
    quickbooks.faults.add("slow", times=1, match="/query", seconds=30)
    code = (
        "from integrations.models import QuickBooksConnection\nfrom integrations.quickbooks.sync import drain\n"
        "drain.drain(QuickBooksConnection.objects.current())"
    )
    worker = start_python(code, sandbox=quickbooks)
    until = time.monotonic() + 20
    while not SyncState.objects.filter(connection=followed).exclude(lease_id="").exists():
        assert time.monotonic() < until
        time.sleep(0.05)
    worker.kill()
    worker.communicate()
    assert drain.drain(followed) == 0  # the dead one's lease still stands
    SyncState.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    assert drain.drain(followed) == 1
    assert Invoice.objects.count() == 1


def test_who_lost_the_lease_writes_nothing(followed: QuickBooksConnection) -> None:
    ours = lease.take(followed)
    assert ours and not lease.take(followed)
    SyncState.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    assert lease.take(followed)
    with pytest.raises(lease.LostLease):
        lease.renew(followed, ours)


def test_an_older_answer_changes_nothing_any_more(followed: QuickBooksConnection, books: Company) -> None:
    ada = customer(books)
    bill = invoice(books, ada)
    inbox.accept([hint(followed, "invoice", bill["Id"])])
    drain.drain(followed)
    Invoice.objects.update(customer_note="as of the newer version")
    link = Invoice.objects.get().quickbooks_link
    link.remote_at, link.fingerprint = link.remote_at + timedelta(hours=1), "another"
    link.save()
    inbox.accept([hint(followed, "invoice", bill["Id"], "late")])
    drain.drain(followed)
    assert Invoice.objects.get().customer_note == "as of the newer version"
    assert SyncLogEntry.objects.latest("id").text == "A newer version is held already."


def test_what_is_told_of_another_company_is_kept_and_ignored(followed: QuickBooksConnection) -> None:
    event = hint(followed, "invoice", "1")
    event.realm_id = "9999"
    inbox.accept([event])
    assert drain.drain(followed) == 0
    assert InboxEvent.objects.get().status == Status.IGNORED


def test_the_command_looks_once_and_tells(
    followed: QuickBooksConnection, books: Company, capsys: pytest.CaptureFixture[str]
) -> None:
    invoice(books, customer(books))
    call_command("sync_quickbooks", "--json")
    assert '"created": 2' in capsys.readouterr().out
    call_command("sync_quickbooks")
    assert "Nothing had changed" in capsys.readouterr().out


def test_a_merge_into_somebody_nobody_has_met_yet_moves_everything(
    followed: QuickBooksConnection, books: Company
) -> None:
    twin = customer(books, "Ada B.")
    bill = invoice(books, twin)
    inbox.accept([hint(followed, "invoice", bill["Id"])])
    drain.drain(followed)
    ada = customer(books)
    books.merge_customers(twin["Id"], ada["Id"])
    inbox.accept([hint(followed, "customer", ada["Id"], "merged", operation="merged", deleted_id=twin["Id"])])
    drain.drain(followed)
    assert Contact.objects.live().get().name == "Ada Byron"
    assert Invoice.objects.get().contact == Contact.objects.live().get()


def test_an_invoice_given_to_another_customer_is_no_sign_of_a_merge(
    followed: QuickBooksConnection, books: Company
) -> None:
    ada, ben, cleo = customer(books), customer(books, "Ben"), customer(books, "Cleo")
    bill, other = invoice(books, ada), invoice(books, ada)
    poll.poll(followed)
    drain.drain(followed)
    books.update("Invoice", {"Id": bill["Id"], "sparse": True, "CustomerRef": {"value": ben["Id"]}})
    poll.poll(followed)
    drain.drain(followed)
    books.merge_customers(ada["Id"], cleo["Id"])
    poll.poll(followed)
    drain.drain(followed)
    owners = dict(Invoice.objects.values_list("quickbooks_link__external_id", "contact__name"))
    assert owners == {bill["Id"]: "Ben", other["Id"]: "Cleo"}
    assert sorted(Contact.objects.live().values_list("name", flat=True)) == ["Ben", "Cleo"]
