"""The pages where a bookkeeper changes one customer, invoice, payment or credit memo."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from . import control_parts as parts
from .quickbooks import payments
from .quickbooks.company import Company
from .quickbooks.forms import ref_value
from .quickbooks.money import ZERO, amount, decimal
from .quickbooks.store import Document

if TYPE_CHECKING:
    from .stand_in import Sandbox

MONEY = "inputmode=decimal"


def edit(sandbox: Sandbox, query: dict[str, str]) -> str:
    """Change one document."""
    which, company = parts.chosen(sandbox, query)
    entity = query.get("entity", "")
    document = company.store.find(entity, query.get("id", "")) if entity in BODIES else None
    if document is None:
        return parts.framed(sandbox, "Not found", which, query, "<p>It may have been deleted.</p>")
    return parts.framed(sandbox, f"{entity} {document['Id']}", which, query, BODIES[entity](which, company, document))


def _customer(which: str, company: Company, document: Document) -> str:
    phone = document.get("PrimaryPhone", {}).get("FreeFormNumber", "")
    email = document.get("PrimaryEmailAddr", {}).get("Address", "")
    inside = parts.hidden(id=document["Id"])
    inside += parts.field("Name", "name", document["DisplayName"], extra="required maxlength=500")
    inside += parts.field("Phone", "phone", phone, "tel") + parts.field("Email", "email", email, "text")
    inside += parts.tick("Active", "active", document["Active"])
    return parts.form("edit-customer", which, inside, "Save")


def _invoice(which: str, company: Company, document: Document) -> str:
    inside = parts.hidden(id=document["Id"])
    inside += parts.field("Due", "due", document["DueDate"], "date")
    inside += parts.field("Note", "note", document.get("PrivateNote", ""), extra="maxlength=4000")
    rows = [_line(line) for line in document["Line"] if shown(line)]
    inside += parts.table(("Line", "Quantity", "Price"), rows)
    return parts.form("edit-invoice", which, inside, "Save")


def _line(line: Document) -> tuple[str, str, str]:
    quantity, price = shown(line) or ("", "")
    name = line.get("Description") or line["SalesItemLineDetail"]["ItemRef"].get("name", "")
    return (
        escape(name[:60]),
        f'<input name="quantity-{escape(line["Id"])}" value="{quantity}" {MONEY} aria-label="Quantity">',
        f'<input name="price-{escape(line["Id"])}" value="{price}" {MONEY} aria-label="Price">',
    )


def shown(line: Document) -> tuple[str, str] | None:
    """Quantity and price as a bookkeeper sees them, with VAT where prices have it; None for lines without."""
    if line["DetailType"] != "SalesItemLineDetail" or "Id" not in line:
        return None
    detail = line["SalesItemLineDetail"]
    quantity = decimal(detail.get("Qty", 1))
    price = decimal(detail.get("UnitPrice", line["Amount"]))
    if "TaxInclusiveAmt" in detail and quantity:
        price = round(decimal(detail["TaxInclusiveAmt"]) / quantity, 7)
    return f"{quantity.normalize():f}", f"{price.normalize():f}"


def _payment(which: str, company: Company, document: Document) -> str:
    inside = parts.hidden(id=document["Id"])
    inside += parts.field("Amount", "amount", str(document["TotalAmt"]), extra=MONEY)
    inside += parts.field("Reference", "reference", document.get("PaymentRefNum", ""), extra="maxlength=21")
    used = payments.applied(document)
    rows = []
    for kind, target in _targets(company, document):
        here = used.get((kind, target["Id"]), ZERO)
        value = str(amount(here)) if here else ""
        name = f"on-{kind}-{target['Id']}"
        word = escape(f"{'Credit' if kind == 'CreditMemo' else 'Invoice'} {parts.label(target)}")
        rows.append(
            (word, str(target["Balance"]), f'<input name="{name}" value="{value}" {MONEY} aria-label="{word}">')
        )
    inside += parts.table(("On", "Open", "Of this payment"), rows)
    note = "<p>What is put on nothing stays the customer's unapplied credit.</p>"
    return note + parts.form("edit-payment", which, inside, "Save")


def _targets(company: Company, payment: Document) -> list[tuple[str, Document]]:
    """What the payment is on, and what else of this customer is open."""
    used = payments.applied(payment)
    payer, currency = payment["CustomerRef"]["value"], payment["CurrencyRef"]
    found = []
    for kind in payments.PAYABLE:
        for one in parts.newest(company, kind, 10_000):
            is_mine = payer in company.line_of_parents(ref_value(one, "CustomerRef") or "")
            if (kind, one["Id"]) in used or (one["Balance"] and is_mine and one["CurrencyRef"] == currency):
                found.append((kind, one))
    return found


def _credit(which: str, company: Company, document: Document) -> str:
    owner = document["CustomerRef"]["value"]
    mine = [
        one
        for one in parts.newest(company, "Invoice", 10_000)
        if one["Balance"] and one["CustomerRef"]["value"] == owner and one["CurrencyRef"] == document["CurrencyRef"]
    ]
    choices = [(one["Id"], f"{parts.label(one)}: {one['Balance']}") for one in mine]
    inside = parts.hidden(id=document["Id"]) + parts.select("Invoice", "invoice", choices)
    inside += parts.field("Amount (empty: as much as fits)", "amount", extra=MONEY)
    left = (
        f"<p>{escape(str(document['RemainingCredit']))} {escape(document['CurrencyRef']['value'])} is left of it.</p>"
    )
    return left + parts.form("apply-credit", which, inside, "Apply")


BODIES = {"Customer": _customer, "Invoice": _invoice, "Payment": _payment, "CreditMemo": _credit}
