"""Bank deposits: payments taken out of Undeposited Funds together. A payment in one cannot be changed or voided."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .clock import pacific
from .errors import Fault, business, missing
from .forms import ref_value
from .money import ZERO, amount, currency_ref, decimal
from .sales import day_of

if TYPE_CHECKING:
    from .company import Company

Document = dict[str, Any]
UNDEPOSITED = "UndepositedFunds"


def build(books: Company, document: Document, before: Document | None) -> Document:
    """The deposit as QuickBooks will keep it: its amount is that of the payments in it."""
    account = ref_value(document, "DepositToAccountRef")
    if account is None:
        raise missing("DepositToAccountRef")
    document["DepositToAccountRef"] = books.ref("Account", account)
    day = day_of(document, "TxnDate") or pacific(books.store.now).date()
    document["TxnDate"] = day.isoformat()
    books.refuse_if_closed(document, before)
    document.setdefault("CurrencyRef", currency_ref(books.home))
    if not document.get("Line"):
        raise missing("Line")
    document["Line"] = [_line(books, line, document) for line in document["Line"]]
    document["TotalAmt"] = amount(sum((decimal(line["Amount"]) for line in document["Line"]), ZERO))
    return document


def _line(books: Company, line: Any, deposit: Document) -> Document:
    links = line.get("LinkedTxn") if isinstance(line, dict) else None
    if not links or links[0].get("TxnType") != "Payment":
        raise business("Only payments are deposited here.")
    pk = str(links[0].get("TxnId"))
    payment = books.store.find("Payment", pk)
    if payment is None:
        raise business(f"The entity Payment {pk} that you are trying to link does not exist.")
    holder = holder_of(books, pk)
    if holder not in (None, deposit.get("Id")):
        raise business(f"Payment {pk} is in deposit {holder} already.")
    source = books.reference("Account", ref_value(payment, "DepositToAccountRef") or "")
    if source["AccountSubType"] != UNDEPOSITED:
        raise business(f"Payment {pk} is not in Undeposited Funds.")
    link = {"TxnId": pk, "TxnType": "Payment", "TxnLineId": "0"}
    return {"Amount": payment["TotalAmt"], "LinkedTxn": [link]}


def holder_of(books: Company, payment_id: str) -> str | None:
    """The Id of the deposit that a payment is in."""
    for record in books.store.tables["Deposit"].values():
        if any(line["LinkedTxn"][0]["TxnId"] == payment_id for line in record.document["Line"]):
            return str(record.document["Id"])
    return None


def refuse_if_deposited(books: Company, entity: str, before: Document | None) -> None:
    """6540 for a payment that is in a deposit."""
    if entity == "Payment" and before is not None and holder_of(books, before["Id"]):
        raise Fault(6540, element="")
