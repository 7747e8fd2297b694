"""What a bookkeeper does inside QuickBooks, one function for each button of the books' page."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import TYPE_CHECKING

from .control_edit import shown
from .quickbooks.company import Company
from .quickbooks.forms import ref_value
from .quickbooks.money import amount, decimal
from .quickbooks.store import Document

if TYPE_CHECKING:
    from .stand_in import Sandbox

Form = dict[str, str]


def company_of(sandbox: Sandbox, form: Form) -> Company:
    """The company whose page the form stood on."""
    return sandbox.company(form.get("company", "us"))


# -- customers ---------------------------------------------------------------------------------------------------


def _customer_fields(form: Form) -> Document:
    fields: Document = {"DisplayName": form["name"].strip()}
    for name, (field, inner) in {
        "phone": ("PrimaryPhone", "FreeFormNumber"),
        "email": ("PrimaryEmailAddr", "Address"),
    }.items():
        fields[field] = {inner: form[name].strip()} if form.get(name, "").strip() else None
    return fields


def new_customer(sandbox: Sandbox, form: Form) -> str:
    """Add a customer."""
    fields = _customer_fields(form)
    if form.get("currency"):
        fields["CurrencyRef"] = {"value": form["currency"]}
    made = company_of(sandbox, form).create("Customer", fields)
    return f"Customer {made['DisplayName']} has the Id {made['Id']}."


def edit_customer(sandbox: Sandbox, form: Form) -> str:
    """Change a customer's name, phone and email, or make it inactive."""
    fields = _customer_fields(form) | {"Id": form["id"], "sparse": True, "Active": form.get("active") == "on"}
    return f"Customer {company_of(sandbox, form).update('Customer', fields)['DisplayName']} was changed."


def switch_customer(sandbox: Sandbox, form: Form) -> str:
    """Make an active customer inactive, or an inactive one active."""
    company = company_of(sandbox, form)
    active = not company.read("Customer", form["id"])["Active"]
    changed = company.update("Customer", {"Id": form["id"], "sparse": True, "Active": active})
    return f"Customer {changed['DisplayName']} is {'active' if active else 'inactive'} now."


def merge_customers(sandbox: Sandbox, form: Form) -> str:
    """Merge two customers."""
    kept = company_of(sandbox, form).merge_customers(form["id"], form["survivor"])
    return f"They are one customer now: {kept['DisplayName']}."


# -- sales -------------------------------------------------------------------------------------------------------


def _sale(company: Company, form: Form) -> Document:
    """A sale of one line."""
    customer = company.read("Customer", form["customer"])
    detail: Document = {
        "ItemRef": {"value": form["item"]},
        "Qty": form["quantity"],
        "UnitPrice": form["price"],
        "TaxCodeRef": {"value": form["tax"]},
    }
    document: Document = {
        "CustomerRef": {"value": customer["Id"]},
        "CurrencyRef": customer["CurrencyRef"],
        "Line": [{"DetailType": "SalesItemLineDetail", "SalesItemLineDetail": detail}],
    }
    if company.country == "US":
        code = company.default_tax_code if form["tax"] == "TAX" else None
        document["TxnTaxDetail"] = {"TxnTaxCodeRef": {"value": code}} if code else None
    else:
        document |= {"GlobalTaxCalculation": form.get("mode", "TaxExcluded"), "DocNumber": form.get("number") or None}
    return document


def new_invoice(sandbox: Sandbox, form: Form) -> str:
    """An invoice of one line."""
    company = company_of(sandbox, form)
    made = company.create("Invoice", {**_sale(company, form), "DueDate": form.get("due") or None})
    return f"Invoice {made.get('DocNumber', made['Id'])} over {made['TotalAmt']} was made."


def new_credit(sandbox: Sandbox, form: Form) -> str:
    """A credit memo of one line."""
    company = company_of(sandbox, form)
    made = company.create("CreditMemo", _sale(company, form))
    return f"Credit memo {made.get('DocNumber', made['Id'])} over {made['TotalAmt']} was made."


def edit_invoice(sandbox: Sandbox, form: Form) -> str:
    """Change an invoice's due date and note, and the quantity and price of its lines."""
    company = company_of(sandbox, form)
    body: Document = {"Id": form["id"], "sparse": True, "DueDate": form["due"] or None}
    body["PrivateNote"] = form["note"] or None
    before = company.read("Invoice", form["id"])
    lines = [_edited(line, form) for line in before["Line"]]
    if lines != before["Line"]:
        # The tax is worked out anew: amounts that are sent back would override it.
        code = ref_value(before.get("TxnTaxDetail", {}), "TxnTaxCodeRef")
        body |= {"Line": lines, "TxnTaxDetail": {"TxnTaxCodeRef": {"value": code}} if code else None}
    changed = company.update("Invoice", body)
    return f"The invoice was changed; its total is {changed['TotalAmt']}."


def _edited(line: Document, form: Form) -> Document:
    """The line with the form's quantity and price, when they are not those that were shown."""
    seen, pk = shown(line), line.get("Id")
    if seen is None or f"quantity-{pk}" not in form:
        return line
    quantity, price = form[f"quantity-{pk}"], form[f"price-{pk}"]
    if (decimal(quantity), decimal(price)) == (Decimal(seen[0]), Decimal(seen[1])):
        return line
    detail = {**line["SalesItemLineDetail"], "Qty": quantity, "UnitPrice": price}
    detail.pop("TaxInclusiveAmt", None)
    return {name: value for name, value in line.items() if name != "Amount"} | {"SalesItemLineDetail": detail}


def send(sandbox: Sandbox, form: Form) -> str:
    """Email a sale to the address on it, or to the customer's."""
    company = company_of(sandbox, form)
    document = company.read(form["entity"], form["id"])
    customer = company.read("Customer", document["CustomerRef"]["value"])
    known = document.get("BillEmail") or customer.get("PrimaryEmailAddr") or {}
    sent = company.send(form["entity"], form["id"], known.get("Address", ""))
    return f"{form['entity']} {form['id']} was sent to {sent['BillEmail']['Address']}."


# -- money -------------------------------------------------------------------------------------------------------


def _payment(document: Document, total: object, *lines: tuple[str, str, Decimal]) -> Document:
    """A payment by this document's customer, spread over (kind, Id, amount)."""
    return {
        "CustomerRef": document["CustomerRef"],
        "CurrencyRef": document["CurrencyRef"],
        "TotalAmt": total,
        "Line": [_applied(kind, pk, value) for kind, pk, value in lines],
    }


def _applied(kind: str, pk: str, value: Decimal) -> Document:
    return {"Amount": amount(value), "LinkedTxn": [{"TxnId": pk, "TxnType": kind}]}


def receive_payment(sandbox: Sandbox, form: Form) -> str:
    """Money for one invoice; a number left empty pays all of it, and what is over stays unapplied."""
    company = company_of(sandbox, form)
    invoice = company.read("Invoice", form["invoice"])
    balance = decimal(invoice["Balance"])
    total = decimal(form.get("amount") or balance)
    body = _payment(invoice, amount(total), ("Invoice", invoice["Id"], min(total, balance)))
    made = company.create("Payment", body | {"PaymentRefNum": form.get("reference") or None})
    return f"Payment {made['Id']} over {made['TotalAmt']} was received."


def receive_money(sandbox: Sandbox, form: Form) -> str:
    """Money that is put on no invoice yet."""
    company = company_of(sandbox, form)
    customer = company.read("Customer", form["customer"])
    body = _payment({"CustomerRef": {"value": customer["Id"]}, "CurrencyRef": customer["CurrencyRef"]}, form["amount"])
    made = company.create("Payment", body | {"PaymentRefNum": form.get("reference") or None})
    return f"Payment {made['Id']} over {made['TotalAmt']} was received and is on no invoice."


def edit_payment(sandbox: Sandbox, form: Form) -> str:
    """Change a payment's amount, and spread it over invoices and credits; the rest is unapplied."""
    lines = []
    for name, value in form.items():
        if name.startswith("on-") and value.strip() and decimal(value):
            _, kind, pk = name.split("-")
            lines.append(_applied(kind, pk, decimal(value)))
    body = {"Id": form["id"], "sparse": True, "TotalAmt": form["amount"], "Line": lines}
    body["PaymentRefNum"] = form.get("reference") or None
    changed = company_of(sandbox, form).update("Payment", body)
    return f"Payment {changed['Id']} is over {changed['TotalAmt']}, {changed['UnappliedAmt']} of it unapplied."


def apply_credit(sandbox: Sandbox, form: Form) -> str:
    """Pay an invoice with a credit memo: a payment of nothing that links both."""
    company = company_of(sandbox, form)
    credit, invoice = company.read("CreditMemo", form["id"]), company.read("Invoice", form["invoice"])
    most = min(decimal(credit["RemainingCredit"]), decimal(invoice["Balance"]))
    value = decimal(form.get("amount") or most)
    made = company.create(
        "Payment", _payment(invoice, 0, ("Invoice", invoice["Id"], value), ("CreditMemo", credit["Id"], value))
    )
    return f"{amount(value)} of credit memo {credit['Id']} went to invoice {invoice['Id']} (payment {made['Id']})."


# -- any transaction ---------------------------------------------------------------------------------------------


def void(sandbox: Sandbox, form: Form) -> str:
    """Void a transaction."""
    company_of(sandbox, form).void(form["entity"], form["id"])
    return f"{form['entity']} {form['id']} is void."


def delete(sandbox: Sandbox, form: Form) -> str:
    """Delete a transaction."""
    company_of(sandbox, form).delete(form["entity"], form["id"])
    return f"{form['entity']} {form['id']} is gone."


def unlink_and_delete(sandbox: Sandbox, form: Form) -> str:
    """Delete a paid invoice, as QuickBooks' own screen does: its payments are unlinked first."""
    company_of(sandbox, form).unlink_and_delete(form["entity"], form["id"])
    return f"{form['entity']} {form['id']} is gone; the money that was on it is unapplied."


def close_books(sandbox: Sandbox, form: Form) -> str:
    """Lock a period, or open the books again."""
    company_of(sandbox, form).close_books(form.get("day") or None)
    return f"The books are closed up to {form['day']}." if form.get("day") else "The books are open."


ACTIONS: dict[str, Callable[[Sandbox, Form], str]] = {
    "new-customer": new_customer,
    "edit-customer": edit_customer,
    "switch-customer": switch_customer,
    "merge-customers": merge_customers,
    "new-invoice": new_invoice,
    "new-credit": new_credit,
    "edit-invoice": edit_invoice,
    "send": send,
    "receive-payment": receive_payment,
    "receive-money": receive_money,
    "edit-payment": edit_payment,
    "apply-credit": apply_credit,
    "void": void,
    "delete": delete,
    "unlink-and-delete": unlink_and_delete,
    "close-books": close_books,
}
