"""An invoice, and what was paid of it, as PDFs. Every figure is the one of its page: from the same document."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from django.utils.dateformat import format as format_date

from crm.models import Business
from invoicing.document import Document, LineShown, TotalRow, document_of
from invoicing.letterhead import frame, named
from invoicing.models import Allocation, Invoice
from invoicing.money_shown import refunded_of
from invoicing.templatetags.money import money, number, percent
from invoicing.typesetting import LONGEST_TEXT, typeset, words

# Typesetting takes a second or so at these limits, whatever the texts are; a document says how many rows it leaves out.
MOST_ROWS = 500
MOST_TEXT = 60_000  # characters of all lines; each may have its share
WIDE = 24  # characters of a quantity and its rate; more leaves no room for the description beside them
Status = Invoice.Status


def invoice_pdf(invoice: Invoice) -> bytes:
    """The invoice for its customer. It leads to the customer's page if that has a link already; none is made."""
    business = Business.load()
    document = document_of(invoice, invoice.lines.all(), business.country, refunded_of(invoice))
    data = {
        **frame(invoice, business, f"{invoice} from {business.name}"),
        "parties": _parties(invoice),
        "facts": _facts(invoice),
        "panel": _panel(invoice),
        **_lines(document, invoice.currency),
        "totals": _totals(document.totals, invoice.currency),
        "note": words(invoice.customer_note),
        "closing": _closing(invoice, document),
    }
    return typeset("invoice.typ", data, at=invoice.changed_at)


def receipt_pdf(invoice: Invoice) -> bytes:
    """What was paid of the invoice so far, when and how, and what is left; for one that has a receipt."""
    business = Business.load()
    document = document_of(invoice, invoice.lines.all(), business.country, refunded_of(invoice))
    rows = [*_deposit(invoice), *(_payment(one) for one in invoice.received())]
    data = {
        **frame(invoice, business, f"Receipt for {named(invoice)} from {business.name}"),
        "number": words(f"for {named(invoice)}", breaks=20),
        "parties": [{"label": "Received from", **_party(invoice.customer_name, "")}],
        "facts": [["Invoice issued", _day(invoice.issued_on)]],
        "panel": _receipt_panel(invoice),
        "payments": rows[:MOST_ROWS],
        "left_out": _left_out(len(rows), "payments"),
        "totals": _totals([document.sums[-1], *document.settled], invoice.currency),
        "closing": f"All amounts are in {invoice.currency}.",
    }
    return typeset("receipt.typ", data, at=invoice.changed_at)


def _parties(invoice: Invoice) -> list[dict[str, str]]:
    parties = [{"label": "Bill to", **_party(invoice.customer_name, invoice.bill_to)}]
    if invoice.ship_to.strip() and invoice.ship_to != invoice.bill_to:
        parties.append({"label": "Ship to", **_party("", invoice.ship_to)})
    return parties


def _party(name: str, address: str) -> dict[str, str]:
    """A name with its address below; books that repeat the name on the address say it once."""
    lines = [line.strip() for line in address.splitlines() if line.strip()]
    name = name.strip() or "".join(lines[:1])
    if lines[:1] == [name]:
        lines = lines[1:]
    return {"name": words(name), "text": words("\n".join(lines))}


def _facts(invoice: Invoice) -> list[list[str]]:
    facts = [["Issued", _day(invoice.issued_on)], ["Due", _day(invoice.due_on)]]
    return [*facts, ["Terms", words(invoice.terms, breaks=14)]] if invoice.terms else facts


def _panel(invoice: Invoice) -> dict[str, str]:
    """What a customer looks for first, in the words of the page."""
    if invoice.status == Status.VOID:
        return _told("Void", "Nothing is due", "This invoice was cancelled.", "bad")
    if invoice.status == Status.DRAFT:
        return _told("Draft", money(invoice.total, invoice.currency), "Not an invoice yet.", "plain")
    if invoice.is_owed():
        return _told("Amount due", money(invoice.balance, invoice.currency), f"Due {_day(invoice.due_on)}", "good")
    if invoice.status == Status.PAID:
        last = invoice.received().last()
        day = f"On {_day(last.payment.received_on)}. " if last else ""
        return _told("Paid", money(invoice.total, invoice.currency), f"{day}Thank you.", "good")
    why = "It was settled by a credit." if invoice.credited else "This invoice asks for no money."
    return _told("", "Nothing is due", why, "plain")


def _receipt_panel(invoice: Invoice) -> dict[str, str]:
    """Nothing is added up here: a deposit beside payments is said beside them."""
    deposit, paid = money(invoice.deposit, invoice.currency), money(invoice.paid, invoice.currency)
    label, amount = ("Paid", paid) if invoice.paid else ("Deposit", deposit)
    beside = f"And a deposit of {deposit}. " if invoice.paid and invoice.deposit else ""
    left = f"{money(invoice.balance, invoice.currency)} is left to pay, due {_day(invoice.due_on)}."
    told = left if invoice.is_owed() else "Nothing is left to pay. Thank you."
    return _told(label, amount, f"{beside}{told}", "good")


def _told(label: str, amount: str, said: str, tone: str) -> dict[str, str]:
    return {"label": label, "amount": amount, "words": said, "tone": tone}


def _lines(document: Document, currency: str) -> dict[str, Any]:
    """The table: its columns, its rows, and a sentence where there are more than can be typeset."""
    shown = document.lines[:MOST_ROWS]
    has_room = all(len(number(row.line.quantity) + number(row.line.rate)) <= WIDE for row in shown)
    optional = [
        ("Quantity", True, has_room),
        ("Rate", True, has_room),
        ("Discount", True, document.has_discounts),
        (document.tax_word, False, bool(document.tax_word)),
    ]
    columns = [("Description", False), *[column[:2] for column in optional if column[2]], ("Amount", True)]
    most = min(LONGEST_TEXT, MOST_TEXT // (len(shown) or 1))
    return {
        "columns": [{"label": label, "is_number": is_number} for label, is_number in columns],
        "rows": [_row(row, document, currency, has_room, most) for row in shown],
        "left_out": _left_out(len(document.lines), "lines"),
    }


def _row(row: LineShown, document: Document, currency: str, has_room: bool, most: int) -> dict[str, Any]:
    line = row.line
    counted = [number(line.quantity), number(line.rate)]
    cells = counted if has_room else []
    cells += [percent(line.discount_percent)] if document.has_discounts else []
    cells += [words(row.tax_said, breaks=8)] if document.tax_word else []
    return {
        "title": words(row.title, most=most),
        "text": words(line.description or ("" if row.title else line.code), most=most),
        "asides": _asides(row, document, currency, "" if has_room else " × ".join(filter(None, counted))),
        "is_inner": row.is_bundled,
        "cells": [*cells, money(row.amount, currency)],
    }


def _asides(row: LineShown, document: Document, currency: str, counted: str) -> list[str]:
    """What stands small below a description; ``counted`` where the columns have no room for it."""
    day = f"on {_day(row.line.service_on)}" if row.line.service_on else ""
    net = f"{money(row.net, currency)} without {document.tax_word}" if row.net is not None else ""
    return [said for said in (counted, day, net) if said]


def _left_out(count: int, things: str) -> str:
    if count <= MOST_ROWS:
        return ""
    return f"And {count - MOST_ROWS:,} more {things} that are not printed here; the totals hold all of them."


def _totals(rows: Iterable[TotalRow], currency: str) -> list[dict[str, Any]]:
    return [
        {"label": words(row.label, breaks=20), "amount": money(row.amount, currency), "strong": row.strong}
        for row in rows
    ]


def _closing(invoice: Invoice, document: Document) -> str:
    included = f" and include {document.tax_word}" if document.amounts_include_tax and document.tax_word else ""
    return f"All amounts are in {invoice.currency}{included}."


def _deposit(invoice: Invoice) -> list[dict[str, str]]:
    """Money that was taken on the document itself is a payment of that day."""
    amount = money(invoice.deposit, invoice.currency)
    row = {"day": _day(invoice.issued_on), "how": "Deposit", "reference": "", "amount": amount}
    return [row] if invoice.deposit else []


def _payment(allocation: Allocation) -> dict[str, str]:
    payment = allocation.payment
    how = "Credit" if allocation.credit == allocation.amount else payment.method or "Payment"
    if 0 < allocation.credit < allocation.amount:
        how = f"{how}, of which {money(allocation.credit, payment.currency)} credit"
    return {
        "day": _day(payment.received_on),
        "how": words(how),
        "reference": words(payment.memo),
        "amount": money(allocation.amount, payment.currency),
    }


def _day(day: date) -> str:
    return format_date(day, "j F Y")
