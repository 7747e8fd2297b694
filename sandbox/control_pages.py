"""What the control pages look like. Everything that comes from outside goes through ``escape``."""

from __future__ import annotations

import time
from collections.abc import Iterable
from html import escape
from typing import TYPE_CHECKING

from .pages import page
from .quickbooks.company import Company
from .quickbooks.store import Document

if TYPE_CHECKING:
    from .stand_in import Sandbox

SHOWN = 25
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


# -- small parts -------------------------------------------------------------------------------------------------


def _options(choices: Iterable[tuple[str, str]], chosen: str = "") -> str:
    return "".join(
        f'<option value="{escape(value)}"{" selected" if value == chosen else ""}>{escape(text)}</option>'
        for value, text in choices
    )


def _select(label: str, name: str, choices: Iterable[tuple[str, str]], chosen: str = "") -> str:
    return f'<label>{label}<select name="{name}">{_options(choices, chosen)}</select></label>'


def _input(label: str, name: str, value: str = "", kind: str = "text", extra: str = "") -> str:
    return f'<label>{label}<input type="{kind}" name="{name}" value="{escape(value)}" {extra}></label>'


def _form(action: str, which: str, inside: str, button: str, quiet: bool = False) -> str:
    style = ' class="quiet"' if quiet else ""
    return (
        f'<form method="post" action="/do/{action}"><input type="hidden" name="company" value="{escape(which)}">'
        f"{inside}<button{style}>{escape(button)}</button></form>"
    )


def _hidden(**values: str) -> str:
    return "".join(f'<input type="hidden" name="{name}" value="{escape(value)}">' for name, value in values.items())


def _table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A table; the cells are HTML already."""
    body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
    head = "".join(f"<th>{escape(text)}</th>" for text in heads)
    return f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def _framed(sandbox: Sandbox, title: str, which: str, query: dict[str, str], body: str) -> str:
    companies = "".join(
        f'<a href="/?company={key}"{" aria-current=page" if key == which else ""}>{escape(company.name)}</a>'
        for key, company in sandbox.companies.items()
    )
    suffix = f"?company={escape(which)}"
    nav = f'<nav>{companies}<a href="/trouble{suffix}">Break things</a><a href="/log{suffix}">Request log</a></nav>'
    note = f'<p class="note" role="status">{escape(query["done"])}</p>' if query.get("done") else ""
    sorry = f'<p class="note bad" role="alert">{escape(query["sorry"])}</p>' if query.get("sorry") else ""
    return page(title, nav + note + sorry + body)


def _chosen(sandbox: Sandbox, query: dict[str, str]) -> tuple[str, Company]:
    which = query.get("company", "us")
    if which not in sandbox.companies:
        which = next(iter(sandbox.companies))
    return which, sandbox.companies[which]


def _newest(company: Company, entity: str, most: int = SHOWN) -> list[Document]:
    with company.store.lock:
        records = list(company.store.tables[entity].values())[-most:]
    return [record.document for record in reversed(records)]


# -- the books ---------------------------------------------------------------------------------------------------


def books(sandbox: Sandbox, query: dict[str, str]) -> str:
    """The bookkeeper's page of one company."""
    which, company = _chosen(sandbox, query)
    body = (
        "<p>This page is the inside of QuickBooks: what you do here is what a bookkeeper does there, "
        "and connected apps hear of it as they would of the real thing.</p>"
        f'<div class="columns">{_new_customer(which, company)}{_new_invoice(which, company)}'
        f"{_receive(which, company)}{_close(which, company)}</div>"
        f"<h2>Newest invoices</h2>{_invoices(which, company)}"
        f"<h2>Newest payments</h2>{_payments(which, company)}"
        f"<h2>Newest customers</h2>{_customers(which, company)}"
    )
    return _framed(sandbox, company.name, which, query, body)


def _new_customer(which: str, company: Company) -> str:
    inside = _input("Name", "name", extra="required maxlength=500") + _input("Phone", "phone", kind="tel")
    inside += _input("Email", "email", kind="email", extra="multiple")
    if company.multi_currency:
        inside += _select("Currency", "currency", [(one, one) for one in ("GBP", "EUR", "USD", "JPY", "KWD")])
    return f"<section><h2>New customer</h2>{_form('new-customer', which, inside, 'Add customer')}</section>"


def _people(company: Company) -> list[tuple[str, str]]:
    found = [one for one in _newest(company, "Customer", 200) if one["Active"]]
    return [(one["Id"], one["FullyQualifiedName"][:60]) for one in found]


def _new_invoice(which: str, company: Company) -> str:
    items = [(one["Id"], one["Name"]) for one in _newest(company, "Item") if one["Type"] != "Group"]
    codes = (
        [("TAX", "Taxable"), ("NON", "Not taxable")]
        if company.country == "US"
        else [(one["Id"], one["Name"]) for one in reversed(_newest(company, "TaxCode"))]
    )
    inside = _select("Customer", "customer", _people(company)) + _select("Item", "item", items)
    inside += _input("Quantity", "quantity", "1", extra="inputmode=decimal required")
    inside += _input("Price", "price", "100", extra="inputmode=decimal required")
    inside += _select("Tax", "tax", codes) + _input("Due", "due", kind="date")
    if company.country != "US":
        modes = [("TaxExcluded", "Price without VAT"), ("TaxInclusive", "Price with VAT"), ("NotApplicable", "No VAT")]
        inside += _select("Prices", "mode", modes) + _input("Number", "number", extra="maxlength=21")
    return f"<section><h2>New invoice</h2>{_form('new-invoice', which, inside, 'Make invoice')}</section>"


def _receive(which: str, company: Company) -> str:
    unpaid = [one for one in _newest(company, "Invoice", 300) if one["Balance"]][:100]
    choices = [(one["Id"], f"{_label(one)}: {one['Balance']} {one['CurrencyRef']['value']}") for one in unpaid]
    inside = _select("Invoice", "invoice", choices)
    inside += _input("Amount (empty: all of it)", "amount", extra="inputmode=decimal")
    inside += _input("Reference", "reference", extra="maxlength=21")
    return f"<section><h2>Receive payment</h2>{_form('receive-payment', which, inside, 'Receive')}</section>"


def _close(which: str, company: Company) -> str:
    closed = company.preference("AccountingInfoPrefs", "BookCloseDate") or ""
    inside = _input("Closed up to (empty: open)", "day", closed, kind="date")
    merge = _select("This customer", "id", _people(company)) + _select("becomes this one", "survivor", _people(company))
    return (
        f"<section><h2>Close the books</h2>{_form('close-books', which, inside, 'Close', quiet=True)}"
        f"<h2>Merge customers</h2>{_form('merge-customers', which, merge, 'Merge', quiet=True)}</section>"
    )


def _label(document: Document) -> str:
    return f"{document.get('DocNumber') or '#' + document['Id']} {document['CustomerRef']['name'][:40]}"


def _buttons(which: str, entity: str, document: Document) -> str:
    hidden = _hidden(entity=entity, id=document["Id"])
    return _form("void", which, hidden, "Void", quiet=True) + " " + _form("delete", which, hidden, "Delete", quiet=True)


def _edit_link(which: str, entity: str, document: Document, text: str) -> str:
    return f'<a href="/edit?company={escape(which)}&amp;entity={entity}&amp;id={document["Id"]}">{escape(text)}</a>'


def _invoices(which: str, company: Company) -> str:
    rows = (
        (
            _edit_link(which, "Invoice", one, _label(one)),
            one["TxnDate"],
            one["DueDate"],
            f'<span class="amount">{one["TotalAmt"]} {one["CurrencyRef"]["value"]}</span>',
            f'<span class="amount">{one["Balance"]}</span>',
            _buttons(which, "Invoice", one),
        )
        for one in _newest(company, "Invoice")
    )
    return _table(("Invoice", "Date", "Due", "Total", "Open", ""), rows)


def _payments(which: str, company: Company) -> str:
    rows = (
        (
            escape(f"#{one['Id']} {one['CustomerRef']['name'][:40]}"),
            one["TxnDate"],
            f'<span class="amount">{one["TotalAmt"]} {one["CurrencyRef"]["value"]}</span>',
            f'<span class="amount">{one["UnappliedAmt"]}</span>',
            _buttons(which, "Payment", one),
        )
        for one in _newest(company, "Payment", 12)
    )
    return _table(("Payment", "Date", "Total", "Not applied", ""), rows)


def _customers(which: str, company: Company) -> str:
    rows = (
        (
            _edit_link(which, "Customer", one, one["FullyQualifiedName"][:60]),
            escape(one.get("PrimaryPhone", {}).get("FreeFormNumber", "")),
            escape(one.get("PrimaryEmailAddr", {}).get("Address", "")),
            f'<span class="amount">{one["Balance"]} {one["CurrencyRef"]["value"]}</span>',
        )
        for one in _newest(company, "Customer")
    )
    return _table(("Customer", "Phone", "Email", "Owes"), rows)


def edit(sandbox: Sandbox, query: dict[str, str]) -> str:
    """Change one customer or invoice."""
    which, company = _chosen(sandbox, query)
    entity = "Customer" if query.get("entity") == "Customer" else "Invoice"
    document = company.store.find(entity, query.get("id", ""))
    if document is None:
        return _framed(sandbox, "Not found", which, query, "<p>It may have been deleted.</p>")
    hidden = _hidden(id=document["Id"])
    if entity == "Customer":
        phone = document.get("PrimaryPhone", {}).get("FreeFormNumber", "")
        email = document.get("PrimaryEmailAddr", {}).get("Address", "")
        active = (
            f'<label><input type="checkbox" name="active"{" checked" if document["Active"] else ""}> Active</label>'
        )
        inside = hidden + _input("Name", "name", document["DisplayName"], extra="required maxlength=500")
        inside += _input("Phone", "phone", phone, "tel") + _input("Email", "email", email, "text") + active
        body = _form("edit-customer", which, inside, "Save")
    else:
        inside = hidden + _input("Due", "due", document["DueDate"], "date")
        inside += _input("Note", "note", document.get("PrivateNote", ""), extra="maxlength=4000")
        body = _form("edit-invoice", which, inside, "Save")
    return _framed(sandbox, f"{entity} {document['Id']}", which, query, body)


# -- trouble and the log -----------------------------------------------------------------------------------------


def trouble(sandbox: Sandbox, query: dict[str, str]) -> str:
    """Order trouble, and see what is waiting."""
    which, company = _chosen(sandbox, query)
    inside = _select("What", "kind", KINDS) + _input("How often", "times", "1", "number", "min=1")
    inside += _input("Only where this occurs (address or body)", "match")
    inside += _input("Seconds, for slow", "seconds", "5", "number", "min=0 step=any")
    inside += _input("Code, for a fault", "code", "6190", "number")
    latency = _input("Seconds", "seconds", f"{sandbox.faults.latency:g}", "number", "min=0 step=any")
    waiting = ((escape(one.kind), str(one.times), escape(one.match)) for one in list(sandbox.faults.waiting))
    body = (
        f'<div class="columns"><section><h2>The next answers</h2>{_form("break", which, inside, "Break")}</section>'
        f"<section><h2>Every answer late</h2>{_form('slow-down', which, latency, 'Slow down')}"
        f"<h2>Sign-in</h2>{_form('expire-tokens', which, '', 'Expire access tokens', quiet=True)}"
        f"{_form('disconnect', which, '', f'Disconnect all apps from {company.name}', quiet=True)}</section></div>"
        f"<h2>Waiting</h2>{_table(('What', 'How often', 'Where'), waiting)}"
        f"{_form('calm-down', which, '', 'Call everything off', quiet=True)}"
    )
    return _framed(sandbox, "Break things", which, query, body)


def log(sandbox: Sandbox, query: dict[str, str]) -> str:
    """The last requests, newest first."""
    which, _ = _chosen(sandbox, query)
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
    table = _table(("When", "", "What", "Status", "intuit_tid"), rows)
    return _framed(sandbox, "Request log", which, query, table + _form("clear-log", which, "", "Empty the log", True))
