"""Invoices, with QuickBooks' own figures."""

import re
from dataclasses import dataclass
from decimal import Decimal

from integrations.quickbooks.mapping.catalogue import Catalogue
from integrations.quickbooks.mapping.lines import lines_from_qbo
from integrations.quickbooks.mapping.values import (
    ZERO,
    Doc,
    currency,
    day,
    decimal,
    decimal_or_none,
    fingerprint,
    ref,
    ref_name,
    whole_address,
)
from invoicing.bulk import InvoiceFields, LineFields
from invoicing.models import Invoice, InvoiceLine

TAX_MODES = {
    "TaxExcluded": Invoice.TaxMode.EXCLUSIVE,
    "TaxInclusive": Invoice.TaxMode.INCLUSIVE,
    "NotApplicable": Invoice.TaxMode.NONE,
}
# QuickBooks puts the word in front of what the note said before.
VOID_NOTE = re.compile(r"\s*voided\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class InvoiceRecord:
    """One invoice; ``payment_ids`` are the payments that QuickBooks says were applied to it."""

    external_id: str
    sync_token: str
    customer_id: str
    payment_ids: tuple[str, ...]
    fields: InvoiceFields
    fingerprint: str

    @property
    def name(self) -> str:
        return f"{self.fields.number or self.external_id} · {self.fields.customer_name}"


def invoice_from_qbo(doc: Doc, catalogue: Catalogue, home_currency: str) -> InvoiceRecord:
    """``home_currency`` is the currency of a document that names none, as companies with only one write them."""
    fields = _fields(doc, catalogue, home_currency)
    return InvoiceRecord(
        external_id=str(doc["Id"]),
        sync_token=str(doc.get("SyncToken") or ""),
        customer_id=ref(doc, "CustomerRef"),
        payment_ids=tuple(
            str(linked["TxnId"]) for linked in doc.get("LinkedTxn") or [] if linked.get("TxnType") == "Payment"
        ),
        fields=fields,
        fingerprint=fingerprint(fields, ref(doc, "CustomerRef")),
    )


def _fields(doc: Doc, catalogue: Catalogue, home_currency: str) -> InvoiceFields:
    line_docs = doc.get("Line") or []
    lines = lines_from_qbo(line_docs, catalogue)
    tax_detail = doc.get("TxnTaxDetail") or {}
    total, tax = decimal(doc.get("TotalAmt")), decimal(tax_detail.get("TotalTax"))
    discounts = [line for line in lines if line.kind == InvoiceLine.Kind.DISCOUNT]
    discount = sum((line.amount for line in discounts), ZERO)
    shipping = sum((line.amount for line in lines if line.kind == InvoiceLine.Kind.SHIPPING), ZERO)
    issued_on = day(doc["TxnDate"])
    return InvoiceFields(
        number=str(doc.get("DocNumber") or "")[:40],
        issued_on=issued_on,
        due_on=day(doc["DueDate"]) if doc.get("DueDate") else issued_on,
        currency=currency(doc, home_currency),
        exchange_rate=decimal_or_none(doc.get("ExchangeRate")) or Decimal(1),
        customer_name=(ref_name(doc, "CustomerRef") or f"Customer {ref(doc, 'CustomerRef')}")[:500],
        bill_email=str((doc.get("BillEmail") or {}).get("Address") or "")[:500],
        bill_to=whole_address(doc.get("BillAddr")),
        ship_to=whole_address(doc.get("ShipAddr")),
        terms=(ref_name(doc, "SalesTermRef") or catalogue.find("term", ref(doc, "SalesTermRef")).name)[:100],
        customer_note=str((doc.get("CustomerMemo") or {}).get("value") or ""),
        private_note=str(doc.get("PrivateNote") or ""),
        tax_mode=_tax_mode(doc, tax),
        subtotal=_subtotal(line_docs, lines, discount, shipping, tax, total),
        discount=discount,
        discount_percent=discounts[0].discount_percent if len(discounts) == 1 else None,
        shipping=shipping,
        tax=tax,
        taxes=_taxes(tax_detail, catalogue),
        total=total,
        deposit=decimal(doc.get("Deposit")),
        balance=decimal(doc.get("Balance")),
        is_void=_is_void(doc, lines, total),
        lines=lines,
    )


def _tax_mode(doc: Doc, tax: Decimal) -> str:
    """US companies send no mode: their tax is always on top, and none is charged where the total is 0."""
    known = TAX_MODES.get(str(doc.get("GlobalTaxCalculation") or ""))
    if known is not None:
        return known
    return Invoice.TaxMode.EXCLUSIVE if tax else Invoice.TaxMode.NONE


def _taxes(tax_detail: Doc, catalogue: Catalogue) -> tuple[tuple[str, str, str, str], ...]:
    """(name, percent, net, amount) of each rate, decimals as text, as QuickBooks gives them."""
    rows = []
    for line in tax_detail.get("TaxLine") or []:
        detail = line.get("TaxLineDetail") or {}
        rate = catalogue.find("taxrate", ref(detail, "TaxRateRef"))
        percent = decimal_or_none(detail.get("TaxPercent"))
        percent = rate.percent if percent is None else percent
        rows.append(
            (
                ref_name(detail, "TaxRateRef") or rate.name,
                "" if percent is None else f"{percent:f}",
                f"{decimal(detail.get('NetAmountTaxable')):f}",
                f"{decimal(line.get('Amount')):f}",
            )
        )
    return tuple(rows)


def _subtotal(
    docs: list[Doc], lines: tuple[LineFields, ...], discount: Decimal, shipping: Decimal, tax: Decimal, total: Decimal
) -> Decimal:
    """QuickBooks' own subtotal without shipping; where it sends none, the sum of what counts."""
    given = [decimal(doc.get("Amount")) for doc in docs if doc.get("DetailType") == "SubTotalLineDetail"]
    if not given:
        return sum((line.amount for line in lines if line.kind in COUNTED), ZERO)
    with_shipping = shipping and given[-1] - discount + tax == total
    return given[-1] - shipping if with_shipping else given[-1]


COUNTED = {
    InvoiceLine.Kind.ITEM,
    InvoiceLine.Kind.TEXT,
    InvoiceLine.Kind.BUNDLED,
    InvoiceLine.Kind.GRATUITY,
}


def _is_void(doc: Doc, lines: tuple[LineFields, ...], total: Decimal) -> bool:
    """There is no field for it: a void has total and lines of 0 and a note that begins with the word."""
    if total or any(line.amount for line in lines):
        return False
    return doc.get("TxnStatus") == "Voided" or VOID_NOTE.match(str(doc.get("PrivateNote") or "")) is not None
