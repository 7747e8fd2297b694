"""The bookkeeper of the seeds: enters documents on given days before today, by the rules of the wire."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

from ..clock import pacific
from ..company import Company
from ..store import Document

DAY = 86400


class Teller:
    """Writes the demo books. ``ago`` is always in days."""

    def __init__(self, company: Company) -> None:
        self.company = company
        self.now = time.time()
        self.ids: dict[str, str] = {}  # customer's display name -> Id

    def date(self, ago: int) -> str:
        """The date so many days before today."""
        return (pacific(self.now).date() - timedelta(days=ago)).isoformat()

    def moment(self, ago: int) -> float:
        """A moment of that day, never in the future."""
        return self.now - ago * DAY - 3600

    def customer(self, name: str, ago: int = 900, **fields: Any) -> str:
        """A customer; ``phone``, ``email``, ``parent`` and ``currency`` are spelled short."""
        document: Document = {"DisplayName": name}
        for short, long in (("phone", "PrimaryPhone"), ("mobile", "Mobile"), ("alternate", "AlternatePhone")):
            if short in fields:
                document[long] = {"FreeFormNumber": fields.pop(short)}
        if "email" in fields:
            document["PrimaryEmailAddr"] = {"Address": fields.pop("email")}
        if "parent" in fields:
            document |= {"ParentRef": {"value": self.ids[fields.pop("parent")]}, "Job": True}
        if "currency" in fields:
            document["CurrencyRef"] = {"value": fields.pop("currency")}
        made = self.company.create("Customer", document | fields, at=self.moment(ago))
        self.ids[name] = made["Id"]
        return str(made["Id"])

    def retire(self, name: str, ago: int = 100) -> None:
        """Make a customer inactive."""
        body = {"Id": self.ids[name], "sparse": True, "Active": False}
        self.company.update("Customer", body, at=self.moment(ago))

    def _sale(self, entity: str, name: str | None, ago: int, lines: list[Document], fields: Document) -> Document:
        document: Document = {"TxnDate": self.date(ago), "Line": lines, **fields}
        if name:
            document["CustomerRef"] = {"value": self.ids[name]}
        if self.company.multi_currency and "CurrencyRef" not in document:
            customer = self.company.read("Customer", self.ids[name]) if name else None
            document["CurrencyRef"] = customer["CurrencyRef"] if customer else {"value": self.company.home}
        return self.company.create(entity, document, at=self.moment(ago))

    def invoice(self, name: str, ago: int, *lines: Document, **fields: Any) -> Document:
        """An invoice of that day."""
        return self._sale("Invoice", name, ago, list(lines), fields)

    def credit(self, name: str, ago: int, *lines: Document, **fields: Any) -> Document:
        """A credit memo."""
        return self._sale("CreditMemo", name, ago, list(lines), fields)

    def receipt(self, name: str | None, ago: int, *lines: Document, **fields: Any) -> Document:
        """A sales receipt: sold and paid at once."""
        return self._sale("SalesReceipt", name, ago, list(lines), fields)

    def pay(
        self,
        name: str,
        ago: int,
        total: float,
        *on: tuple[Document, float],
        credits: tuple[Any, ...] = (),
        **fields: Any,
    ) -> Document:
        """A payment on some invoices, perhaps with credit memos; the rest stays unapplied."""
        lines = [_applied("Invoice", invoice, amount) for invoice, amount in on]
        lines += [_applied("CreditMemo", memo, amount) for memo, amount in credits]
        document: Document = {
            "CustomerRef": {"value": self.ids[name]},
            "TxnDate": self.date(ago),
            "TotalAmt": total,
            "Line": lines,
            **fields,
        }
        if self.company.multi_currency:
            document["CurrencyRef"] = self.company.read("Customer", self.ids[name])["CurrencyRef"]
        return self.company.create("Payment", document, at=self.moment(ago))

    def settle(self, invoice: Document, ago: int, **fields: Any) -> Document:
        """Pay an invoice in full."""
        name = next(name for name, pk in self.ids.items() if pk == invoice["CustomerRef"]["value"])
        return self.pay(name, ago, invoice["Balance"], (invoice, invoice["Balance"]), **fields)


def _applied(kind: str, document: Document, amount: float) -> Document:
    return {"Amount": amount, "LinkedTxn": [{"TxnId": document["Id"], "TxnType": kind}]}


def sold(item: str, quantity: float, price: float, code: str = "NON", text: str = "") -> Document:
    """A line with an item, a quantity and a price."""
    line: Document = {
        "Amount": round(quantity * price + 1e-9, 2),
        "DetailType": "SalesItemLineDetail",
        "SalesItemLineDetail": {
            "ItemRef": {"value": item},
            "Qty": quantity,
            "UnitPrice": price,
            "TaxCodeRef": {"value": code},
        },
    }
    if text:
        line["Description"] = text
    return line


def lump(item: str, amount: float, code: str = "NON") -> Document:
    """A line with an amount only."""
    detail = {"ItemRef": {"value": item}, "TaxCodeRef": {"value": code}}
    return {"Amount": amount, "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": detail}


def bundle(item: str, quantity: float = 1) -> Document:
    """A bundle; its parts come from the item."""
    detail = {"GroupItemRef": {"value": item}, "Quantity": quantity}
    return {"DetailType": "GroupLineDetail", "GroupLineDetail": detail}


def percent_off(percent: float) -> Document:
    """A discount in percent."""
    detail = {"PercentBased": True, "DiscountPercent": percent}
    return {"DetailType": "DiscountLineDetail", "DiscountLineDetail": detail}


def amount_off(amount: float) -> Document:
    """A discount as an amount."""
    return {"Amount": amount, "DetailType": "DiscountLineDetail", "DiscountLineDetail": {"PercentBased": False}}


def shipping(amount: float, code: str = "") -> Document:
    """Shipping, after the subtotal."""
    detail: Document = {"ItemRef": {"value": "SHIPPING_ITEM_ID"}}
    if code:
        detail["TaxCodeRef"] = {"value": code}
    return {"Amount": amount, "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": detail}


def remark(text: str) -> Document:
    """A line of words only."""
    return {"Description": text, "DetailType": "DescriptionOnly", "DescriptionLineDetail": {}}


def tax(code: str) -> dict[str, Any]:
    """The US way to say which tax applies to the whole form."""
    return {"TxnTaxDetail": {"TxnTaxCodeRef": {"value": code}}}
