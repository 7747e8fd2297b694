"""Carrying refunds to QuickBooks: the Payment there is lowered to what is left here, and void where nothing is.

It is read anew each time and never raised: what its bookkeeper has lowered already is not lowered twice. Where it is
part of a deposit, or of a closed period, nothing is changed, and a person is told the steps.
"""

import uuid
from decimal import Decimal
from typing import Any

from integrations import outbox
from integrations.errors import Rejected, Transient
from integrations.models import OutboxEntry, QuickBooksLink
from integrations.quickbooks import booked
from integrations.quickbooks.client import LARGEST_PAGE, QuickBooksClient, client_for
from integrations.quickbooks.faults import CLOSED, DEPOSITED, MISSING, STALE
from integrations.quickbooks.mapping.values import Doc, decimal
from invoicing.models import Allocation, Payment
from invoicing.models.invoices import ZERO
from invoicing.money import quantize

NOT_BOOKED = "The payment is not booked in QuickBooks. When it is, then at what is left of it."
GONE_THERE = "QuickBooks has the payment no more, so there is nothing to lower."
TRIES = 4
# What QuickBooks works out by itself.
READ_ONLY = frozenset({"UnappliedAmt", "HomeTotalAmt", "MetaData", "LinkedTxn", "TxnSource", "TxnStatus"})
READ_ONLY |= frozenset({"domain", "sparse", "status"})


def push_refund(entry: OutboxEntry) -> None:
    """Lower one payment; raises IntegrationError."""
    links = QuickBooksLink.objects.filter(connection=entry.connection, entity="payment", payment=entry.money)
    link = links.exclude(state=QuickBooksLink.State.GONE).first()
    if link is None:
        outbox.ignore(entry, NOT_BOOKED)
        return
    client = client_for(entry.connection)
    try:
        client.start_step()
        document = _lowered(client, entry, link.external_id)
    finally:
        client.close()
    if document is None:
        outbox.ignore(entry, GONE_THERE)
    else:
        booked.keep(entry, document)


def _lowered(client: QuickBooksClient, entry: OutboxEntry, external_id: str) -> Doc | None:
    """The payment as it stands there afterwards; None where it is gone."""
    payment = entry.money
    for _ in range(TRIES):
        try:
            document = client.read("Payment", external_id)
        except Rejected as error:
            if error.code == MISSING:
                return None
            raise
        payment.refresh_from_db()
        if decimal(document.get("TotalAmt")) <= payment.amount:
            return document
        if _is_deposited(client, document):
            raise Rejected(_in_a_deposit(payment, document))
        try:
            return _write(client, entry, document)
        except Rejected as error:
            if error.code in CLOSED:
                raise Rejected(_in_a_closed_period(payment, document), code=error.code) from None
            if error.code in DEPOSITED:
                raise Rejected(_in_a_deposit(payment, document), code=error.code) from None
            if error.code != STALE:
                raise
    raise Transient("Somebody is changing this payment in QuickBooks at this moment. It is tried again by itself.")


def _write(client: QuickBooksClient, entry: OutboxEntry, document: Doc) -> Doc:
    token = str(document.get("SyncToken") or "")
    # Each version has a request of its own: an answer about an older one says nothing about this.
    request_id = str(uuid.uuid5(entry.key, token))
    has_credit = any(_kind(line) == "CreditMemo" for line in document.get("Line") or [])
    if not entry.money.amount and not has_credit:
        return client.void_payment(str(document["Id"]), token, request_id=request_id)
    return client.update_payment(body_of(document, entry.money.amount, _here(entry.money)), request_id=request_id)


def _here(payment: Payment) -> dict[str, Decimal]:
    """What each invoice has of it here, by QuickBooks' id."""
    rows = Allocation.objects.filter(payment=payment, invoice__quickbooks_link__isnull=False)
    return dict(rows.values_list("invoice__quickbooks_link__external_id", "amount"))


def body_of(document: Doc, left: Decimal, here: dict[str, Decimal]) -> Doc:
    """The whole document over what is left, ready to be sent. Pure."""
    body: dict[str, Any] = {name: value for name, value in document.items() if name not in READ_ONLY}
    cut = decimal(document.get("TotalAmt")) - left - decimal(document.get("UnappliedAmt"))
    body["TotalAmt"] = left
    body["Line"] = _lines(document, max(ZERO, cut), here)
    return body


def _lines(document: Doc, cut: Decimal, here: dict[str, Decimal]) -> list[Doc]:
    """Its lines less ``cut``: those first that have more than the invoice has here, then the last first."""
    lines = [{"Amount": decimal(line.get("Amount")), "LinkedTxn": line.get("LinkedTxn")} for line in document["Line"]]
    invoices = [line for line in lines if _kind(line) == "Invoice"]
    for floors in (here, {}):
        for line in reversed(invoices):
            part = min(cut, line["Amount"] - floors.get(str(line["LinkedTxn"][0].get("TxnId")), ZERO))
            if part > 0:
                line["Amount"] -= part
                cut -= part
    return [line for line in lines if line["Amount"] > 0]


def _kind(line: Doc) -> str:
    linked = line.get("LinkedTxn") or [{}]
    return str(linked[0].get("TxnType") or "")


def _is_deposited(client: QuickBooksClient, document: Doc) -> bool:
    """Whether a bank deposit holds it. The deposit names the payment; not every payment names its deposit."""
    if any(one.get("TxnType") == "Deposit" for one in document.get("LinkedTxn") or []):
        return True
    start, pk = 1, str(document["Id"])
    while True:
        deposits = client.page("Deposit", where=f"TxnDate >= '{document['TxnDate']}'", start=start)
        linked = (
            one for deposit in deposits for line in deposit.get("Line") or [] for one in line.get("LinkedTxn") or []
        )
        if any(str(one.get("TxnId")) == pk and one.get("TxnType") == "Payment" for one in linked):
            return True
        if len(deposits) < LARGEST_PAGE:
            return False
        start += LARGEST_PAGE


def _in_a_deposit(payment: Payment, document: Doc) -> str:
    return (
        f"{_facts(payment, document)} It is part of a bank deposit, so nothing was changed. In QuickBooks, take it out "
        f"of the deposit, {_do(payment)}, and put the deposit right. Or take it out, press Try again here, and put "
        "what is left back into the deposit."
    )


def _in_a_closed_period(payment: Payment, document: Doc) -> str:
    return (
        f"{_facts(payment, document)} Its period is closed, so nothing was changed. Whoever keeps the books opens the "
        f"period in QuickBooks, presses Try again here (or they {_do(payment)} there), and closes it again."
    )


def _facts(payment: Payment, document: Doc) -> str:
    """ "Payment TB-48 of 120.00 USD in QuickBooks is 100.00 USD here since 20.00 USD went back." """
    there, left, gone = (
        f"{quantize(amount, payment.currency):,f} {payment.currency}"
        for amount in (decimal(document.get("TotalAmt")), payment.amount, payment.refunded)
    )
    number = str(document.get("PaymentRefNum") or document["Id"])
    return f"Payment {number} of {there} in QuickBooks has {left} left here: {gone} went back to the customer."


def _do(payment: Payment) -> str:
    if not payment.amount:
        return "void the payment"
    return f"change the payment to {quantize(payment.amount, payment.currency):,f} {payment.currency}"
