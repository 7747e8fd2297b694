"""A generated bookkeeper: one random step after the other in a company's books, refused ones included."""

from collections.abc import Callable
from decimal import Decimal
from random import Random
from typing import Any

from sandbox import Company
from sandbox.quickbooks.errors import Fault
from sandbox.quickbooks.seed.teller import sold

Document = dict[str, Any]
ADDRESSES = 60  # few, so that some are shared


class Bookkeeper:
    """``steps`` counts what was done, ``refused`` what QuickBooks' rules forbade. The same seed does the same."""

    def __init__(self, books: Company, seed: int) -> None:
        self.books, self.random = books, Random(seed)
        self.steps = self.refused = 0
        often: list[Callable[[], Any]] = [self.new_invoice, self.receive_money]
        self.acts: list[Callable[[], Any]] = [
            *often * 4,
            *[self.new_customer, self.new_job, self.edit_customer, self.toggle_customer, self.merge_customers],
            *[self.edit_invoice, self.reassign_invoice, self.void_invoice, self.delete_invoice],
            *[self.respread_payment, self.apply_credit, self.delete_credit, self.void_payment, self.delete_payment],
        ]

    def step(self) -> None:
        self.steps += 1
        try:
            self.random.choice(self.acts)()
        except (Fault, IndexError):  # forbidden, or there is nothing yet to do it to
            self.refused += 1

    def any_of(self, entity: str) -> Document:
        return self.books.read(entity, self.random.choice(list(self.books.store.tables[entity])))

    def chance(self, part: float) -> bool:
        return self.random.random() < part

    # -- customers --

    def _address(self) -> Document:
        return {"PrimaryEmailAddr": {"Address": f"{self.random.randrange(ADDRESSES)}@example.com"}}

    def new_customer(self) -> None:
        body = {"DisplayName": f"Customer {self.steps}", **(self._address() if self.chance(0.6) else {})}
        self.books.create("Customer", body)

    def new_job(self) -> None:
        parent = self.any_of("Customer")
        shared = {"PrimaryEmailAddr": parent["PrimaryEmailAddr"]} if parent.get("PrimaryEmailAddr") else {}
        body = {"DisplayName": f"Job {self.steps}", "Job": True, "ParentRef": {"value": parent["Id"]}}
        self.books.create("Customer", {**body, **(shared if self.chance(0.6) else {})})

    def edit_customer(self) -> None:
        change = {"CompanyName": f"Firm {self.steps}", **(self._address() if self.chance(0.3) else {})}
        self._change("Customer", **change)

    def toggle_customer(self) -> None:
        one = self.any_of("Customer")
        self.books.update("Customer", {"Id": one["Id"], "sparse": True, "Active": not one["Active"]})

    def merge_customers(self) -> None:
        if self.chance(0.5):
            self.books.merge_customers(self.any_of("Customer")["Id"], self.any_of("Customer")["Id"])

    def _change(self, entity: str, **fields: Any) -> None:
        self.books.update(entity, {"Id": self.any_of(entity)["Id"], "sparse": True, **fields})

    # -- invoices --

    def new_invoice(self) -> None:
        lines = [sold("1", self.random.randint(1, 9), self.random.randint(1, 999) / 4, "NON") for _ in range(3)]
        owner = {"value": self.any_of("Customer")["Id"]}
        self.books.create("Invoice", {"CustomerRef": owner, "Line": lines[: self.random.randint(1, 3)]})

    def edit_invoice(self) -> None:
        one = self.any_of("Invoice")
        if one["TotalAmt"]:  # a void one written anew may be voided again, and would be told of twice with reason
            line = sold("1", 1, self.steps, "NON")
            self.books.update("Invoice", {"Id": one["Id"], "sparse": True, "Line": [line]})

    def reassign_invoice(self) -> None:
        self._change("Invoice", CustomerRef={"value": self.any_of("Customer")["Id"]})

    def void_invoice(self) -> None:
        self.books.void("Invoice", self.any_of("Invoice")["Id"])

    def delete_invoice(self) -> None:
        delete = self.books.unlink_and_delete if self.chance(0.5) else self.books.delete
        delete("Invoice", self.any_of("Invoice")["Id"])

    # -- money --

    def receive_money(self) -> None:
        first = self.any_of("Invoice")
        payable = self._open_of(first["CustomerRef"]["value"])[: self.random.randint(0, 3)]
        parts = [(one["Id"], self._part_of(one["Balance"])) for one in payable]
        extra = Decimal(self.random.choice(["0", "0", "12.50"]))
        lines = [self._applied("Invoice", pk, part) for pk, part in parts if part > 0]
        total = sum((part for _, part in parts), extra)
        self.books.create("Payment", {"CustomerRef": first["CustomerRef"], "TotalAmt": float(total), "Line": lines})

    def _open_of(self, customer: str) -> list[Document]:
        records = [record.document for record in self.books.store.tables["Invoice"].values()]
        return [one for one in records if one["CustomerRef"]["value"] == customer and one["Balance"] > 0]

    def _part_of(self, balance: Any) -> Decimal:
        whole = Decimal(str(balance))
        return whole if self.chance(0.6) else (whole / 2).quantize(Decimal("0.01"))

    @staticmethod
    def _applied(kind: str, pk: str, amount: Decimal) -> Document:
        return {"Amount": float(amount), "LinkedTxn": [{"TxnId": pk, "TxnType": kind}]}

    def respread_payment(self) -> None:
        one = self.any_of("Payment")
        self.books.update("Payment", {"Id": one["Id"], "sparse": True, "Line": one["Line"][1:]})

    def apply_credit(self) -> None:
        bill = self.any_of("Invoice")
        part = Decimal(str(bill["Balance"]))
        detail = {"ItemRef": {"value": "1"}}
        item = {"DetailType": "SalesItemLineDetail", "Amount": float(part), "SalesItemLineDetail": detail}
        memo = self.books.create("CreditMemo", {"CustomerRef": bill["CustomerRef"], "Line": [item]})
        lines = [self._applied("Invoice", bill["Id"], part), self._applied("CreditMemo", memo["Id"], part)]
        self.books.create("Payment", {"CustomerRef": bill["CustomerRef"], "TotalAmt": 0, "Line": lines})

    def delete_credit(self) -> None:
        self.books.unlink_and_delete("CreditMemo", self.any_of("CreditMemo")["Id"])

    def void_payment(self) -> None:
        self.books.void("Payment", self.any_of("Payment")["Id"])

    def delete_payment(self) -> None:
        self.books.delete("Payment", self.any_of("Payment")["Id"])
