"""Payments: money in, spread over invoices and credit memos; what is left is the customer's unapplied credit."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from .clock import pacific
from .errors import business, missing
from .forms import flag, ref_value
from .money import ZERO, amount, decimal, rounded
from .sales import day_of, set_currency, set_home_amounts, voided_note

if TYPE_CHECKING:
    from .company import Company

Document = dict[str, Any]
Target = tuple[str, str]  # ("Invoice", "96")
PAYABLE = ("Invoice", "CreditMemo")


def build(books: Company, document: Document, before: Document | None) -> Document:
    """The payment as QuickBooks will keep it; ``settle`` then moves the balances."""
    customer = books.customer_of(document, required=True)
    if document.get("TotalAmt") is None:
        if before is None:
            raise missing("TotalAmt")
        document["TotalAmt"] = before["TotalAmt"]
    set_currency(books, document, customer)
    day = day_of(document, "TxnDate") or pacific(books.store.now).date()
    document["TxnDate"] = day.isoformat()
    books.refuse_if_closed(document, before)
    currency = document["CurrencyRef"]["value"]
    total = rounded(decimal(document["TotalAmt"], "TotalAmt"), currency)
    document["Line"] = [_line(books, line, document) for line in document.get("Line") or []]
    unapplied = total - _taken(document["Line"])
    if total < ZERO or unapplied < ZERO:
        raise business("The amount applied is larger than the payment.")
    document |= {"TotalAmt": amount(total), "UnappliedAmt": amount(unapplied)}
    document["ProcessPayment"] = flag(document, "ProcessPayment", False)
    if total or ref_value(document, "DepositToAccountRef"):
        document["DepositToAccountRef"] = {"value": books.deposit_account(document)["value"]}
    method = ref_value(document, "PaymentMethodRef")
    if method:
        document["PaymentMethodRef"] = {"value": books.reference("PaymentMethod", method)["Id"]}
    return document


def _taken(lines: list[Document]) -> Decimal:
    """What the lines use of the money: invoices take, credit memos give."""
    signs = {"Invoice": 1, "CreditMemo": -1}
    return sum((signs[line["LinkedTxn"][0]["TxnType"]] * decimal(line["Amount"]) for line in lines), ZERO)


def _line(books: Company, line: Any, payment: Document) -> Document:
    links = line.get("LinkedTxn") if isinstance(line, dict) else None
    if not links or len(links) != 1:
        raise missing("Line.LinkedTxn")
    kind, pk = links[0].get("TxnType"), str(links[0].get("TxnId"))
    if kind not in PAYABLE:
        raise business(f"A payment cannot be linked to a transaction of type {kind}.")
    target = books.store.find(kind, pk)
    if target is None:
        raise business(f"The entity {kind} {pk} that you are trying to link does not exist. {kind} {pk}")
    _refuse_stranger(books, target, payment)
    currency = payment["CurrencyRef"]["value"]
    if target["CurrencyRef"]["value"] != currency:
        raise business(f"The currency of the payment does not match the currency of {kind} {pk}.")
    value = rounded(decimal(line.get("Amount") or 0, "Line.Amount"), currency)
    if value <= ZERO:
        raise business("The amount applied to a transaction must be greater than 0.")
    return {
        "Amount": amount(value),
        "LinkedTxn": [{"TxnId": pk, "TxnType": kind}],
        "LineEx": _line_extras(target),
    }


def _refuse_stranger(books: Company, target: Document, payment: Document) -> None:
    """The payer must be the invoice's customer or somebody above it."""
    payer = payment["CustomerRef"]["value"]
    if payer not in books.line_of_parents(target["CustomerRef"]["value"]):
        raise business("The customer of the payment does not match the customer of the linked transaction.")


def _line_extras(target: Document) -> Document:
    """Read-only facts about the linked transaction, in the odd shape the real service gives them."""
    facts = {
        "txnId": target["Id"],
        "txnOpenBalance": f"{target['Balance']:.2f}",
        "txnReferenceNumber": target.get("DocNumber", ""),
    }
    return {
        "any": [
            {
                "name": "{http://schema.intuit.com/finance/v3}NameValue",
                "declaredType": "com.intuit.schema.finance.v3.NameValue",
                "scope": "javax.xml.bind.JAXBElement$GlobalScope",
                "value": {"Name": name, "Value": value},
                "nil": False,
                "globalScope": True,
                "typeSubstituted": False,
            }
            for name, value in facts.items()
        ]
    }


def applied(document: Document | None) -> dict[Target, Decimal]:
    """How much a payment puts on each invoice and takes from each credit memo."""
    sums: dict[Target, Decimal] = {}
    for line in (document or {}).get("Line", []):
        link = line["LinkedTxn"][0]
        target = (link["TxnType"], link["TxnId"])
        sums[target] = sums.get(target, ZERO) + decimal(line["Amount"])
    return sums


def settle(books: Company, payment_id: str, before: Document | None, after: Document | None) -> None:
    """Move the balances of all that was linked before or is linked now; untouched links change nothing."""
    old, new = applied(before), applied(after)
    for target in {**old, **new}:
        change = new.get(target, ZERO) - old.get(target, ZERO)
        if change:
            _move(books, target, payment_id, change, linked=target in new)


def _move(books: Company, target: Target, payment_id: str, change: Decimal, linked: bool) -> None:
    kind, pk = target
    before = books.store.find(kind, pk)
    if before is None:
        return
    balance = decimal(before["Balance"]) - change
    if balance < ZERO:
        raise business(f"The amount applied is larger than the open balance of {kind} {pk}.")
    document = {**before, "Balance": amount(balance)}
    if kind == "CreditMemo":
        document["RemainingCredit"] = document["Balance"]
    else:
        link = {"TxnId": payment_id, "TxnType": "Payment"}
        others = [one for one in before.get("LinkedTxn", []) if one != link]
        document["LinkedTxn"] = [*others, link] if linked else others
    set_home_amounts(books, kind, document)
    after = books.put_again(kind, document, before).document
    books.move_customer_balance(kind, before, after)


def voided(before: Document) -> Document:
    """A payment that never was: no lines, no money, a note."""
    return {**before, "Line": [], "TotalAmt": 0, "UnappliedAmt": 0, "PrivateNote": voided_note(before)}


def unlinked(books: Company, payment: Document, target: Target) -> Document:
    """The payment without its lines for one transaction; that money becomes unapplied, credit goes back.

    Without a credit memo, invoices lose what the money alone does not pay.
    """
    lines = [line for line in payment["Line"] if applied({"Line": [line]}).keys() != {target}]
    total = decimal(payment["TotalAmt"])
    lines = list(_cut("CreditMemo", lines, -_taken(lines)))
    lines = list(_cut("Invoice", lines, _taken(lines) - total))
    left = rounded(total - _taken(lines), payment["CurrencyRef"]["value"])
    return {**payment, "Line": lines, "UnappliedAmt": amount(left)}


def _cut(kind: str, lines: list[Document], excess: Decimal) -> Iterator[Document]:
    """The lines, with so much less on those of one kind."""
    for line in lines:
        if excess > ZERO and line["LinkedTxn"][0]["TxnType"] == kind:
            cut = min(excess, decimal(line["Amount"]))
            excess -= cut
            line = {**line, "Amount": amount(decimal(line["Amount"]) - cut)}
        if line["Amount"]:
            yield line
