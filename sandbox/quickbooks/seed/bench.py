"""A big company for benchmarks: one document of each mould by the rules, thousands of copies beside it.

The copies share their lines and taxes, so even 50,000 invoices are made in seconds and fit in memory; balances,
links and totals agree as they would had each been entered on its own.
"""

from __future__ import annotations

import random
import time
from datetime import date, timedelta
from decimal import Decimal

from ..clock import pacific, stamp
from ..company import Company
from ..money import ZERO, amount, decimal
from ..store import Document
from . import opening
from .teller import sold, tax

GIVEN = ("Ada", "Ben", "Cleo", "Dara", "Emil", "Faye", "Gus", "Hana", "Ivo", "June", "Kai", "Lena", "Milo", "Nia")
FAMILY = ("Abbot", "Birch", "Castle", "Dunn", "Elm", "Frost", "Gray", "Hill", "Iver", "Jessop", "Knight", "Lake")
DAY = 86400
SHAPES = 48


def fill(company: Company, customers: int, invoices: int, payments: int) -> None:
    """Customers, invoices that all lie in last year, and payments for some of them, two thirds in full."""
    chance = random.Random(20260101)  # noqa: S311 - the same books every time
    moment = stamp(time.time() - 20 * DAY)
    meta = {"CreateTime": moment, "LastUpdatedTime": moment}
    pattern, shapes = _moulds()
    people = [_customer(pattern, number, meta) for number in range(1, customers + 1)]
    billed = [_invoice(chance, people, shapes, number, meta) for number in range(1, invoices + 1)]
    paid = [
        _payment(chance, invoice, invoices + number, meta)
        for number, invoice in enumerate(chance.sample(billed, min(payments, len(billed))), start=1)
    ]
    _sum_up(people, billed)
    for entity, documents in (("Customer", people), ("Invoice", billed), ("Payment", paid)):
        for document in documents:
            company.store.put(entity, document).json  # noqa: B018 - written out now, so that no reader waits for it
    company.store.counters |= {"names": customers, "transactions": invoices + len(paid), "DocNumber": 1000 + invoices}
    company.reindex()


def _moulds() -> tuple[Document, list[Document]]:
    """A customer and invoices of all shapes, from books that are thrown away."""
    books = opening.us_company(None)
    with books.store.changing():
        opening.open_books(books)
    address = {"Line1": "1 Main Street", "City": "Springfield", "CountrySubDivisionCode": "CA"}
    customer = books.create("Customer", {"DisplayName": "Mould", "BillAddr": address})
    shapes = []
    for number in range(SHAPES):
        lines = [sold("2", 1 + number % 8 * 0.5, 120), sold("3", 1 + number % 3, 189.5, "TAX")]
        body = {"CustomerRef": {"value": customer["Id"]}, "Line": lines[: 1 + number % 2], **tax("1")}
        shapes.append(books.create("Invoice", body))
    return customer, shapes


def _customer(pattern: Document, number: int, meta: Document) -> Document:
    given, family = GIVEN[number % len(GIVEN)], FAMILY[number // len(GIVEN) % len(FAMILY)]
    name = f"{given} {family} {number:05d}"
    return {
        **pattern,
        "Id": str(number),
        "MetaData": meta,
        "GivenName": given,
        "FamilyName": family,
        **dict.fromkeys(("DisplayName", "FullyQualifiedName", "PrintOnCheckName"), name),
        "PrimaryPhone": {"FreeFormNumber": f"(650) {200 + number // 10000:03d}-{number % 10000:04d}"},
        "PrimaryEmailAddr": {"Address": f"{given}.{family}.{number}@example.com".lower()},
    }


def _invoice(
    chance: random.Random, people: list[Document], shapes: list[Document], number: int, meta: Document
) -> Document:
    customer = chance.choice(people)
    year = pacific(time.time()).year - 1
    day = date(year, 1, 1) + timedelta(days=chance.randrange(365))
    return {
        **chance.choice(shapes),
        "Id": str(number),
        "MetaData": meta,
        "DocNumber": str(1000 + number),
        "TxnDate": day.isoformat(),
        "DueDate": (day + timedelta(days=30)).isoformat(),
        "CustomerRef": {"value": customer["Id"], "name": customer["DisplayName"]},
    }


def _payment(chance: random.Random, invoice: Document, number: int, meta: Document) -> Document:
    total = decimal(invoice["TotalAmt"])
    paid = total if chance.random() < 0.66 else (total / 2).quantize(Decimal("0.01"))
    link = {"TxnId": str(number), "TxnType": "Payment"}
    invoice |= {"Balance": amount(total - paid), "LinkedTxn": [link], "SyncToken": "1"}
    day = date.fromisoformat(invoice["TxnDate"]) + timedelta(days=chance.randrange(40))
    return {
        "CustomerRef": invoice["CustomerRef"],
        "TotalAmt": amount(paid),
        "UnappliedAmt": 0,
        "Line": [{"Amount": amount(paid), "LinkedTxn": [{"TxnId": invoice["Id"], "TxnType": "Invoice"}]}],
        "CurrencyRef": invoice["CurrencyRef"],
        "TxnDate": day.isoformat(),
        "ProcessPayment": False,
        "DepositToAccountRef": {"value": "4"},
        "PaymentMethodRef": {"value": str(1 + chance.randrange(6))},
        "domain": "QBO",
        "sparse": False,
        "Id": str(number),
        "SyncToken": "0",
        "MetaData": meta,
    }


def _sum_up(people: list[Document], invoices: list[Document]) -> None:
    """What every customer owes."""
    owed: dict[str, Decimal] = {}
    for invoice in invoices:
        pk = invoice["CustomerRef"]["value"]
        owed[pk] = owed.get(pk, ZERO) + decimal(invoice["Balance"])
    for customer in people:
        balance = amount(owed.get(customer["Id"], ZERO))
        customer |= {"Balance": balance, "BalanceWithJobs": balance}
