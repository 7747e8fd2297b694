"""The pages of the books, of trouble and of the log; what changes one document is in ``control_edit``."""

from __future__ import annotations

import time
from html import escape
from typing import TYPE_CHECKING

from . import control_parts as parts
from .quickbooks.company import Company
from .quickbooks.store import Document

if TYPE_CHECKING:
    from .stand_in import Sandbox

KINDS = (
    ("429", "429, too many requests"),
    ("xml_429", "429 in XML"),
    ("401", "401, token expired"),
    ("403", "403, wrong company"),
    ("500", "500, system fault"),
    ("502", "502 with an HTML page"),
    ("503", "503 with an HTML page"),
    ("slow", "slow answer"),
    ("cut_before", "cut off, nothing done"),
    ("cut_after", "done, but cut off before the answer"),
    ("garbage", "half of the JSON"),
    ("fault", "a QuickBooks fault by its code"),
)


# -- the books ---------------------------------------------------------------------------------------------------


def books(sandbox: Sandbox, query: dict[str, str]) -> str:
    """The bookkeeper's page of one company."""
    which, company = parts.chosen(sandbox, query)
    body = (
        "<p>This page is the inside of QuickBooks: what you do here is what a bookkeeper does there, "
        "and connected apps hear of it as they would of the real thing.</p>"
        f'<div class="columns">{_new_customer(which, company)}{_new_sale(which, company)}'
        f"{_receive(which, company)}{_close(which, company)}</div>"
        f"<h2>Newest invoices</h2>{_invoices(which, company)}"
        f"<h2>Newest payments</h2>{_payments(which, company)}"
        f"<h2>Newest credit memos</h2>{_credits(which, company)}"
        f"<h2>Newest customers</h2>{_customers(which, company)}"
    )
    return parts.framed(sandbox, company.name, which, query, body)


def _new_customer(which: str, company: Company) -> str:
    inside = parts.field("Name", "name", extra="required maxlength=500") + parts.field("Phone", "phone", kind="tel")
    inside += parts.field("Email", "email", kind="email", extra="multiple")
    if company.multi_currency:
        inside += parts.select("Currency", "currency", [(one, one) for one in ("GBP", "EUR", "USD", "JPY", "KWD")])
    return f"<section><h2>New customer</h2>{parts.form('new-customer', which, inside, 'Add customer')}</section>"


def _people(company: Company) -> list[tuple[str, str]]:
    found = [one for one in parts.newest(company, "Customer", 200) if one["Active"]]
    return [(one["Id"], one["FullyQualifiedName"][:60]) for one in found]


def _new_sale(which: str, company: Company) -> str:
    fields = _sale_fields(company)
    number = parts.field("Number", "number", extra="maxlength=21") if company.country != "US" else ""
    due = parts.field("Due", "due", kind="date")
    return (
        f"<section><h2>New invoice</h2>{parts.form('new-invoice', which, fields + due + number, 'Make invoice')}"
        "</section><section><h2>New credit memo</h2>"
        f"{parts.form('new-credit', which, fields + number, 'Make credit memo')}</section>"
    )


def _sale_fields(company: Company) -> str:
    items = [(one["Id"], one["Name"]) for one in parts.newest(company, "Item") if one["Type"] != "Group"]
    codes = (
        [("TAX", "Taxable"), ("NON", "Not taxable")]
        if company.country == "US"
        else [(one["Id"], one["Name"]) for one in reversed(parts.newest(company, "TaxCode"))]
    )
    inside = parts.select("Customer", "customer", _people(company)) + parts.select("Item", "item", items)
    inside += parts.field("Quantity", "quantity", "1", extra="inputmode=decimal required")
    inside += parts.field("Price", "price", "100", extra="inputmode=decimal required")
    inside += parts.select("Tax", "tax", codes)
    if company.country != "US":
        modes = [("TaxExcluded", "Price without VAT"), ("TaxInclusive", "Price with VAT"), ("NotApplicable", "No VAT")]
        inside += parts.select("Prices", "mode", modes)
    return inside


def _receive(which: str, company: Company) -> str:
    unpaid = [one for one in parts.newest(company, "Invoice", 300) if one["Balance"]][:100]
    choices = [(one["Id"], f"{parts.label(one)}: {one['Balance']} {one['CurrencyRef']['value']}") for one in unpaid]
    reference = parts.field("Reference", "reference", extra="maxlength=21")
    inside = parts.select("Invoice", "invoice", choices)
    inside += parts.field("Amount (empty: all of it)", "amount", extra="inputmode=decimal") + reference
    loose = parts.select("Customer", "customer", _people(company))
    loose += parts.field("Amount", "amount", extra="inputmode=decimal required") + reference
    return (
        f"<section><h2>Receive payment</h2>{parts.form('receive-payment', which, inside, 'Receive')}</section>"
        "<section><h2>Receive money for no invoice</h2>"
        f"{parts.form('receive-money', which, loose, 'Receive')}</section>"
    )


def _close(which: str, company: Company) -> str:
    closed = company.preference("AccountingInfoPrefs", "BookCloseDate") or ""
    inside = parts.field("Closed up to (empty: open)", "day", closed, kind="date")
    merge = parts.select("This customer", "id", _people(company)) + parts.select(
        "becomes this one", "survivor", _people(company)
    )
    return (
        f"<section><h2>Close the books</h2>{parts.form('close-books', which, inside, 'Close', quiet=True)}"
        f"<h2>Merge customers</h2>{parts.form('merge-customers', which, merge, 'Merge', quiet=True)}</section>"
    )


def _buttons(which: str, entity: str, document: Document) -> str:
    """Void and delete; email for a sale; and the way around QuickBooks' refusal for a sale that is paid."""
    hidden = parts.hidden(entity=entity, id=document["Id"])
    actions = [("void", "Void"), ("delete", "Delete")]
    if entity != "Payment":
        actions.append(("send", "Email"))
    if document.get("Balance", 0) != document["TotalAmt"] and entity != "Payment":
        actions[1] = ("unlink-and-delete", "Unlink and delete")
    return " ".join(parts.form(action, which, hidden, word, quiet=True) for action, word in actions)


def _money(document: Document, name: str) -> str:
    return f'<span class="amount">{document[name]} {document["CurrencyRef"]["value"]}</span>'


def _invoices(which: str, company: Company) -> str:
    rows = (
        (
            parts.edit_link(which, "Invoice", one, parts.label(one)),
            one["TxnDate"],
            one["DueDate"],
            _money(one, "TotalAmt"),
            f'<span class="amount">{one["Balance"]}</span>',
            _buttons(which, "Invoice", one),
        )
        for one in parts.newest(company, "Invoice")
    )
    return parts.table(("Invoice", "Date", "Due", "Total", "Open", ""), rows)


def _payments(which: str, company: Company) -> str:
    rows = (
        (
            parts.edit_link(which, "Payment", one, f"#{one['Id']} {one['CustomerRef']['name'][:40]}"),
            one["TxnDate"],
            _money(one, "TotalAmt"),
            f'<span class="amount">{one["UnappliedAmt"]}</span>',
            _buttons(which, "Payment", one),
        )
        for one in parts.newest(company, "Payment", 12)
    )
    return parts.table(("Payment", "Date", "Total", "Not applied", ""), rows)


def _credits(which: str, company: Company) -> str:
    rows = (
        (
            parts.edit_link(which, "CreditMemo", one, parts.label(one)),
            one["TxnDate"],
            _money(one, "TotalAmt"),
            _money(one, "RemainingCredit"),
            _buttons(which, "CreditMemo", one),
        )
        for one in parts.newest(company, "CreditMemo", 12)
    )
    return parts.table(("Credit memo", "Date", "Total", "Not applied", ""), rows)


def _customers(which: str, company: Company) -> str:
    rows = (
        (
            parts.edit_link(which, "Customer", one, one["FullyQualifiedName"][:60]),
            escape(one.get("PrimaryPhone", {}).get("FreeFormNumber", "")),
            escape(one.get("PrimaryEmailAddr", {}).get("Address", "")),
            _money(one, "Balance"),
            parts.form(
                "switch-customer",
                which,
                parts.hidden(id=one["Id"]),
                "Make inactive" if one["Active"] else "Make active",
                quiet=True,
            ),
        )
        for one in parts.newest(company, "Customer")
    )
    return parts.table(("Customer", "Phone", "Email", "Owes", ""), rows)


# -- trouble and the log -----------------------------------------------------------------------------------------


def trouble(sandbox: Sandbox, query: dict[str, str]) -> str:
    """Order trouble, and see what is waiting."""
    which, company = parts.chosen(sandbox, query)
    inside = parts.select("What", "kind", KINDS) + parts.field("How often", "times", "1", "number", "min=1")
    inside += parts.field("Only where this occurs (address or body)", "match")
    inside += parts.field("Seconds, for slow", "seconds", "5", "number", "min=0 step=any")
    inside += parts.field("Code, for a fault", "code", "6190", "number")
    latency = parts.field("Seconds", "seconds", f"{sandbox.faults.latency:g}", "number", "min=0 step=any")
    waiting = ((escape(one.kind), str(one.times), escape(one.match)) for one in list(sandbox.faults.waiting))
    order = parts.form("break", which, inside, "Break")
    body = (
        f'<div class="columns"><section><h2>The next answers</h2>{order}</section>'
        f"<section><h2>Every answer late</h2>{parts.form('slow-down', which, latency, 'Slow down')}"
        f"<h2>Sign-in</h2>{parts.form('expire-tokens', which, '', 'Expire access tokens', quiet=True)}"
        f"{parts.form('disconnect', which, '', f'Disconnect all apps from {company.name}', quiet=True)}</section></div>"
        f"<h2>Waiting</h2>{parts.table(('What', 'How often', 'Where'), waiting)}"
        f"{parts.form('calm-down', which, '', 'Call everything off', quiet=True)}"
    )
    return parts.framed(sandbox, "Break things", which, query, body)


def log(sandbox: Sandbox, query: dict[str, str]) -> str:
    """The last requests, newest first."""
    which, _ = parts.chosen(sandbox, query)
    rows = (
        (
            time.strftime("%H:%M:%S", time.localtime(one.at)),
            escape(one.method),
            f"<code>{escape(one.path)}</code><br><small>{escape((one.query.get('query') or one.body)[:300])}</small>",
            f"{one.status or 'cut'} <small>{escape(one.trouble)}</small>",
            f"<small>{escape(one.intuit_tid)}</small>",
        )
        for one in list(sandbox.requests)[-100:][::-1]
    )
    table = parts.table(("When", "", "What", "Status", "intuit_tid"), rows)
    return parts.framed(
        sandbox, "Request log", which, query, table + parts.form("clear-log", which, "", "Empty the log", True)
    )
