"""Items, accounts, payment methods and terms: short lists that documents refer to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .errors import Fault, missing
from .forms import flag, ref_value
from .money import currency_ref, decimal, plain

if TYPE_CHECKING:
    from .company import Company

Document = dict[str, Any]
DELETED = " (deleted)"
ITEM_TYPES = ("Service", "NonInventory", "Inventory", "Group", "Category")
CLASSES = {
    "Bank": "Asset",
    "Accounts Receivable": "Asset",
    "Other Current Asset": "Asset",
    "Fixed Asset": "Asset",
    "Other Asset": "Asset",
    "Income": "Revenue",
    "Other Income": "Revenue",
    "Equity": "Equity",
    "Accounts Payable": "Liability",
    "Credit Card": "Liability",
    "Other Current Liability": "Liability",
    "Long Term Liability": "Liability",
}


def build(books: Company, entity: str, document: Document, before: Document | None) -> Document:
    """A list entry as QuickBooks will keep it."""
    if not document.get("Name"):
        raise missing("Name")
    document["Active"] = flag(document, "Active", before.get("Active", True) if before else True)
    name = str(document["Name"])
    if not document["Active"] and not name.endswith(DELETED):
        document["Name"] = name + DELETED
    elif document["Active"] and before and not before["Active"]:
        document["Name"] = name.removesuffix(DELETED)
    _refuse_duplicate(books, entity, document)
    BUILDERS[entity](books, document)
    return document


def _refuse_duplicate(books: Company, entity: str, document: Document) -> None:
    wanted = (document["Name"].lower(), ref_value(document, "ParentRef"))
    for record in books.store.tables[entity].values():
        other = record.document
        if (other["Name"].lower(), ref_value(other, "ParentRef")) == wanted and other["Id"] != document.get("Id"):
            raise Fault(6240, "The name supplied already exists. : null")


def _qualified(books: Company, entity: str, document: Document) -> str:
    parent = ref_value(document, "ParentRef")
    if parent is None:
        return str(document["Name"])
    return f"{books.reference(entity, parent)['FullyQualifiedName']}:{document['Name']}"


def _item(books: Company, document: Document) -> None:
    kind = document.setdefault("Type", "Service")
    if kind not in ITEM_TYPES:
        raise Fault(2010, f"Property Name:Type {kind} is unsupported or invalid", "Type")
    if kind in ("Service", "NonInventory", "Inventory"):
        account = ref_value(document, "IncomeAccountRef")
        if account is None:
            raise missing("IncomeAccountRef")
        document["IncomeAccountRef"] = books.ref("Account", account)
    if "UnitPrice" in document or kind in ("Service", "NonInventory", "Inventory"):
        document["UnitPrice"] = plain(decimal(document.get("UnitPrice", 0), "UnitPrice"))
    document["Taxable"] = flag(document, "Taxable", False)
    document["TrackQtyOnHand"] = flag(document, "TrackQtyOnHand", kind == "Inventory")
    if kind == "Group":
        document.setdefault("ItemGroupDetail", {"ItemGroupLine": []})
        document.setdefault("PrintGroupedItems", True)
    document["FullyQualifiedName"] = _qualified(books, "Item", document)


def _account(books: Company, document: Document) -> None:
    if not document.get("AccountType"):
        raise missing("AccountType")
    document.setdefault("AccountSubType", str(document["AccountType"]).replace(" ", ""))
    document["Classification"] = CLASSES.get(document["AccountType"], "Expense")
    document["SubAccount"] = bool(ref_value(document, "ParentRef"))
    document.setdefault("CurrentBalance", 0)
    document.setdefault("CurrentBalanceWithSubAccounts", 0)
    document["CurrencyRef"] = currency_ref(ref_value(document, "CurrencyRef") or books.home)
    document["FullyQualifiedName"] = _qualified(books, "Account", document)


def _payment_method(books: Company, document: Document) -> None:
    document.setdefault("Type", "NON_CREDIT_CARD")


def _term(books: Company, document: Document) -> None:
    document.setdefault("Type", "STANDARD")
    document["DueDays"] = int(decimal(document.get("DueDays", 0), "DueDays"))
    document.setdefault("DiscountDays", 0)


def _tax_code(books: Company, document: Document) -> None:
    document.setdefault("Description", document["Name"])
    document["Taxable"] = flag(document, "Taxable", True)
    document["TaxGroup"] = flag(document, "TaxGroup", True)
    document.setdefault("PurchaseTaxRateList", {"TaxRateDetail": []})


def _tax_rate(books: Company, document: Document) -> None:
    document.setdefault("Description", document["Name"])
    document["RateValue"] = plain(decimal(document.get("RateValue", 0), "RateValue"))
    document.setdefault("AgencyRef", {"value": "1"})
    document.setdefault("SpecialTaxType", "NONE")
    document.setdefault("DisplayType", "ReadOnly")


BUILDERS = {
    "Item": _item,
    "Account": _account,
    "PaymentMethod": _payment_method,
    "Term": _term,
    "TaxCode": _tax_code,
    "TaxRate": _tax_rate,
}
