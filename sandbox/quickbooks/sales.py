"""Invoices, credit memos and sales receipts: QuickBooks does the sums, whatever totals were sent."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from .clock import pacific
from .errors import Fault, business, missing
from .forms import flag, ref_value
from .lines import Sold, emptied, read_lines
from .money import ZERO, amount, currency_ref, decimal, plain, rate_between, rounded
from .tax import added, included

if TYPE_CHECKING:
    from .company import Company

Document = dict[str, Any]
TAX_MODES = ("TaxExcluded", "TaxInclusive", "NotApplicable")


def build(
    books: Company, entity: str, document: Document, before: Document | None, options: frozenset[str]
) -> Document:
    """The document as QuickBooks will keep it, from what the caller wrote."""
    customer = books.customer_of(document, required=entity != "SalesReceipt")
    set_currency(books, document, customer)
    _set_dates(books, entity, document, customer)
    books.refuse_if_closed(document, before)
    _set_number(books, entity, document, before, options)
    _set_texts(books, entity, document, customer)
    currency = document["CurrencyRef"]["value"]
    mode = _tax_mode(books, document)
    sold = read_lines(books, document.get("Line") or [], before, currency, mode)
    document["Line"] = sold.written()
    tax = _tax(books, document, sold)
    total = rounded(sold.subtotal - sold.discount + sold.shipping + tax, currency)
    if total < ZERO:
        raise business("Transaction amount must be 0 or greater.")
    _set_totals(books, entity, document, before, total)
    return document


def set_currency(books: Company, document: Document, customer: Document | None) -> None:
    """The customer's currency rules; with multi-currency on, every transaction has to say it."""
    owed_in = customer["CurrencyRef"]["value"] if customer else books.home
    sent = ref_value(document, "CurrencyRef")
    if sent is None and books.multi_currency:
        raise missing("CurrencyRef")
    currency = sent or owed_in
    if currency != owed_in:
        raise business(f"The currency {currency} does not match the currency {owed_in} of the customer.")
    document["CurrencyRef"] = currency_ref(currency)
    if not books.multi_currency:
        document.pop("ExchangeRate", None)
    elif currency == books.home:
        document["ExchangeRate"] = 1
    else:
        rate = decimal(document.get("ExchangeRate") or 0, "ExchangeRate")
        document["ExchangeRate"] = plain(rate or rate_between(currency, books.home))


def day_of(document: Document, name: str) -> date | None:
    value = document.get(name)
    if value is None:
        return None
    try:
        return date.fromisoformat(str(value)[:10])
    except ValueError:
        raise Fault(2010, f"Property Name:{name} Invalid Date format {value}", name) from None


def _set_dates(books: Company, entity: str, document: Document, customer: Document | None) -> None:
    day = day_of(document, "TxnDate") or pacific(books.store.now).date()
    document["TxnDate"] = day.isoformat()
    if entity != "Invoice":
        return
    if customer and "SalesTermRef" not in document and "SalesTermRef" in customer:
        document["SalesTermRef"] = customer["SalesTermRef"]
    term = ref_value(document, "SalesTermRef")
    days = books.reference("Term", term).get("DueDays", 0) if term else 30
    due = day_of(document, "DueDate") or day + timedelta(days=days)
    document["DueDate"] = due.isoformat()


def _set_number(
    books: Company, entity: str, document: Document, before: Document | None, options: frozenset[str]
) -> None:
    """Own numbers only with CustomTxnNumbers, where none may be given at all; else the next of the sequence."""
    number = document.get("DocNumber")
    if number is None:
        if before is None and not books.preference("SalesFormsPrefs", "CustomTxnNumbers"):
            books.store.counters["DocNumber"] = books.store.counters.get("DocNumber", 1000) + 1
            number = str(books.store.counters["DocNumber"])
        elif before and "DocNumber" in before and not books.preference("SalesFormsPrefs", "CustomTxnNumbers"):
            number = before["DocNumber"]
    else:
        number = str(number)
        changed = before is None or before.get("DocNumber") != number
        if changed and "allowduplicatedocnum" not in options:
            _refuse_duplicate(books, entity, number)
    if number is not None:
        document["DocNumber"] = number


def _refuse_duplicate(books: Company, entity: str, number: str) -> None:
    taken = books.number_taken(entity, number)
    if taken:
        raise Fault(
            6140,
            "Duplicate Document Number Error : You must specify a different number. This number has already been "
            f"used. DocNumber={number} is assigned to TxnType={entity} with TxnId={taken}",
            "",
        )


def _set_texts(books: Company, entity: str, document: Document, customer: Document | None) -> None:
    """Defaults that a form takes from the customer, and the switches every form has."""
    for name in ("BillAddr", "ShipAddr") if customer else ():
        document[name] = document.get(name) or customer.get(name) or customer.get("BillAddr")  # type: ignore[union-attr]
        if document[name] is None:
            del document[name]
        elif "Id" not in document[name]:
            document[name] = {"Id": books.next_address_id(), **document[name]}
    document.setdefault("PrintStatus", "NeedToPrint")
    document.setdefault("EmailStatus", "NotSet")
    email = document.get("BillEmail") or {}
    if document["EmailStatus"] == "NeedToSend" and not email.get("Address"):
        raise business("To send this by email, BillEmail must have an address.")
    for name in ("BillEmail", "BillEmailCc", "BillEmailBcc"):
        books.check_email(document, name)
    fields = [{"DefinitionId": "1", "Name": name, "Type": "StringType"} for name in books.custom_fields]
    document["CustomField"] = document.get("CustomField") or fields
    document.setdefault("LinkedTxn", [])
    if entity == "Invoice":
        for name in ("IPN", "Online", "OnlineCreditCard", "OnlineACH"):
            switch = f"Allow{name}Payment"
            document[switch] = flag(document, switch, False)
    if entity == "SalesReceipt":
        document["DepositToAccountRef"] = books.deposit_account(document)
    method = ref_value(document, "PaymentMethodRef")
    if method:
        document["PaymentMethodRef"] = books.ref("PaymentMethod", method)


def _tax_mode(books: Company, document: Document) -> str:
    if books.country == "US":
        document.pop("GlobalTaxCalculation", None)
        document["ApplyTaxAfterDiscount"] = flag(document, "ApplyTaxAfterDiscount", False)
        return "US"
    mode = str(document.setdefault("GlobalTaxCalculation", "TaxExcluded"))
    if mode not in TAX_MODES:
        raise Fault(2010, f"Property Name:GlobalTaxCalculation {mode} is unsupported", "GlobalTaxCalculation")
    document.pop("ApplyTaxAfterDiscount", None)
    return mode


def _tax(books: Company, document: Document, sold: Sold) -> Decimal:
    """Tax of the whole document; TaxLine amounts that were sent override the sums, as in real life."""
    detail = document.get("TxnTaxDetail") or {}
    code = ref_value(detail, "TxnTaxCodeRef") if sold.mode == "US" else None
    head: Document = {"TxnTaxCodeRef": {"value": code}} if code else {}
    if not books.preference("TaxPrefs", "UsingSalesTax"):
        document["TxnTaxDetail"] = {"TotalTax": 0}
        return ZERO
    sent = [line for line in detail.get("TaxLine") or [] if isinstance(line, dict)]
    if sold.mode == "US" and books.preference("TaxPrefs", "PartnerTaxEnabled"):
        code, sent = _code_of_the_engine(books, document), []
        head = {"TxnTaxCodeRef": {"value": code}}
    if sent:
        lines = [_sent_tax_line(line, sold.currency) for line in sent]
        total = sum((decimal(line["Amount"]) for line in lines), ZERO)
    else:
        worked_out = _tax_lines(books, document, sold, code)
        lines = [line.document() for line in worked_out]
        total = sum((line.tax for line in worked_out), ZERO)
    head["TotalTax"] = amount(total)
    if lines:
        head["TaxLine"] = lines
    document["TxnTaxDetail"] = head
    return total


def _code_of_the_engine(books: Company, document: Document) -> str:
    """Automated sales tax: where the goods go decides, whatever code or amount was sent."""
    info = books.store.find("CompanyInfo", "1") or {}
    address = document.get("ShipAddr") or info.get("CompanyAddr", {})
    state = str(address.get("CountrySubDivisionCode", "")).upper()
    return books.tax_by_state.get(state, books.tax_by_state[""])


def _sent_tax_line(line: Document, currency: str) -> Document:
    return {**line, "Amount": amount(rounded(decimal(line.get("Amount") or 0, "TaxLine.Amount"), currency))}


def _tax_lines(books: Company, document: Document, sold: Sold, code: str | None) -> list[Any]:
    if sold.mode == "NotApplicable":
        return []
    if sold.mode == "US":
        after = document["ApplyTaxAfterDiscount"]
        rates = {"TAX": books.rates_of(code) if code else [], "NON": []}
        return added(sold.shares, sold.discount if after else ZERO, rates, sold.currency)
    by_code = {share.code: sold.rates(share.code) for share in sold.shares}
    if sold.mode == "TaxInclusive":
        return included(sold.shares, sold.discount, sold.discounted_fraction, by_code, sold.currency)
    return added(sold.shares, sold.discount, by_code, sold.currency)


def _set_totals(books: Company, entity: str, document: Document, before: Document | None, total: Decimal) -> None:
    """TotalAmt, and what of it is still open: payments made so far stay made."""
    paid = decimal(before["TotalAmt"]) - decimal(before["Balance"]) if before and entity != "SalesReceipt" else ZERO
    if paid > total:
        raise business("The amount already paid or applied is larger than the new total of the transaction.")
    document["TotalAmt"] = amount(total)
    document["Balance"] = amount(total - paid) if entity != "SalesReceipt" else 0
    if entity == "CreditMemo":
        document["RemainingCredit"] = document["Balance"]
    set_home_amounts(books, entity, document)


def set_home_amounts(books: Company, entity: str, document: Document) -> None:
    """The same amounts in the company's own currency."""
    if not books.multi_currency:
        return
    rate = decimal(document["ExchangeRate"])
    document["HomeTotalAmt"] = amount(rounded(decimal(document["TotalAmt"]) * rate, books.home))
    if entity == "Invoice":
        document["HomeBalance"] = amount(rounded(decimal(document["Balance"]) * rate, books.home))


def voided(books: Company, entity: str, before: Document) -> Document:
    """The document with its money gone: there is no status, only zeros and a note."""
    document = {**before, "TotalAmt": 0, "Balance": 0, "LinkedTxn": []}
    document["PrivateNote"] = voided_note(before)
    document["Line"] = emptied(before["Line"])
    document["TxnTaxDetail"] = {"TotalTax": 0}
    if entity == "CreditMemo":
        document["RemainingCredit"] = 0
    if "ExchangeRate" in document:
        set_home_amounts(books, entity, document)
    return document


def voided_note(before: Document) -> str:
    """The word that tells a voided document from one that was always zero, before any older note."""
    note = before.get("PrivateNote")
    return f"Voided - {note}"[:4000] if note else "Voided"
