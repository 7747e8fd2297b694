"""Documents that the stories need, in few words."""

from __future__ import annotations

from typing import Any

from sandbox import Company
from sandbox.quickbooks.seed.teller import sold, tax

__all__ = ["customer", "deposit", "invoice", "pay", "sold", "tax"]


def customer(company: Company, name: str = "Ada Byron", **fields: Any) -> dict[str, Any]:
    return company.create("Customer", {"DisplayName": name, **fields})


def invoice(company: Company, owner: dict[str, Any], *lines: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """An invoice, by default of 100 without tax."""
    plain = "NON" if company.country == "US" else "3"
    body = {
        "CustomerRef": {"value": owner["Id"]},
        "CurrencyRef": {"value": owner["CurrencyRef"]["value"]},
        "Line": list(lines) or [sold("1", 1, 100, plain)],
    }
    return company.create("Invoice", body | fields)


def pay(company: Company, owner: dict[str, Any], total: float, *on: tuple[Any, float], **fields: Any) -> dict[str, Any]:
    """A payment on some invoices."""
    body = {
        "CustomerRef": {"value": owner["Id"]},
        "CurrencyRef": {"value": owner["CurrencyRef"]["value"]},
        "TotalAmt": total,
        "Line": [{"Amount": part, "LinkedTxn": [{"TxnId": one["Id"], "TxnType": kind_of(one)}]} for one, part in on],
    }
    return company.create("Payment", body | fields)


def deposit(company: Company, *payments: dict[str, Any]) -> dict[str, Any]:
    """The payments taken to the bank."""
    (bank,) = company.query("SELECT * FROM Account WHERE Name = 'Checking'")
    lines = [{"LinkedTxn": [{"TxnId": one["Id"], "TxnType": "Payment", "TxnLineId": "0"}]} for one in payments]
    return company.create("Deposit", {"DepositToAccountRef": {"value": bank["Id"]}, "Line": lines})


def kind_of(document: dict[str, Any]) -> str:
    return "CreditMemo" if "RemainingCredit" in document else "Invoice"
