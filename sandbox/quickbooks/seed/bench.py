"""A big company for benchmarks: ten customers out of one mould are enough, but they come in thousands."""

from __future__ import annotations

import random
import time
from datetime import date, timedelta

from ..clock import pacific
from ..company import Company
from ..store import Document
from .teller import sold, tax

GIVEN = ("Ada", "Ben", "Cleo", "Dara", "Emil", "Faye", "Gus", "Hana", "Ivo", "June", "Kai", "Lena", "Milo", "Nia")
FAMILY = ("Abbot", "Birch", "Castle", "Dunn", "Elm", "Frost", "Gray", "Hill", "Iver", "Jessop", "Knight", "Lake")
DAY = 86400


def fill(company: Company, customers: int, invoices: int, payments: int) -> None:
    """Customers, invoices that all lie in last year, and payments of which some cover two invoices."""
    chance = random.Random(20260101)  # noqa: S311 - the same books every time
    year = pacific(time.time()).year - 1
    start = date(year, 1, 1)
    entered = time.time() - 20 * DAY
    company.bulk_load("Customer", (_customer(number, entered) for number in range(1, customers + 1)))
    made = company.bulk_load("Invoice", (_invoice(chance, customers, start, entered) for _ in range(invoices)))
    company.bulk_load("Payment", _payments(chance, made, payments, entered))


def _customer(number: int, at: float) -> Document:
    given, family = GIVEN[number % len(GIVEN)], FAMILY[number // len(GIVEN) % len(FAMILY)]
    return {
        "DisplayName": f"{given} {family} {number:05d}",
        "GivenName": given,
        "FamilyName": family,
        "PrimaryPhone": {"FreeFormNumber": f"(650) {200 + number // 10000:03d}-{number % 10000:04d}"},
        "PrimaryEmailAddr": {"Address": f"{given}.{family}.{number}@example.com".lower()},
        "BillAddr": {"Line1": f"{number} Main Street", "City": "Springfield", "CountrySubDivisionCode": "CA"},
        "at": at,
    }


def _invoice(chance: random.Random, customers: int, start: date, at: float) -> Document:
    lines = [sold("2", 1 + chance.randrange(8) * 0.5, 120), sold("3", 1 + chance.randrange(3), 189.5, "TAX")]
    return {
        "CustomerRef": {"value": str(1 + chance.randrange(customers))},
        "TxnDate": (start + timedelta(days=chance.randrange(365))).isoformat(),
        "Line": lines[: 1 + chance.randrange(2)],
        "at": at,
        **tax("1"),
    }


def _payments(chance: random.Random, invoices: list[Document], count: int, at: float) -> list[Document]:
    """One payment each for the first invoices: two thirds pay all, the others half."""
    made = []
    for invoice in chance.sample(invoices, min(count, len(invoices))):
        amount = invoice["TotalAmt"] if chance.random() < 0.66 else round(invoice["TotalAmt"] / 2, 2)
        made.append(
            {
                "CustomerRef": {"value": invoice["CustomerRef"]["value"]},
                "TxnDate": (date.fromisoformat(invoice["TxnDate"]) + timedelta(days=chance.randrange(40))).isoformat(),
                "TotalAmt": amount,
                "PaymentMethodRef": {"value": str(1 + chance.randrange(6))},
                "Line": [{"Amount": amount, "LinkedTxn": [{"TxnId": invoice["Id"], "TxnType": "Invoice"}]}],
                "at": at,
            }
        )
    return made
