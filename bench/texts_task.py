"""One measurement of queueing texts, in a process of its own: ``python -m bench.texts_task 1000``."""

import json
import sys
import time
import uuid
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

import django

if TYPE_CHECKING:
    from invoicing.models import Invoice

TURN = 50
BODY = "Hi [contact-firstname], [invoice-due] is due for invoice [invoice-number]: [invoice-link]"


def main(texts: int) -> None:
    django.setup()
    ours, bare = make(texts), make(texts)
    seconds = {"ours": 0.0, "bare": 0.0}
    for start in range(0, texts, TURN):
        seconds["ours"] += timed(queue_ours, ours[start : start + TURN])
        seconds["bare"] += timed(queue_bare, bare[start : start + TURN])
    json.dump({way: texts / spent for way, spent in seconds.items()}, sys.stdout)


def make(texts: int) -> list["Invoice"]:
    """Invoices of a contact each, who has a number."""
    from crm.models import Contact
    from invoicing.models import Invoice

    known = Contact.objects.count()
    contacts = []
    for number in range(known, known + texts):
        contact = Contact(name=f"Customer {number}", first_name="Ada", phone=f"+1415{number:07}")
        contact.index()
        contacts.append(contact)
    facts = {"issued_on": "2026-11-01", "due_on": "2026-12-01", "currency": "USD", "status": "open", "owner": "books"}
    invoices = []
    for contact in Contact.objects.bulk_create(contacts):
        invoice = Invoice(contact=contact, number=f"{contact.pk}", customer_name=contact.name, **facts)
        invoice.total = invoice.balance = 120
        invoices.append(invoice)
    Invoice.objects.bulk_create(invoices)
    return list(Invoice.objects.select_related("contact").filter(pk__in=[one.pk for one in invoices]))


def queue_ours(invoice: "Invoice") -> None:
    from messaging.sending import send_invoice

    send_invoice(invoice, channel="text", body=BODY, key=uuid.uuid4(), actor=None)


def queue_bare(invoice: "Invoice") -> None:
    from django.db import transaction
    from django_q.tasks import async_task

    from messaging.models import Conversation, Message

    with transaction.atomic():
        thread = Conversation.objects.create(contact=invoice.contact)
        facts = {"direction": "out", "channel": "text", "status": "queued", "address": "+14155550100"}
        Message.objects.create(conversation=thread, body=BODY, **facts)
        async_task("messaging.tasks.deliver", "text", q_options={"save": False})


def timed(queue: Callable[["Invoice"], None], invoices: Iterable["Invoice"]) -> float:
    start = time.perf_counter()
    for invoice in invoices:
        queue(invoice)
    return time.perf_counter() - start


if __name__ == "__main__":
    main(int(sys.argv[1]))
