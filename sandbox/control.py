"""The control page: play the bookkeeper inside QuickBooks, break things, and see what was asked."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from . import control_pages as pages
from .http import Request, Response
from .quickbooks.company import Company
from .quickbooks.errors import Fault
from .quickbooks.store import Document

if TYPE_CHECKING:
    from .stand_in import Sandbox

Form = dict[str, str]


def answer(sandbox: Sandbox, request: Request) -> Response | None:
    """The answer to a person's request; None when the path is not a page."""
    if request.method in ("GET", "HEAD") and request.path in PAGES:
        return Response.page(PAGES[request.path](sandbox, request.query))
    name = request.path.removeprefix("/do/")
    if request.method != "POST" or name not in ACTIONS:
        return None
    which = request.form.get("company", "us")
    try:
        back = {"company": which, "done": ACTIONS[name](sandbox, request.form)}
    except Fault as refused:
        back = {"company": which, "sorry": str(refused)}
    except (KeyError, ValueError) as error:
        back = {"company": which, "sorry": f"That cannot be: {error}"}
    where = "/trouble" if name in TROUBLE else "/"
    return Response.redirect(f"{where}?{urlencode(back)}")


PAGES: dict[str, Callable[[Sandbox, Form], str]] = {
    "/": pages.books,
    "/edit": pages.edit,
    "/trouble": pages.trouble,
    "/log": pages.log,
}


def _company(sandbox: Sandbox, form: Form) -> Company:
    return sandbox.company(form.get("company", "us"))


# -- the bookkeeper ----------------------------------------------------------------------------------------------


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
    made = _company(sandbox, form).create("Customer", fields)
    return f"Customer {made['DisplayName']} has the Id {made['Id']}."


def edit_customer(sandbox: Sandbox, form: Form) -> str:
    """Change a customer's name, phone and email, or make it inactive."""
    fields = _customer_fields(form) | {"Id": form["id"], "sparse": True, "Active": form.get("active") == "on"}
    return f"Customer {_company(sandbox, form).update('Customer', fields)['DisplayName']} was changed."


def merge_customers(sandbox: Sandbox, form: Form) -> str:
    """Merge two customers."""
    kept = _company(sandbox, form).merge_customers(form["id"], form["survivor"])
    return f"They are one customer now: {kept['DisplayName']}."


def new_invoice(sandbox: Sandbox, form: Form) -> str:
    """An invoice of one line."""
    company = _company(sandbox, form)
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
        "DueDate": form.get("due") or None,
    }
    if company.country == "US":
        code = company.default_tax_code if form["tax"] == "TAX" else None
        document["TxnTaxDetail"] = {"TxnTaxCodeRef": {"value": code}} if code else None
    else:
        document |= {"GlobalTaxCalculation": form.get("mode", "TaxExcluded"), "DocNumber": form.get("number") or None}
    made = company.create("Invoice", document)
    return f"Invoice {made.get('DocNumber', made['Id'])} over {made['TotalAmt']} was made."


def edit_invoice(sandbox: Sandbox, form: Form) -> str:
    """Change an invoice's due date and notes."""
    company = _company(sandbox, form)
    body = {"Id": form["id"], "sparse": True, "DueDate": form["due"] or None, "PrivateNote": form["note"] or None}
    company.update("Invoice", body)
    return "The invoice was changed."


def receive_payment(sandbox: Sandbox, form: Form) -> str:
    """Money for one invoice; a number left empty pays all of it."""
    company = _company(sandbox, form)
    invoice = company.read("Invoice", form["invoice"])
    total = form.get("amount") or invoice["Balance"]
    made = company.create(
        "Payment",
        {
            "CustomerRef": invoice["CustomerRef"],
            "CurrencyRef": invoice["CurrencyRef"],
            "TotalAmt": total,
            "PaymentRefNum": form.get("reference") or None,
            "Line": [{"Amount": total, "LinkedTxn": [{"TxnId": invoice["Id"], "TxnType": "Invoice"}]}],
        },
    )
    return f"Payment {made['Id']} over {made['TotalAmt']} was received."


def void(sandbox: Sandbox, form: Form) -> str:
    """Void a transaction."""
    _company(sandbox, form).void(form["entity"], form["id"])
    return f"{form['entity']} {form['id']} is void."


def delete(sandbox: Sandbox, form: Form) -> str:
    """Delete a transaction."""
    _company(sandbox, form).delete(form["entity"], form["id"])
    return f"{form['entity']} {form['id']} is gone."


def close_books(sandbox: Sandbox, form: Form) -> str:
    """Lock a period, or open the books again."""
    _company(sandbox, form).close_books(form.get("day") or None)
    return f"The books are closed up to {form['day']}." if form.get("day") else "The books are open."


# -- trouble -----------------------------------------------------------------------------------------------------


def break_things(sandbox: Sandbox, form: Form) -> str:
    """Let the next answers go wrong."""
    kind = form["kind"] if form["kind"] != "fault" else f"fault({int(form.get('code') or 0)})"
    times = int(form.get("times") or 1)
    sandbox.faults.add(kind, times, form.get("match", ""), float(form.get("seconds") or 5))
    return f"The next {times} fitting answers: {kind}."


def slow_down(sandbox: Sandbox, form: Form) -> str:
    """Make every answer late."""
    sandbox.faults.latency = max(0.0, float(form.get("seconds") or 0))
    return f"Every answer comes {sandbox.faults.latency:g} seconds late."


def calm_down(sandbox: Sandbox, form: Form) -> str:
    """Call all trouble off."""
    sandbox.faults.clear()
    return "All is well again."


def expire_tokens(sandbox: Sandbox, form: Form) -> str:
    """Make access tokens too old."""
    sandbox.expire_access_tokens()
    return "Every access token has expired."


def disconnect(sandbox: Sandbox, form: Form) -> str:
    """Disconnect all apps from the company."""
    company = _company(sandbox, form)
    sandbox.revoke_all(company.realm_id)
    return f"No app is connected to {company.name} any more."


def clear_log(sandbox: Sandbox, form: Form) -> str:
    """Forget the requests so far."""
    sandbox.clear_log()
    return f"The log was emptied at {time.strftime('%H:%M:%S')}."


TROUBLE: dict[str, Callable[[Sandbox, Form], str]] = {
    "break": break_things,
    "slow-down": slow_down,
    "calm-down": calm_down,
    "expire-tokens": expire_tokens,
    "disconnect": disconnect,
    "clear-log": clear_log,
}
ACTIONS: dict[str, Callable[[Sandbox, Form], str]] = {
    "new-customer": new_customer,
    "edit-customer": edit_customer,
    "merge-customers": merge_customers,
    "new-invoice": new_invoice,
    "edit-invoice": edit_invoice,
    "receive-payment": receive_payment,
    "void": void,
    "delete": delete,
    "close-books": close_books,
    **TROUBLE,
}
