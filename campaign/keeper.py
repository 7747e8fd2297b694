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
    """``steps`` counts what was done, ``refused`` what QuickBooks' rules forbade.

    ``undone`` are the payments that were voided or deleted by hand, and ``rearranged`` payments and invoices on which
    money was moved by hand: each as (entity, id).
    """

    def __init__(self, books: Company) -> None:
        self.books, self.random = books, Random()
        self.untaxed = "NON" if books.country == "US" else "3"
        self.money = {"CurrencyRef": {"value": books.home}}
        self.steps = self.refused = self.twins = 0
        self.undone: set[tuple[str, str]] = set()
        self.rearranged: set[tuple[str, str]] = set()
        self.acts: list[Callable[[], Any]] = [
            *[self.new_invoice] * 8,
            *[self.receive_money] * 3,
            *[self.new_customer, self.new_job, self.edit_customer, self.toggle_customer, self.merge_customers],
            *[self.edit_invoice, self.reassign_invoice, self.void_invoice, self.delete_invoice],
            *[self.respread_payment, self.apply_credit, self.delete_credit, self.void_payment, self.delete_payment],
        ]

    def step(self, dice: Random) -> None:
        self.steps += 1
        self.random = dice
        try:
            dice.choice(self.acts)()
        except (Fault, IndexError):  # forbidden, or there is nothing yet to do it to
            self.refused += 1

    def any_of(self, entity: str) -> Document:
        return self.books.read(entity, self.random.choice(list(self.books.store.tables[entity])))

    def _moved(self, entity: str) -> Document:
        """Any of these, on which money is moved now."""
        one = self.any_of(entity)
        self.rearranged.add((entity, one["Id"]))
        return one

    def chance(self, part: float) -> bool:
        return self.random.random() < part

    # -- customers --

    def _address(self) -> Document:
        return {"PrimaryEmailAddr": {"Address": f"{self.random.randrange(ADDRESSES)}@example.com"}}

    def new_customer(self) -> None:
        body = {"DisplayName": f"Customer {self.steps}", **(self._address() if self.chance(0.6) else {})}
        if self.chance(0.6):
            body["Mobile"] = {"FreeFormNumber": f"+1415{5550000 + self.steps}"}
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
        rates = [self.random.randint(1, 999) / 4 for _ in range(3)]
        lines = [sold("1", self.random.randint(1, 9), rate, self.untaxed) for rate in rates]
        body = {"CustomerRef": {"value": self.any_of("Customer")["Id"]}, **self.money}
        self.books.create("Invoice", {**body, "Line": lines[: self.random.randint(1, 3)]})

    def edit_invoice(self) -> None:
        one = self._moved("Invoice")
        if one["TotalAmt"]:  # a void one written anew may be voided again, and would be told of twice with reason
            line = sold("1", 1, self.steps, self.untaxed)
            self.books.update("Invoice", {"Id": one["Id"], "sparse": True, "Line": [line]})

    def reassign_invoice(self) -> None:
        self._change("Invoice", CustomerRef={"value": self.any_of("Customer")["Id"]})

    def void_invoice(self) -> None:
        self.books.void("Invoice", self._moved("Invoice")["Id"])

    def delete_invoice(self) -> None:
        delete = self.books.unlink_and_delete if self.chance(0.5) else self.books.delete
        delete("Invoice", self._moved("Invoice")["Id"])

    # -- money --

    def receive_money(self) -> None:
        first = self.any_of("Invoice")
        payable = self._open_of(first["CustomerRef"]["value"])[: self.random.randint(0, 3)]
        parts = [(one["Id"], self._part_of(one["Balance"])) for one in payable]
        extra = Decimal(self.random.choice(["0", "0", "12.50"]))
        lines = [self._applied("Invoice", pk, part) for pk, part in parts if part > 0]
        total = sum((part for _, part in parts), extra)
        body = {"CustomerRef": first["CustomerRef"], "TotalAmt": float(total), "Line": lines}
        self.books.create("Payment", {**body, **self.money})

    def _open_of(self, customer: str) -> list[Document]:
        records = [record.document for record in list(self.books.store.tables["Invoice"].values())]
        return [one for one in records if one["CustomerRef"]["value"] == customer and one["Balance"] > 0]

    def _part_of(self, balance: Any) -> Decimal:
        whole = Decimal(str(balance))
        return whole if self.chance(0.6) else (whole / 2).quantize(Decimal("0.01"))

    @staticmethod
    def _applied(kind: str, pk: str, amount: Decimal) -> Document:
        return {"Amount": float(amount), "LinkedTxn": [{"TxnId": pk, "TxnType": kind}]}

    def respread_payment(self) -> None:
        one = self._moved("Payment")
        self.books.update("Payment", {"Id": one["Id"], "sparse": True, "Line": one["Line"][1:]})

    def apply_credit(self) -> None:
        bill = self.any_of("Invoice")
        part = Decimal(str(bill["Balance"]))
        body = {"CustomerRef": bill["CustomerRef"], **self.money}
        memo = self.books.create("CreditMemo", {**body, "Line": [sold("1", 1, float(part), self.untaxed)]})
        lines = [self._applied("Invoice", bill["Id"], part), self._applied("CreditMemo", memo["Id"], part)]
        self.books.create("Payment", {**body, "TotalAmt": 0, "Line": lines})

    def delete_credit(self) -> None:
        self.books.unlink_and_delete("CreditMemo", self.any_of("CreditMemo")["Id"])

    def void_payment(self) -> None:
        pk = self.any_of("Payment")["Id"]
        self.books.void("Payment", pk)
        self.undone.add(("Payment", pk))

    def delete_payment(self) -> None:
        pk = self.any_of("Payment")["Id"]
        self.books.delete("Payment", pk)
        self.undone.add(("Payment", pk))

    # -- what others bring about --

    def record_same(self, invoice: str, amount: float) -> None:
        """A payment that is being made elsewhere at this moment."""
        try:
            owner = self.books.read("Invoice", invoice)["CustomerRef"]
            line = self._applied("Invoice", invoice, Decimal(str(amount)))
            self.books.create("Payment", {"CustomerRef": owner, "TotalAmt": amount, "Line": [line], **self.money})
            self.twins += 1
        except Fault:  # it is paid there by now
            pass

    def enter(self, number: str, day: str, amount: float, customer: str) -> None:
        """A payment that staff ask for, under the number and the date they were told; once."""
        if any(one.document.get("PaymentRefNum") == number for one in self.books.store.tables["Payment"].values()):
            return
        self.wake_all()
        if not self.books.read("Customer", customer)["Active"]:
            customer = self._awake()[0]
        known = {"PaymentRefNum": number, "TxnDate": day, "TotalAmt": amount, **self.money}
        self.books.create("Payment", {"CustomerRef": {"value": customer}, **known})

    def wake_all(self) -> bool:
        """Make customers active again; False where QuickBooks lets one of them sleep for good."""
        for pk in self.books.store.tables["Customer"].keys() - self._awake():
            try:
                self.books.update("Customer", {"Id": pk, "sparse": True, "Active": True})
            except Fault:  # it is a job too deep by now
                pass
        return len(self._awake()) == len(self.books.store.tables["Customer"])

    def _awake(self) -> list[str]:
        return [pk for pk, record in self.books.store.tables["Customer"].items() if record.document["Active"]]
