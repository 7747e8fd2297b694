"""Our own payments coming home: told of by QuickBooks, they are recognised by the number we sent along.

And what QuickBooks cannot know yet: money recorded here that it has not booked.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from decimal import Decimal

from integrations import inbox
from integrations.models import QuickBooksConnection, QuickBooksLink
from integrations.quickbooks.importing import Context
from integrations.quickbooks.links import moment_of, remember
from integrations.quickbooks.mapping.values import Doc, decimal, ref
from integrations.quickbooks.payments import SOURCE
from invoicing.models import Allocation, Payment

_NUMBER = re.compile(r"^TB-(\d{1,18})$")


def number_of(payment: Payment) -> str:
    """What stands in QuickBooks as the payment's reference number; at most 21 characters."""
    return f"TB-{payment.pk}"


def is_of(document: Doc, payment: Payment) -> bool:
    """Whether a document is this payment of ours: its number alone might have been typed by a person."""
    return (
        document.get("PaymentRefNum") == number_of(payment)
        and decimal(document.get("TotalAmt")) == payment.amount
        and document.get("TxnDate") == payment.received_on.isoformat()
    )


def recognise(documents: Iterable[Doc], context: Context) -> None:
    """Link documents that nobody has met to the payments of ours that they are, and have their invoices read again."""
    numbered = {
        int(match[1]): doc
        for doc in documents
        if (match := _NUMBER.match(str(doc.get("PaymentRefNum") or ""))) is not None
    }
    met = QuickBooksLink.objects.filter(
        connection=context.connection, entity="payment", external_id__in=[str(doc["Id"]) for doc in numbered.values()]
    )
    known = set(met.values_list("external_id", flat=True))
    ours = Payment.objects.exclude(source=SOURCE).filter(quickbooks_link=None).in_bulk(numbered)
    found = [
        QuickBooksLink(
            connection=context.connection,
            entity="payment",
            external_id=str(doc["Id"]),
            payment=ours[pk],
            customer_id=ref(doc, "CustomerRef"),
            document=doc,
            synced_at=context.now,
        )
        for pk, doc in numbered.items()
        if pk in ours and str(doc["Id"]) not in known and is_of(doc, ours[pk])
    ]
    remember(found)
    invoices = Allocation.objects.filter(
        payment__in=[link.payment_id for link in found], invoice__quickbooks_link__isnull=False
    )
    for external_id in set(invoices.values_list("invoice__quickbooks_link__external_id", flat=True)):
        inbox.look_at(context.connection.realm_id, "invoice", external_id, why="paid")


def not_booked_yet(connection: QuickBooksConnection, documents: Mapping[str, Doc]) -> dict[str, Decimal]:
    """By invoice id what was paid here and these documents of invoices do not know of.

    Money that is linked to a payment there counts only while the document is older than that payment: a newer one
    that does not name it was parted from it by the bookkeeper.
    """
    rows = Allocation.objects.filter(
        invoice__quickbooks_link__connection=connection,
        invoice__quickbooks_link__external_id__in=documents,
        payment__is_void=False,
    ).exclude(payment__source=SOURCE)
    columns = ("payment__quickbooks_link__external_id", "payment__quickbooks_link__remote_at", "amount")
    missing: dict[str, Decimal] = defaultdict(Decimal)
    for invoice_id, payment_id, booked_at, amount in rows.values_list(
        "invoice__quickbooks_link__external_id", *columns
    ):
        document = documents[invoice_id]
        named = {str(one.get("TxnId")) for one in document.get("LinkedTxn") or [] if one.get("TxnType") == "Payment"}
        moment = moment_of(document)
        is_older = booked_at is None or (moment is not None and moment < booked_at)
        if payment_id not in named and is_older:
            missing[invoice_id] += amount
    return missing
