"""Booking in QuickBooks what was paid here: one Payment there for each of ours, the money where an admin has it.

The body is made from today's rows and a fresh look at the invoices. The entry's key goes along as ``requestid``, which
QuickBooks remembers for a time that it does not tell; so the payment is looked up by its reference before it goes.
"""

from decimal import Decimal
from typing import Any

from django.utils.dateformat import format as date_format

from integrations import outbox
from integrations.errors import Rejected
from integrations.models import OutboxEntry, QuickBooksConnection, QuickBooksLink
from integrations.quickbooks import accounts, booked, catalogue, echoes, lowering, marking
from integrations.quickbooks.client import QuickBooksClient, client_for, quote
from integrations.quickbooks.mapping.values import Doc, decimal
from integrations.quickbooks.payers import payer_of
from invoicing.models import Allocation, Payment
from invoicing.models.invoices import ZERO

APART = (
    "The invoices that were paid together belong to several customers in QuickBooks, and none of them stands above the "
    "others. Enter one payment for each of them there."
)
TAKEN_BACK = "The payment was taken back before it was booked."


def push_payment(entry: OutboxEntry) -> None:
    """Book one payment; raises IntegrationError."""
    connection, payment = entry.connection, entry.money
    if QuickBooksLink.objects.filter(payment=payment).exists():
        outbox.end(entry)  # QuickBooks told of it before we had its answer
        return
    client, said = client_for(connection), ""
    try:
        client.start_step()
        document = _booked_already(client, payment)
        if document is None and payment.is_void:
            outbox.ignore(entry, TAKEN_BACK)
            return
        if document is None:
            document, said = _create(client, entry)
    finally:
        client.close()
    booked.keep(entry, document, said)


def _booked_already(client: QuickBooksClient, payment: Payment) -> Doc | None:
    """A try whose answer was lost may have booked it, and a worker that was killed has noted no try."""
    found = client.page("Payment", where=f"PaymentRefNum = {quote(echoes.number_of(payment))}", size=10)
    return next((doc for doc in found if echoes.is_of(doc, payment)), None)


def _create(client: QuickBooksClient, entry: OutboxEntry) -> tuple[Doc, str]:
    """Book it as there is room; where its invoices changed between our look and the booking, as there is room now.

    With the document comes what has to be said of where the money lies.
    """
    body, said = _body(client, entry.connection, entry.money)
    while True:
        try:
            return client.create_payment(body, request_id=str(entry.key)), said
        except Rejected:
            before = body
            body, said = _body(client, entry.connection, entry.money)
            if body == before:
                raise


def _body(client: QuickBooksClient, connection: QuickBooksConnection, payment: Payment) -> tuple[Doc, str]:
    """The document to book, and what has to be said of where the money lies. An invoice that was paid there meanwhile
    gets no more than it has room for.
    """
    shares = {
        allocation.invoice.quickbooks_link.external_id: allocation
        for allocation in Allocation.objects.filter(payment=payment).select_related("invoice__quickbooks_link")
    }
    there = {str(doc.get("Id")): doc for doc in client.by_ids("Invoice", shares)} if shares else {}
    gone = [allocation.invoice for external_id, allocation in shares.items() if external_id not in there]
    if gone:
        raise Rejected(
            f"{gone[0]} is not in QuickBooks any more, so the payment cannot be booked on it. {_by_hand(payment)}"
        )
    lines = []
    for external_id, allocation in shares.items():
        room = min(allocation.amount, max(ZERO, decimal(there[external_id].get("Balance"))))
        if room:
            lines.append({"Amount": _number(room), "LinkedTxn": [{"TxnId": external_id, "TxnType": "Invoice"}]})
    customer = _customer(connection, payment, there)
    body: dict[str, Any] = {
        "CustomerRef": {"value": customer},
        "CurrencyRef": {"value": payment.currency},
        "TotalAmt": _number(payment.amount),
        "TxnDate": payment.received_on.isoformat(),
        "PaymentRefNum": echoes.number_of(payment),
        "PrivateNote": _note(payment),
        "Line": lines,
    }
    account, said = accounts.for_payments(client, connection)
    if account:
        body["DepositToAccountRef"] = {"value": account}
    method = catalogue.id_of(connection, "paymentmethod", payment.method)
    if method:
        body["PaymentMethodRef"] = {"value": method}
    return body, said


def _by_hand(payment: Payment) -> str:
    return (
        "Enter the payment in QuickBooks by hand, on another invoice or as a credit. Give it the reference no. "
        f"{echoes.number_of(payment)} and the date {date_format(payment.received_on, 'j M Y')}: by these it is "
        "recognised, else it counts twice."
    )


def _number(amount: Decimal) -> float:
    """JSON knows no decimals; QuickBooks' amounts have far fewer digits than a float keeps."""
    return float(amount)


def _note(payment: Payment) -> str:
    return " ".join(part for part in ("Recorded in Tallybook.", payment.memo and f"Reference: {payment.memo}") if part)


def _customer(connection: QuickBooksConnection, payment: Payment, invoices: dict[str, Doc]) -> str:
    """The customer of the invoices, or the one above their jobs; of money for none, one that stands for the contact."""
    if invoices:
        payer = payer_of(
            connection,
            payment.contact_id,
            sorted({str(doc.get("CustomerRef", {}).get("value", "")) for doc in invoices.values()}),
        )
        if not payer:
            raise Rejected(APART)
        return payer
    link = QuickBooksLink.objects.filter(
        connection=connection, entity="customer", contact=payment.contact_id, state=QuickBooksLink.State.LINKED
    ).first()
    if link is None:
        raise Rejected(f"No QuickBooks customer stands for who paid this, so it cannot be booked. {_by_hand(payment)}")
    return link.external_id


PUSHES: dict[str, outbox.Push] = {
    OutboxEntry.Kind.CREATE_PAYMENT: push_payment,
    OutboxEntry.Kind.LOWER_PAYMENT: lowering.push_refund,
    OutboxEntry.Kind.MARK_SENT: marking.push_sent,
}
