"""Customers and vendors: one namespace, sub-customers, and what "delete" means for a name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .errors import Fault, business
from .forms import flag, ref_value
from .money import currency_ref, rate_between

if TYPE_CHECKING:
    from .company import Company

Document = dict[str, Any]
DELETED = " (deleted)"
PARTS = ("Title", "GivenName", "MiddleName", "FamilyName", "Suffix")
NAMED = (*PARTS, "DisplayName", "PrintOnCheckName", "CompanyName")
MOST_LEVELS = 4


def build(books: Company, entity: str, document: Document, before: Document | None) -> Document:
    """A customer or vendor as QuickBooks will keep it."""
    _check_letters(books, document)
    books.check_email(document, "PrimaryEmailAddr")
    document["DisplayName"] = _display_name(document)
    document.setdefault("PrintOnCheckName", document["DisplayName"][:110])
    document["Active"] = flag(document, "Active", before.get("Active", True) if before else True)
    _set_currency(books, document, before)
    _set_addresses(books, document)
    for name in ("Balance", "BalanceWithJobs") if entity == "Customer" else ("Balance",):
        document[name] = before[name] if before else 0
    _set_activity(document, before)
    if entity == "Customer":
        _set_place(books, document)
        _set_defaults(books, document)
    else:
        document["Vendor1099"] = flag(document, "Vendor1099", False)
    _refuse_duplicate(books, document)
    return document


def _check_letters(books: Company, document: Document) -> None:
    for name in NAMED:
        text = document.get(name, "")
        if any(letter in text for letter in ":\t\n") and name != "CompanyName":
            raise Fault(2040, f"Invalid String. {name} contains a colon, tab or new line: {text}", name)
        if books.country == "US" and not _known_to_us_companies(text):
            raise Fault(2040, f"Invalid String. The String contains unsupported characters: {name}", name)


def _known_to_us_companies(text: str) -> bool:
    """Intuit's documentation: US companies know the ISO-8859-1 letters (with Windows' quotes and dashes)."""
    try:
        text.encode("cp1252")
    except UnicodeEncodeError:
        return False
    return True


def _display_name(document: Document) -> str:
    name = str(document.get("DisplayName") or " ".join(document[part] for part in PARTS if document.get(part))).strip()
    if not name:
        raise Fault(
            2020,
            f"Required parameter DisplayName or at least one of {', '.join(PARTS)} is missing in the request",
            "DisplayName",
        )
    return name


def _set_currency(books: Company, document: Document, before: Document | None) -> None:
    """A name's currency is fixed once it is set; others than the home currency need multi-currency."""
    sent = ref_value(document, "CurrencyRef")
    settled = before["CurrencyRef"]["value"] if before else (sent or books.home)
    if sent and sent != settled:
        raise business("You cannot change the currency of a name that has one.")
    if settled != books.home and not books.multi_currency:
        raise business("Multi-currency is not turned on for this company.")
    rate_between(settled, books.home)
    document["CurrencyRef"] = currency_ref(settled)


def _set_addresses(books: Company, document: Document) -> None:
    for name in ("BillAddr", "ShipAddr"):
        if name in document and "Id" not in document[name]:
            document[name] = {"Id": books.next_address_id(), **document[name]}


def _set_activity(document: Document, before: Document | None) -> None:
    """Inactive names give their name free by a suffix; a name that is owed or owes stays active."""
    name = document["DisplayName"]
    if not document["Active"]:
        if before and (before["Balance"] or before.get("BalanceWithJobs")):
            raise business("You can't make this name inactive because it has a balance.")
        if not name.endswith(DELETED):
            document["DisplayName"] = name + DELETED
    elif before and not before["Active"] and name.endswith(DELETED):
        document["DisplayName"] = name.removesuffix(DELETED)


def _set_place(books: Company, document: Document) -> None:
    """A sub-customer (job) has a parent, a level and a name of all names above it."""
    parent_id = ref_value(document, "ParentRef")
    document["Job"] = bool(parent_id)
    if parent_id is None:
        document.pop("Level", None)
        document["BillWithParent"] = False
        document["FullyQualifiedName"] = document["DisplayName"]
        return
    parent = books.reference("Customer", parent_id, family="Names")
    above = books.line_of_parents(parent_id)
    if document.get("Id") in above:
        raise business("A customer cannot be its own parent.")
    if len(above) > MOST_LEVELS:
        raise business("A customer can have up to 4 levels of sub-customers.")
    document["ParentRef"] = {"value": parent_id}
    document["Level"] = len(above)
    document["BillWithParent"] = flag(document, "BillWithParent", False)
    document["FullyQualifiedName"] = f"{parent['FullyQualifiedName']}:{document['DisplayName']}"


def _set_defaults(books: Company, document: Document) -> None:
    document["Taxable"] = flag(document, "Taxable", books.country == "US")
    document.setdefault("PreferredDeliveryMethod", "Print")
    document["IsProject"] = flag(document, "IsProject", False)
    document.setdefault("ClientEntityId", "0")
    if books.country == "US" and document["Taxable"] and books.default_tax_code:
        document.setdefault("DefaultTaxCodeRef", {"value": books.default_tax_code})
    for name, entity in (("SalesTermRef", "Term"), ("PaymentMethodRef", "PaymentMethod")):
        pk = ref_value(document, name)
        if pk:
            document[name] = {"value": books.reference(entity, pk)["Id"]}


def _refuse_duplicate(books: Company, document: Document) -> None:
    taken = books.names.get(document["DisplayName"].lower())
    if taken is not None and taken != document.get("Id"):
        raise Fault(6240, "The name supplied already exists. : null")
