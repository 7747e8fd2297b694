"""Our own payments coming home: told of by QuickBooks, they are recognised by the number we sent along.

And what QuickBooks cannot know yet: money recorded here that it has not booked, and refunds it has not heard of.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from decimal import Decimal

from django.db.models import QuerySet

from integrations import inbox, outbox
from integrations.models import OutboxEntry, QuickBooksConnection, QuickBooksLink
from integrations.quickbooks.importing import Context
from integrations.quickbooks.links import moment_of, remember
from integrations.quickbooks.mapping.payments import applied_in
from integrations.quickbooks.mapping.values import Doc, decimal, ref
from invoicing.models import Allocation, Invoice, Payment
from invoicing.models.invoices import ZERO

SOURCE = "quickbooks"
PAID_TWICE = (
    "It was paid here and in QuickBooks at the same time. What is too much is the customer's credit in QuickBooks: "
    "apply it there, or pay it back."
)
_NUMBER = re.compile(r"^TB-(\d{1,18})$")


def number_of(payment: Payment) -> str:
    """What stands in QuickBooks as the payment's reference number; at most 21 characters."""
    return f"TB-{payment.pk}"


def is_of(document: Doc, payment: Payment) -> bool:
    """Whether a document is this payment of ours: its number alone might have been typed by a person.

    It may have been booked before some of the money went back.
    """
    return (
        document.get("PaymentRefNum") == number_of(payment)
        and payment.amount <= decimal(document.get("TotalAmt")) <= payment.amount + payment.refunded
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
    ours = held(Payment.objects.filter(quickbooks_link=None, pk__in=numbered))
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
    for link in found:
        if decimal(link.document.get("TotalAmt")) > ours[link.payment_id or 0].amount:
            outbox.enqueue_again(context.connection, OutboxEntry.Kind.LOWER_PAYMENT, payment_id=link.payment_id or 0)
    _compare_shares(found, context.connection)


def _compare_shares(links: Iterable[QuickBooksLink], connection: QuickBooksConnection) -> None:
    """Have the invoices of these payments read again, and flag those on which QuickBooks had no room for all of it."""
    applied = {link.payment_id: applied_in(link.document) for link in links}
    rows = Allocation.objects.filter(payment__in=applied, invoice__quickbooks_link__isnull=False)
    columns = ("payment", "invoice", "invoice__quickbooks_link__external_id", "amount")
    shares = list(rows.values_list(*columns))
    for external_id in {external_id for _, _, external_id, _ in shares}:
        inbox.look_at(connection.realm_id, "invoice", external_id, why="paid")
    doubled = [pk for payment, pk, external_id, share in shares if applied[payment].get(external_id, ZERO) < share]
    Invoice.objects.present().filter(pk__in=doubled).update(attention=PAID_TWICE)


def not_booked_yet(
    connection: QuickBooksConnection, documents: Mapping[str, Doc], payments: Mapping[str, Doc]
) -> dict[str, Decimal]:
    """By invoice id what was paid here and these documents of invoices do not know of; of a payment that was read with
    them (``payments``, by id) no more than it gives them there.

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
            given = applied_in(payments[payment_id]).get(invoice_id, ZERO) if payment_id in payments else amount
            missing[invoice_id] += min(amount, given)
    return missing


def held(payments: QuerySet[Payment]) -> dict[int, Payment]:
    """Those of these payments that are ours, locked: nobody refunds them while the books' version is taken over.

    Their invoices are locked first, as everybody does who moves money.
    """
    pks = list(payments.exclude(source=SOURCE).values_list("pk", flat=True))
    if not pks:
        return {}
    invoices = Invoice.objects.filter(allocations__payment__in=pks).values_list("pk", flat=True)
    list(Invoice.objects.filter(pk__in=set(invoices)).order_by("pk").select_for_update().values_list("pk"))
    return {payment.pk: payment for payment in Payment.objects.filter(pk__in=pks).order_by("pk").select_for_update()}


def not_lowered_yet(
    connection: QuickBooksConnection, invoices: Iterable[str], payments: Mapping[str, Doc]
) -> dict[str, Decimal]:
    """By invoice id what went back here and QuickBooks still counts as paid; ``payments`` are documents newer than
    those held.
    """
    wanted, owed = set(invoices), defaultdict[str, Decimal](Decimal)
    entries = OutboxEntry.objects.lowering().filter(
        connection=connection, payment__quickbooks_link__state=QuickBooksLink.State.LINKED
    )
    for entry in entries.select_related("payment__quickbooks_link"):
        link = entry.money.quickbooks_link
        document = payments.get(link.external_id, link.document)
        left = decimal(document.get("TotalAmt")) - entry.money.amount
        rows = Allocation.objects.filter(payment=entry.payment, invoice__quickbooks_link__isnull=False)
        here = dict(rows.values_list("invoice__quickbooks_link__external_id", "amount"))
        for invoice_id, there in applied_in(document).items():
            part = min(left, there - here.get(invoice_id, ZERO))
            if part > 0:
                left -= part
                owed[invoice_id] += part
    return {invoice_id: amount for invoice_id, amount in owed.items() if invoice_id in wanted}
