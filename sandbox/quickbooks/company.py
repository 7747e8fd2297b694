"""One company's books: every change, from the wire, a seed or the bookkeeper's page, comes through here."""

from __future__ import annotations

import json
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from . import deposits, lists, names, payments, sales
from .clock import stamp
from .errors import Fault, business, missing, no_such_reference
from .forms import check_lengths, check_properties, merged, ref_value
from .money import ZERO, amount, decimal
from .query import Query, parse
from .schema import ENTITIES, SALES, TRANSACTIONS, Entity
from .store import Document, Keeper, Record, Store
from .tax import Rate

FAMILIES = {"Customer": "Names", "Vendor": "Names", "Account": "Accounts", "Item": "Items", "TaxCode": "TaxCode"}
NOTHING: frozenset[str] = frozenset()


class Company:
    """A QuickBooks company. Public methods take and give whole documents, as the wire does."""

    def __init__(self, realm_id: str, name: str, country: str, home: str, keeper: Keeper | None = None) -> None:
        self.realm_id = realm_id
        self.name = name
        self.country = country
        self.home = home
        self.store = Store(realm_id, keeper)
        self.names: dict[str, str] = {}  # lower-case display name -> Id, customers and vendors together
        self.numbers: dict[tuple[str, str], str] = {}  # (entity, DocNumber) -> Id
        self.custom_fields: tuple[str, ...] = ()
        self.default_tax_code: str | None = None
        self.tax_by_state: dict[str, str] = {}  # state -> TaxCode, for automated sales tax; "" is everywhere else
        self.store.on_rollback = self.reindex

    def __repr__(self) -> str:
        return f"<Company {self.realm_id} {self.name}>"

    # -- what callers do -----------------------------------------------------------------------------------------

    def create(
        self, entity: str, document: Document, *, include: Iterable[str] = (), at: float | None = None
    ) -> Document:
        """Make a document by the rules of the wire. ``at`` (epoch seconds) dates the change itself."""
        with self.store.changing(at):
            return self._given(self.save(self.kind(entity), {**document, "Id": None}, frozenset(include)))

    def update(
        self, entity: str, document: Document, *, include: Iterable[str] = (), at: float | None = None
    ) -> Document:
        """Change a document, fully or with ``sparse``. A SyncToken left out means the current one."""
        with self.store.changing(at):
            before = self.must_find(self.kind(entity), document.get("Id"))
            body = {"SyncToken": before["SyncToken"], **document}
            return self._given(self.save(self.kind(entity), body, frozenset(include)))

    def read(self, entity: str, pk: object) -> Document:
        """One document; a deleted or unknown one is fault 610."""
        with self.store.lock:
            return self._copy(self.must_find(self.kind(entity), pk))

    def query(self, sql: str) -> list[Document]:
        """The documents a statement selects."""
        with self.store.lock:
            return [json.loads(record.json) for record in self.page(parse(sql))]

    def count(self, sql: str) -> int:
        """The answer to ``SELECT COUNT(*) ...``."""
        with self.store.lock:
            return len(self.store.selection(parse(sql)))

    def void(self, entity: str, pk: object, sync_token: object = None, *, at: float | None = None) -> Document:
        """Take the money out of a document and leave it in place."""
        with self.store.changing(at):
            return self._given(self.save_voided(self.kind(entity), pk, sync_token))

    def delete(self, entity: str, pk: object, sync_token: object = None, *, at: float | None = None) -> Document:
        """Remove a transaction; only change data capture tells of it afterwards."""
        with self.store.changing(at):
            return self.remove(self.kind(entity), pk, sync_token)

    def unlink_and_delete(self, entity: str, pk: object) -> Document:
        """What QuickBooks' own screen does with a paid invoice: the payments keep the money, unapplied, and it goes."""
        with self.store.changing():
            kind = self.kind(entity)
            before = self.must_find(kind, pk)
            self.refuse_if_closed(before, None)
            self._unlink(kind.name, before)
            return self.remove(kind, before["Id"])

    def send(self, entity: str, pk: object, to: str = "", *, at: float | None = None) -> Document:
        """Email a form; here it only notes that it went out, and to whom."""
        with self.store.changing(at):
            return self._given(self.save_sent(self.kind(entity), pk, to))

    def bulk_load(self, entity: str, documents: Iterable[Document]) -> list[Document]:
        """Make many documents in one go, by the same rules. ``at`` inside a document dates that change.

        No webhook tells of them.
        """
        made = []
        with self.store.changing(), self.store.quietly():
            for document in documents:
                document = dict(document)
                with self.store.dated(document.pop("at", None)):
                    made.append(self.save(self.kind(entity), {**document, "Id": None}, NOTHING).document)
        return made

    def merge_customers(self, loser: object, survivor: object) -> Document:
        """What the bookkeeper does with doubles: the loser's transactions move over and the loser is gone."""
        with self.store.changing():
            lost = self.must_find(self.kind("Customer"), loser)
            kept = self.must_find(self.kind("Customer"), survivor)
            if lost["CurrencyRef"] != kept["CurrencyRef"] or lost["Id"] in self._with_parents(kept):
                raise business("These customers cannot be merged.")
            self._move_transactions(lost, kept)
            self._move_children(lost, kept)
            self.names.pop(lost["DisplayName"].lower(), None)
            self.store.remove("Customer", lost["Id"])
            self.store.mark("Customer", lost["Id"], "")
            self.store.mark("Customer", kept["Id"], "merged", lost["Id"])
            now = self.must_find(self.kind("Customer"), kept["Id"])
            return self._given(self.put_again("Customer", now, now))

    def close_books(self, day: str | None) -> None:
        """Lock everything up to this day (``YYYY-MM-DD``), or open the books again with None."""
        self.set_preference("AccountingInfoPrefs", "BookCloseDate", day)

    def set_preference(self, group: str, name: str, value: object) -> None:
        """Change one company preference, for example ``("SalesFormsPrefs", "CustomTxnNumbers", True)``."""
        with self.store.changing():
            before = self.store.find("Preferences", "1") or {}
            settings = {**before.get(group, {}), name: value}
            if value is None:
                del settings[name]
            self.put_again("Preferences", {**before, group: settings}, before)

    # -- the rules -----------------------------------------------------------------------------------------------

    def save(self, entity: Entity, body: Document, options: frozenset[str] = NOTHING) -> Record:
        """Create or update, by whether the body has an Id."""
        check_properties(entity, body)
        before = self._before(entity, body) if body.get("Id") not in (None, "", 0, "0") else None
        document = merged(entity, body, before)
        check_lengths(entity, document)
        document = self._built(entity.name, document, before, options)
        head = {
            "domain": "QBO",
            "sparse": False,
            "Id": before["Id"] if before else self.store.next_id(entity.name),
            "SyncToken": str(int(before["SyncToken"]) + 1) if before else "0",
            "MetaData": self.store.meta(before),
        }
        record = self.store.put(entity.name, {**document, **head})
        self._settled(entity.name, before, record.document)
        return record

    def _before(self, entity: Entity, body: Document) -> Document:
        before = self.must_find(entity, body["Id"])
        self._check_token(before, body.get("SyncToken"))
        return before

    @staticmethod
    def _check_token(before: Document, sent: object) -> None:
        if sent in (None, ""):
            raise missing("SyncToken")
        if str(sent) != before["SyncToken"]:
            raise Fault(5010, element="")

    def _built(self, entity: str, document: Document, before: Document | None, options: frozenset[str]) -> Document:
        if entity in ("Customer", "Vendor"):
            return names.build(self, entity, document, before)
        if entity in SALES:
            return sales.build(self, entity, document, before, options)
        deposits.refuse_if_deposited(self, entity, before)
        if entity == "Payment":
            return payments.build(self, document, before)
        if entity == "Deposit":
            return deposits.build(self, document, before)
        if entity in lists.BUILDERS:
            return lists.build(self, entity, document, before)
        if before is None:
            raise Fault(500, f"Operation create is not supported for {entity}.")
        return {**before, **document}

    def _settled(self, entity: str, before: Document | None, after: Document | None) -> None:
        """What a change of one document does to others."""
        if entity == "Payment":
            payments.settle(self, (after or before or {})["Id"], before, after)
        if entity in TRANSACTIONS:
            self._index_number(entity, before, after)
            self.move_customer_balance(entity, before, after)
        if entity in ("Customer", "Vendor"):
            self._index_name(before, after)
        if entity == "Customer" and before and after and before["FullyQualifiedName"] != after["FullyQualifiedName"]:
            self._rename(before, after)

    def save_voided(self, entity: Entity, pk: object, sync_token: object = None) -> Record:
        """Void: zeros and a note. Payments on a voided invoice become the customer's credit."""
        before = self.must_find(entity, pk)
        token = before["SyncToken"]
        self._check_token(before, token if sync_token is None else sync_token)
        if entity.name not in TRANSACTIONS:
            raise Fault(500, f"Operation void is not supported for {entity.name}.")
        self.refuse_if_closed(before, None)
        deposits.refuse_if_deposited(self, entity.name, before)
        if entity.name == "Payment":
            document = payments.voided(before)
        else:
            self._unlink(entity.name, before)
            before = self.must_find(entity, pk)
            document = sales.voided(self, entity.name, before)
        document["SyncToken"] = str(int(token) + 1)
        document["MetaData"] = self.store.meta(before)
        record = self.store.put(entity.name, document)
        self.store.mark(entity.name, document["Id"], "void")
        self._settled(entity.name, before, document)
        return record

    def save_sent(self, entity: Entity, pk: object, to: str) -> Record:
        """Note that a form was emailed, to the address on it unless another is given."""
        if entity.name not in SALES:
            raise Fault(500, f"Operation send is not supported for {entity.name}.")
        before = self.must_find(entity, pk)
        document = dict(before)
        if to:
            document["BillEmail"] = {"Address": to}
            self.check_email(document, "BillEmail")
        if "BillEmail" not in document:
            raise business("To send this by email, BillEmail must have an address.")
        document["EmailStatus"] = "EmailSent"
        document["DeliveryInfo"] = {"DeliveryType": "Email", "DeliveryTime": stamp(self.store.now)}
        self.store.mark(entity.name, document["Id"], "emailed")
        return self.put_again(entity.name, document, before)

    def _unlink(self, entity: str, document: Document) -> None:
        target = (entity, document["Id"])
        for payment in self.payments_on(target):
            self.put_again("Payment", payments.unlinked(self, payment, target), payment)
            after = self.must_find(ENTITIES["payment"], payment["Id"])
            payments.settle(self, payment["Id"], payment, after)
            self.move_customer_balance("Payment", payment, after)

    def payments_on(self, target: payments.Target) -> list[Document]:
        """All payments with a line for this transaction."""
        kind, pk = target
        if kind == "Invoice":
            linked = (self.store.find(kind, pk) or {}).get("LinkedTxn", [])
            found = (self.store.find("Payment", one["TxnId"]) for one in linked if one["TxnType"] == "Payment")
            return [payment for payment in found if payment]
        table = self.store.tables["Payment"].values()
        return [one.document for one in table if target in payments.applied(one.document)]

    def remove(self, entity: Entity, pk: object, sync_token: object = None) -> Document:
        """Delete, and give the stub that says so."""
        before = self.must_find(entity, pk)
        self._check_token(before, before["SyncToken"] if sync_token is None else sync_token)
        if not entity.deletable:
            raise Fault(500, f"Operation delete is not supported for {entity.name}.")
        self.refuse_if_closed(before, None)
        deposits.refuse_if_deposited(self, entity.name, before)
        if entity.name in payments.PAYABLE and self.payments_on((entity.name, before["Id"])):
            raise business("You must unlink any linked transactions before deleting this one.")
        self.store.remove(entity.name, before["Id"])
        self._settled(entity.name, before, None)
        return {"domain": "QBO", "status": "Deleted", "Id": before["Id"]}

    # -- what the rules look up ----------------------------------------------------------------------------------

    @staticmethod
    def kind(entity: str) -> Entity:
        """The entity of this name, in any case."""
        found = ENTITIES.get(entity.lower())
        if found is None:
            raise Fault(500, f"Operation {entity} is not supported.")
        return found

    def must_find(self, entity: Entity, pk: object) -> Document:
        """The document, or 610; an Id that is no whole number is 2030."""
        text = str(pk)
        if not text.isdigit() and entity.name != "TaxCode":
            raise Fault(2030, f"Id should be a valid number. Supplied value:{text}", "Id")
        found = self.store.find(entity.name, text)
        if found is None:
            raise Fault(610, element="")
        return found

    def reference(self, entity: str, pk: object, family: str = "") -> Document:
        """What a reference points to: 2500 when it is nothing, 610 when it is inactive."""
        found = self.store.find(entity, pk)
        if found is None:
            raise no_such_reference(family or FAMILIES.get(entity, entity), pk)
        if not found.get("Active", True):
            raise Fault(610, element="")
        return found

    def ref(self, entity: str, pk: object) -> Document:
        """A reference with its name filled in."""
        found = self.reference(entity, pk)
        return {"value": found["Id"], "name": found["Name"]}

    def customer_of(self, document: Document, required: bool) -> Document | None:
        """The customer a transaction is for; fills in the reference's name."""
        pk = ref_value(document, "CustomerRef")
        if pk is None:
            if required:
                raise missing("CustomerRef")
            document.pop("CustomerRef", None)
            return None
        customer = self.reference("Customer", pk, family="Names")
        document["CustomerRef"] = {"value": pk, "name": customer["FullyQualifiedName"]}
        return customer

    def line_of_parents(self, customer_id: str) -> list[str]:
        """The customer's Id and those of all above it."""
        line: list[str] = []
        while customer_id and customer_id not in line:
            line.append(customer_id)
            customer_id = ref_value(self.store.find("Customer", customer_id) or {}, "ParentRef") or ""
        return line

    def preference(self, group: str, name: str) -> Any:
        """One setting of the company, None when it is not set."""
        return (self.store.find("Preferences", "1") or {}).get(group, {}).get(name)

    @property
    def multi_currency(self) -> bool:
        """Whether customers may owe in other currencies."""
        return bool(self.preference("CurrencyPrefs", "MultiCurrencyEnabled"))

    def rates_of(self, code: str) -> list[Rate]:
        """The sales tax rates behind a tax code, in order."""
        found = self.reference("TaxCode", code)
        details = found.get("SalesTaxRateList", {}).get("TaxRateDetail", [])
        rates = (self.reference("TaxRate", one["TaxRateRef"]["value"]) for one in details)
        return [Rate(rate["Id"], decimal(rate["RateValue"])) for rate in rates]

    def deposit_account(self, document: Document) -> Document:
        """Where money goes: as sent, or Undeposited Funds, found by its sub type."""
        sent = ref_value(document, "DepositToAccountRef")
        if sent:
            return self.ref("Account", sent)
        for record in self.store.tables["Account"].values():
            if record.document["AccountSubType"] == "UndepositedFunds":
                return self.ref("Account", record.document["Id"])
        raise business("This company has no Undeposited Funds account.")

    def number_taken(self, entity: str, number: str) -> str | None:
        """The Id of the transaction of this kind that has the number."""
        return self.numbers.get((entity, number))

    def next_address_id(self) -> str:
        """Addresses have Ids of their own."""
        self.store.counters["addresses"] = self.store.counters.get("addresses", 1) + 1
        return str(self.store.counters["addresses"])

    def refuse_if_closed(self, document: Document, before: Document | None) -> None:
        """6210 when the date, new or old, lies in a closed period."""
        closed = self.preference("AccountingInfoPrefs", "BookCloseDate")
        days = [one["TxnDate"] for one in (document, before) if one]
        if closed and min(days) <= closed:
            raise Fault(6210, element="")

    @staticmethod
    def check_email(document: Document, name: str) -> None:
        """Several addresses may share the field, parted by commas; each needs an @ and a dot."""
        field = document.get(name)
        if not isinstance(field, dict) or not field.get("Address"):
            document.pop(name, None)
            return
        for address in str(field["Address"]).replace(";", ",").split(","):
            _, at, domain = address.strip().partition("@")
            if not at or "." not in domain or " " in address.strip():
                raise Fault(
                    2210, f"Email Address '{address.strip()}' does not conform to the syntax rules of RFC 822.", name
                )

    def page(self, query: Query) -> list[Record]:
        """The rows of one page."""
        found = self.store.selection(query)
        return found[query.start - 1 : query.start - 1 + query.limit]

    # -- consequences --------------------------------------------------------------------------------------------

    def put_again(self, entity: str, document: Document, before: Document, *, bump: bool = True) -> Record:
        """Write a changed document back with a new time, and with the next SyncToken unless told otherwise."""
        token = int(before["SyncToken"]) + (1 if bump else 0)
        return self.store.put(entity, {**document, "SyncToken": str(token), "MetaData": self.store.meta(before)})

    def reindex(self) -> None:
        """Build the lookups anew, after a change was taken back or the books were loaded from a file."""
        self.names.clear()
        self.numbers.clear()
        for entity in ("Customer", "Vendor"):
            for record in self.store.tables[entity].values():
                self._index_name(None, record.document)
        for entity in TRANSACTIONS:
            for record in self.store.tables[entity].values():
                self._index_number(entity, None, record.document)

    def _index_number(self, entity: str, before: Document | None, after: Document | None) -> None:
        old, new = ((one or {}).get("DocNumber") for one in (before, after))
        if old != new and old is not None and before and self.numbers.get((entity, old)) == before["Id"]:
            del self.numbers[entity, old]
        if new is not None and after:
            self.numbers.setdefault((entity, new), after["Id"])

    def _index_name(self, before: Document | None, after: Document | None) -> None:
        if before:
            self.names.pop(before["DisplayName"].lower(), None)
        if after:
            self.names[after["DisplayName"].lower()] = after["Id"]

    def move_customer_balance(self, entity: str, before: Document | None, after: Document | None) -> None:
        """The customer's balance and time follow its transactions; its SyncToken does not."""
        changes: dict[str, Decimal] = {}
        for document, sign in ((before, -1), (after, 1)):
            pk = ref_value(document or {}, "CustomerRef")
            if document and pk:
                changes[pk] = changes.get(pk, ZERO) + sign * owed(entity, document)
        for pk, change in changes.items():
            self.touch_customer(pk, change)

    def touch_customer(self, pk: str, change: Decimal) -> None:
        """Move one customer's balance, and what its parents see of it."""
        for level, customer_id in enumerate(self.line_of_parents(pk)):
            before = self.store.find("Customer", customer_id)
            if before is None or (level and not change):
                continue
            moved = {"BalanceWithJobs": amount(decimal(before["BalanceWithJobs"]) + change)}
            if not level:
                moved["Balance"] = amount(decimal(before["Balance"]) + change)
            self.put_again("Customer", {**before, **moved}, before, bump=False)

    def _rename(self, before: Document, after: Document) -> None:
        """A new name shows on the customer's transactions and in the full names of its sub-customers."""
        shown = {"value": after["Id"], "name": after["FullyQualifiedName"]}
        for entity in TRANSACTIONS:
            for record in list(self.store.tables[entity].values()):
                if ref_value(record.document, "CustomerRef") == after["Id"]:
                    self.store.put(entity, {**record.document, "CustomerRef": shown})
        for record in list(self.store.tables["Customer"].values()):
            child = record.document
            if ref_value(child, "ParentRef") == after["Id"]:
                full = f"{after['FullyQualifiedName']}:{child['DisplayName']}"
                self.put_again("Customer", {**child, "FullyQualifiedName": full}, child, bump=False)
                self._rename(child, {**child, "FullyQualifiedName": full})

    def _move_transactions(self, lost: Document, kept: Document) -> None:
        shown = {"value": kept["Id"], "name": kept["FullyQualifiedName"]}
        for entity in TRANSACTIONS:
            for record in list(self.store.tables[entity].values()):
                before = record.document
                if ref_value(before, "CustomerRef") == lost["Id"]:
                    after = self.put_again(entity, {**before, "CustomerRef": shown}, before).document
                    self.move_customer_balance(entity, before, after)

    def _with_parents(self, customer: Document) -> list[str]:
        """A customer's id, its parent's, and so on up: nobody is merged into a job of its own."""
        line = [str(customer["Id"])]
        while parent := ref_value(customer, "ParentRef"):
            line.append(parent)
            customer = self.must_find(self.kind("Customer"), parent)
        return line

    def _move_children(self, lost: Document, kept: Document) -> None:
        for record in list(self.store.tables["Customer"].values()):
            child = record.document
            if ref_value(child, "ParentRef") == lost["Id"]:
                full = f"{kept['FullyQualifiedName']}:{child['DisplayName']}"
                moved = {**child, "ParentRef": {"value": kept["Id"]}, "FullyQualifiedName": full}
                self.put_again("Customer", moved, child)
                self.touch_customer(kept["Id"], ZERO)

    @staticmethod
    def _copy(document: Document) -> Document:
        copied: Document = json.loads(json.dumps(document))
        return copied

    @staticmethod
    def _given(record: Record) -> Document:
        given: Document = json.loads(record.json)
        return given


def owed(entity: str, document: Document) -> Decimal:
    """What a transaction adds to the customer's balance."""
    if entity == "Invoice":
        return decimal(document["Balance"])
    if entity == "CreditMemo":
        return -decimal(document["Balance"])
    return -decimal(document["UnappliedAmt"]) if entity == "Payment" else ZERO
