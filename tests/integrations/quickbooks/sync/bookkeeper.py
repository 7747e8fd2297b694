"""A generated bookkeeper: one random step after the other in a company's books, refused ones included."""

from collections.abc import Callable
from random import Random
from typing import Any

from sandbox import Company
from sandbox.quickbooks.errors import Fault
from tests.sandbox.cast import customer, invoice, pay, sold


class Bookkeeper:
    """``steps`` counts what was done, ``refused`` what QuickBooks' rules forbade. The same seed does the same."""

    def __init__(self, books: Company, seed: int) -> None:
        self.books, self.random = books, Random(seed)
        self.steps = self.refused = 0
        self.acts: list[Callable[[], Any]] = [
            self.new_customer,
            self.edit_customer,
            self.toggle_customer,
            self.merge_customers,
            *[self.new_invoice] * 4,
            self.edit_invoice,
            *[self.receive_money] * 4,
            self.respread_payment,
            self.apply_credit,
            self.void_payment,
            self.delete_payment,
            self.void_invoice,
            self.delete_invoice,
        ]

    def step(self) -> None:
        self.steps += 1
        try:
            self.random.choice(self.acts)()
        except (Fault, IndexError):  # forbidden, or there is nothing yet to do it to
            self.refused += 1

    def any_of(self, entity: str) -> dict[str, Any]:
        everybody = " WHERE Active IN (true, false)" if entity == "Customer" else ""
        return self.random.choice(self.books.query(f"SELECT * FROM {entity}{everybody} MAXRESULTS 1000"))

    def new_customer(self) -> None:
        contact: dict[str, Any] = {}
        if self.random.random() < 0.7:  # few addresses, so that some are shared
            contact["PrimaryEmailAddr"] = {"Address": f"{self.random.randrange(40)}@example.com"}
        customer(self.books, f"Customer {self.steps}", **contact)

    def edit_customer(self) -> None:
        one = self.any_of("Customer")
        address = {"Address": f"{self.random.randrange(40)}@example.com"}
        body = {"Id": one["Id"], "sparse": True, "CompanyName": f"Firm {self.steps}", "PrimaryEmailAddr": address}
        self.books.update("Customer", body)

    def toggle_customer(self) -> None:
        one = self.any_of("Customer")
        self.books.update("Customer", {"Id": one["Id"], "sparse": True, "Active": not one["Active"]})

    def merge_customers(self) -> None:
        if self.random.random() < 0.4:
            self.books.merge_customers(self.any_of("Customer")["Id"], self.any_of("Customer")["Id"])

    def new_invoice(self) -> None:
        lines = [sold("1", self.random.randint(1, 9), self.random.randint(1, 999) / 4, "NON") for _ in range(3)]
        invoice(self.books, self.any_of("Customer"), *lines[: self.random.randint(1, 3)])

    def edit_invoice(self) -> None:
        one = self.any_of("Invoice")
        if one["TotalAmt"]:  # a void one written anew may be voided again, and would be told of twice with reason
            body = {"Id": one["Id"], "sparse": True, "Line": [sold("1", 1, self.steps, "NON")]}
            self.books.update("Invoice", body)

    def receive_money(self) -> None:
        first = self.any_of("Invoice")
        same = [one for one in self.books.query("SELECT * FROM Invoice MAXRESULTS 1000") if self._open_with(one, first)]
        parts = [(one, one["Balance"] if self.random.random() < 0.6 else round(one["Balance"] / 2, 2)) for one in same]
        parts = [(one, part) for one, part in parts[: self.random.randint(0, 3)] if part > 0]
        extra = self.random.choice([0, 0, 12.5])
        owner = self.books.read("Customer", first["CustomerRef"]["value"])
        pay(self.books, owner, round(sum(part for _, part in parts) + extra, 2), *parts)

    @staticmethod
    def _open_with(one: dict[str, Any], first: dict[str, Any]) -> bool:
        return one["CustomerRef"]["value"] == first["CustomerRef"]["value"] and one["Balance"] > 0

    def respread_payment(self) -> None:
        one = self.any_of("Payment")
        self.books.update("Payment", {"Id": one["Id"], "sparse": True, "Line": one["Line"][1:]})

    def apply_credit(self) -> None:
        bill = self.any_of("Invoice")
        part = bill["Balance"]
        item = {"DetailType": "SalesItemLineDetail", "Amount": part, "SalesItemLineDetail": {"ItemRef": {"value": "1"}}}
        memo = self.books.create("CreditMemo", {"CustomerRef": bill["CustomerRef"], "Line": [item]})
        pay(self.books, self.books.read("Customer", bill["CustomerRef"]["value"]), 0, (bill, part), (memo, part))

    def void_payment(self) -> None:
        self.books.void("Payment", self.any_of("Payment")["Id"])

    def delete_payment(self) -> None:
        self.books.delete("Payment", self.any_of("Payment")["Id"])

    def void_invoice(self) -> None:
        self.books.void("Invoice", self.any_of("Invoice")["Id"])

    def delete_invoice(self) -> None:
        one = self.any_of("Invoice")
        if self.random.random() < 0.5:
            self.books.unlink_and_delete("Invoice", one["Id"])
        else:
            self.books.delete("Invoice", one["Id"])
