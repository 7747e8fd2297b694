"""The lines of an invoice, of every kind QuickBooks knows."""

from decimal import Decimal

from integrations.quickbooks.mapping.catalogue import Catalogue
from integrations.quickbooks.mapping.values import ZERO, Doc, day, decimal, decimal_or_none, ref, ref_name
from invoicing.bulk import LineFields
from invoicing.models import InvoiceLine

Kind = InvoiceLine.Kind

SPECIAL_ITEMS = {"SHIPPING_ITEM_ID": Kind.SHIPPING, "GRATUITY_ITEM_ID": Kind.GRATUITY}


def lines_from_qbo(docs: list[Doc], catalogue: Catalogue) -> tuple[LineFields, ...]:
    """Subtotal lines are left out: they are sums, not lines. The inner lines of a bundle follow its head."""
    lines: list[LineFields] = []
    for doc in docs:
        detail_type = doc.get("DetailType")
        if detail_type == "SubTotalLineDetail":
            continue
        if detail_type == "GroupLineDetail":
            lines.extend(_bundle(doc, catalogue))
        elif detail_type == "DiscountLineDetail":
            lines.append(_discount(doc))
        elif detail_type == "SalesItemLineDetail":
            lines.append(_item(doc, catalogue))
        else:
            lines.append(_text(doc))
    return tuple(lines)


def _item(doc: Doc, catalogue: Catalogue, kind: str = Kind.ITEM) -> LineFields:
    detail = doc.get("SalesItemLineDetail") or {}
    item_id, tax_id = ref(detail, "ItemRef"), ref(detail, "TaxCodeRef")
    item = catalogue.find("item", item_id)
    name = ref_name(detail, "ItemRef") or item.name
    tax = catalogue.find("taxcode", tax_id)
    return LineFields(
        kind=SPECIAL_ITEMS.get(item_id, kind),
        code=(item.code or name)[:100],
        name=name[:500],
        description=str(doc.get("Description") or ""),
        service_on=day(detail["ServiceDate"]) if detail.get("ServiceDate") else None,
        quantity=decimal_or_none(detail.get("Qty")),
        rate=decimal_or_none(detail.get("UnitPrice")),
        discount_percent=decimal_or_none(detail.get("DiscountRate")),
        amount=decimal(doc.get("Amount")),
        amount_with_tax=decimal_or_none(detail.get("TaxInclusiveAmt")),
        tax_name=(ref_name(detail, "TaxCodeRef") or tax.name or tax_id)[:100],
        tax_percent=tax.percent,
    )


def _bundle(doc: Doc, catalogue: Catalogue) -> list[LineFields]:
    """The head of a bundle often says 0: what it costs is the sum of the lines inside."""
    detail = doc.get("GroupLineDetail") or {}
    inner = [_item(line, catalogue, Kind.BUNDLED) for line in detail.get("Line") or []]
    item_id = ref(detail, "GroupItemRef")
    item = catalogue.find("item", item_id)
    name = ref_name(detail, "GroupItemRef") or item.name
    head = LineFields(
        kind=Kind.BUNDLE,
        code=(item.code or name)[:100],
        name=name[:500],
        description=str(doc.get("Description") or ""),
        quantity=decimal_or_none(detail.get("Quantity")),
        amount=sum((line.amount for line in inner), ZERO) if inner else decimal(doc.get("Amount")),
    )
    return [head, *inner]


def _discount(doc: Doc) -> LineFields:
    detail = doc.get("DiscountLineDetail") or {}
    percent: Decimal | None = None
    if detail.get("PercentBased"):
        percent = decimal_or_none(detail.get("DiscountPercent"))
    return LineFields(
        kind=Kind.DISCOUNT,
        description=str(doc.get("Description") or ""),
        discount_percent=percent,
        amount=decimal(doc.get("Amount")),
    )


def _text(doc: Doc) -> LineFields:
    """Description only, and any kind of line that QuickBooks may add one day: shown, with its amount."""
    return LineFields(kind=Kind.TEXT, description=str(doc.get("Description") or ""), amount=decimal(doc.get("Amount")))
