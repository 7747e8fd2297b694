"""A bookkeeper does hundreds of things while answers fail; in the end both books agree to the cent.

``make campaign STEPS=10000 SEEDS=7,8`` goes on for longer.
"""

import os
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from random import Random

import pytest
from django.dispatch import Signal
from django.utils import timezone

from crm import signals as crm_signals
from crm.models import Contact
from integrations import inbox
from integrations.models import InboxEvent, QuickBooksConnection, QuickBooksLink
from integrations.quickbooks.sync import drain, poll
from invoicing import signals as invoicing_signals
from invoicing.models import Allocation, Invoice, Payment
from sandbox import Company, Notice, Sandbox
from tests.integrations.quickbooks.sync.bookkeeper import Bookkeeper

pytestmark = pytest.mark.django_db(transaction=True)

STEPS = int(os.environ.get("CAMPAIGN_STEPS", "250"))
SEEDS = [int(seed) for seed in os.environ.get("CAMPAIGN_SEEDS", "1,2").split(",")]
TROUBLES = ["500", "503", "429", "cut_before", "cut_after", "garbage", "401"]
Status = Invoice.Status


@pytest.fixture
def heard() -> Iterator[Counter[tuple[str, int]]]:
    """How often each fact was told of each record."""
    told: Counter[tuple[str, int]] = Counter()
    listeners: list[tuple[Signal, object]] = []
    for module in (crm_signals, invoicing_signals):
        for name, signal in vars(module).items():
            if isinstance(signal, Signal):

                def listen(sender: object, name: str = name, **facts: object) -> None:
                    row = facts.get("invoice") or facts.get("payment") or facts.get("contact") or facts.get("loser")
                    told[name, row.pk] += 1  # type: ignore[union-attr]

                signal.connect(listen, weak=False)
                listeners.append((signal, listen))
    yield told
    for signal, listen in listeners:
        signal.disconnect(listen)  # type: ignore[arg-type]


def webhook(notice: Notice) -> InboxEvent:
    return InboxEvent(
        source="webhook",
        external_id=notice.id,
        realm_id=notice.realm_id,
        entity=notice.entity.lower(),
        entity_id=notice.pk,
        operation=notice.operation,
        deleted_id=notice.deleted_id,
    )


@pytest.mark.parametrize("seed", SEEDS)
def test_after_any_day_at_the_books_both_sides_agree(
    seed: int, quickbooks: Sandbox, connection: QuickBooksConnection, heard: Counter[tuple[str, int]]
) -> None:
    QuickBooksConnection.objects.update(contacts_imported_at=timezone.now())
    books, luck = quickbooks.company("us"), Random(seed + 1000)
    told: list[Notice] = []
    books.store.on_change = told.extend
    keeper = Bookkeeper(books, seed)
    for _ in range(STEPS):
        keeper.step()
        if luck.random() < 0.1:
            quickbooks.faults.add(luck.choice(TROUBLES), times=luck.randint(1, 6))
        if luck.random() < 0.15:
            luck.shuffle(told)
            kept = [notice for notice in told if notice.entity in ("Customer", "Invoice", "Payment")]
            inbox.accept([webhook(notice) for notice in kept if luck.random() < 0.7])
            inbox.accept([webhook(notice) for notice in kept if luck.random() < 0.3])
            told.clear()
            drain.drain(connection)
        if luck.random() < 0.1:
            poll.poll(connection)
            drain.drain(connection)
            InboxEvent.objects.filter(status="pending").update(not_before=None)
    quickbooks.faults.clear()
    settle_down(connection)
    print(f"seed {seed}: {keeper.steps} steps, {keeper.refused} refused, {sum(heard.values())} announcements")
    assert differences(books) == []
    assert twice_told(heard) == []


def settle_down(connection: QuickBooksConnection) -> None:
    for _ in range(6):
        InboxEvent.objects.filter(status="pending").update(not_before=None)
        assert poll.poll(connection) == ""
        drain.drain(connection)
    assert not InboxEvent.objects.filter(status__in=["pending", "stuck"]).exists()


def differences(books: Company) -> list[str]:
    """What is not here as it is there, in sentences."""
    wrong = [*wrong_customers(books), *wrong_invoices(books), *wrong_payments(books)]
    return wrong[:20]


def wrong_customers(books: Company) -> Iterator[str]:
    links = {link.external_id: link for link in QuickBooksLink.objects.filter(entity="customer")}
    for doc in books.query("SELECT * FROM Customer WHERE Active IN (true, false) MAXRESULTS 1000"):
        link = links.pop(doc["Id"], None)
        if link is None:
            yield f"customer {doc['Id']} is missing"
        elif link.state == "linked" and link.contact is None:
            yield f"customer {doc['Id']} has no contact"
        elif link.state == "linked" and link.contact.company != doc.get("CompanyName", ""):
            yield f"customer {doc['Id']} is of {link.contact.company}, not {doc.get('CompanyName')}"
        elif link.state == "linked" and link.contact.is_archived == doc["Active"]:
            yield f"customer {doc['Id']} is {'' if doc['Active'] else 'in'}active there"
    yield from (f"customer {key} is gone there" for key, link in links.items() if link.state != "gone")


def wrong_invoices(books: Company) -> Iterator[str]:
    held = {
        invoice.quickbooks_link.external_id: invoice for invoice in Invoice.objects.select_related("quickbooks_link")
    }
    owners = dict(QuickBooksLink.objects.filter(entity="customer").values_list("external_id", "contact"))
    for doc in books.query("SELECT * FROM Invoice MAXRESULTS 1000"):
        invoice = held.pop(doc["Id"], None)
        if invoice is None:
            yield f"invoice {doc['Id']} is missing"
            continue
        figures = (invoice.total, invoice.balance, invoice.paid + invoice.credited)
        total, balance = Decimal(str(doc["TotalAmt"])), Decimal(str(doc["Balance"]))
        if figures != (total, balance, total - balance):
            yield f"invoice {doc['Id']} has {figures}, there {total} and {balance}"
        if invoice.status != status_there(doc, invoice) or invoice.removed_at:
            there = status_there(doc, invoice)
            yield f"invoice {doc['Id']} is {invoice.status}, there {there}; removed {invoice.removed_at}"
        if invoice.contact_id != owners.get(doc["CustomerRef"]["value"]):
            yield f"invoice {doc['Id']} belongs to another contact"
    yield from (f"invoice {key} is gone there" for key, one in held.items() if one.status != Status.VOID)


def status_there(doc: dict, invoice: Invoice) -> str:
    if not doc["TotalAmt"] and str(doc.get("PrivateNote", "")).startswith("Voided"):
        return Status.VOID  # one that was voided and then written anew keeps the note, and is none
    if doc["Balance"]:
        return Status.OPEN
    return Status.PAID if doc["TotalAmt"] and invoice.paid else Status.SETTLED


def wrong_payments(books: Company) -> Iterator[str]:
    held = {
        payment.quickbooks_link.external_id: payment for payment in Payment.objects.select_related("quickbooks_link")
    }
    for doc in books.query("SELECT * FROM Payment MAXRESULTS 1000"):
        payment = held.pop(doc["Id"], None)
        if payment is None:
            yield f"payment {doc['Id']} is missing"
            continue
        if (payment.amount, payment.unapplied) != (Decimal(str(doc["TotalAmt"])), Decimal(str(doc["UnappliedAmt"]))):
            yield f"payment {doc['Id']} has {payment.amount} and {payment.unapplied}"
        there = {
            line["LinkedTxn"][0]["TxnId"]: Decimal(str(line["Amount"]))
            for line in doc["Line"]
            if line["LinkedTxn"][0]["TxnType"] == "Invoice"
        }
        shares = Allocation.objects.filter(payment=payment)
        if dict(shares.values_list("invoice__quickbooks_link__external_id", "amount")) != there:
            yield f"payment {doc['Id']} is spread otherwise"
    yield from (f"payment {key} is gone there" for key, one in held.items() if not one.is_void)


ONCE = ("contact_added", "invoice_added", "payment_recorded", "payment_reversed", "invoice_removed", "invoice_voided")


def twice_told(heard: Counter[tuple[str, int]]) -> list[str]:
    wrong = [f"{name} of {pk}: {number} times" for (name, pk), number in heard.items() if name in ONCE and number > 1]
    for model, fact in ((Contact, "contact_added"), (Invoice, "invoice_added"), (Payment, "payment_recorded")):
        wrong += [f"{fact} of {pk} untold" for pk in model.objects.values_list("pk", flat=True) if not heard[fact, pk]]
    for invoice in Invoice.objects.filter(status__in=[Status.PAID, Status.OPEN, Status.SETTLED]):
        is_paid = invoice.status == Status.PAID
        if heard["invoice_paid", invoice.pk] - heard["invoice_reopened", invoice.pk] != is_paid:
            wrong.append(f"invoice {invoice.pk} is {invoice.status}, told otherwise")
    return wrong
