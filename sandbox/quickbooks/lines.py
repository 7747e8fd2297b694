"""The lines of a sale: what was sent, what it adds up to, and how QuickBooks writes it back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from .errors import Fault, business, missing, no_such_reference
from .forms import flag, ref_value, without_empties
from .money import ZERO, amount, decimal, plain, rounded
from .schema import LINE_PROPERTIES
from .tax import HUNDRED, Rate, Share, net_of, net_price

if TYPE_CHECKING:
    from .company import Company

Document = dict[str, Any]
SHIPPING = "SHIPPING_ITEM_ID"
OWN_ITEMS = {SHIPPING, "GRATUITY_ITEM_ID"}
KINDS = ("SalesItemLineDetail", "GroupLineDetail", "DiscountLineDetail", "DescriptionOnly", "SubTotalLineDetail")


@dataclass
class Sold:
    """What the lines of one sale come to. ``mode`` is US, TaxExcluded, TaxInclusive or NotApplicable."""

    books: Company
    currency: str
    mode: str
    documents: list[Document] = field(default_factory=list)
    extras: list[Document] = field(default_factory=list)  # shipping, after the subtotal
    discount_line: Document | None = None
    shares: list[Share] = field(default_factory=list)
    subtotal: Decimal = ZERO
    shipping: Decimal = ZERO
    discount: Decimal = ZERO
    ids: Iterator[int] = field(default_factory=lambda: iter(()))
    numbers: int = 0

    @property
    def discounted_fraction(self) -> Decimal:
        """The part of the whole that the discount takes off."""
        if self.discount_line and "DiscountPercent" in self.discount_line["DiscountLineDetail"]:
            return decimal(self.discount_line["DiscountLineDetail"]["DiscountPercent"]) / HUNDRED
        return self.discount / self.subtotal if self.subtotal else ZERO

    def rates(self, code: str) -> list[Rate]:
        """The sales rates behind a line's tax code; the US pseudo codes have none of their own."""
        return [] if self.mode in ("US", "NotApplicable") else self.books.rates_of(code)

    def written(self) -> list[Document]:
        """All lines as QuickBooks gives them back, with the subtotal it adds."""
        subtotal: Document = {
            "Amount": amount(self.subtotal),
            "DetailType": "SubTotalLineDetail",
            "SubTotalLineDetail": {},
        }
        tail = [self.discount_line] if self.discount_line else []
        return [*self.documents, subtotal, *tail, *self.extras]


def read_lines(books: Company, lines: list[Any], before: Document | None, currency: str, mode: str) -> Sold:
    """Check and add up the lines of an invoice, credit memo or sales receipt."""
    sold = Sold(books, currency, mode, ids=_fresh_ids(lines, before))
    discounts = []
    for line in lines:
        kind = _kind(line)
        if kind == "SalesItemLineDetail":
            _add_sale(sold, line)
        elif kind == "GroupLineDetail":
            sold.documents.append(_group(sold, line))
        elif kind == "DescriptionOnly":
            sold.documents.append(_description(sold, line))
        elif kind == "DiscountLineDetail":
            discounts.append(line)
    if not (sold.documents or sold.extras):
        raise missing("Line")
    if len(discounts) > 1:
        raise business("Only one discount line is allowed per transaction.")
    if discounts:
        _discount(sold, discounts[0])
    return sold


def _kind(line: Any) -> str:
    if not isinstance(line, dict):
        raise Fault(2010, "Property Name:Line specified is unsupported or invalid", "Line")
    for name in line:
        if name not in LINE_PROPERTIES:
            raise Fault(2010, f'Property Name:Unrecognized field "{name}" in Line is unsupported or invalid', "Line")
    kind = line.get("DetailType")
    if not kind:
        raise missing("Line.DetailType")
    if kind not in KINDS:
        raise Fault(2010, f"Property Name:DetailType {kind} is unsupported or invalid", "Line.DetailType")
    return str(kind)


def _fresh_ids(lines: list[Any], before: Document | None) -> Iterator[int]:
    """Line Ids not used so far in this document."""
    seen = [line.get("Id") for line in _flat(lines)] + [
        line.get("Id") for line in _flat((before or {}).get("Line", []))
    ]
    highest = max((int(pk) for pk in seen if pk and str(pk).isdigit()), default=0)
    while True:
        highest += 1
        yield highest


def _flat(lines: list[Any]) -> Iterator[Document]:
    for line in lines:
        if isinstance(line, dict):
            yield line
            group = line.get("GroupLineDetail")
            yield from _flat(group.get("Line") or [] if isinstance(group, dict) else [])


def _head(sold: Sold, line: Document) -> Document:
    """Id, number and text; a line sent with its Id keeps it, any other gets a new one."""
    sold.numbers += 1
    sent = line.get("Id")
    head: Document = {"Id": str(sent) if sent not in (None, "", 0, "0") else str(next(sold.ids))}
    head["LineNum"] = sold.numbers
    if line.get("Description"):
        if len(line["Description"]) > 4000:
            raise Fault(2050, "Length of the field exceeds 4000 chars", "Description")
        head["Description"] = line["Description"]
    return head


def _add_sale(sold: Sold, line: Document) -> None:
    detail = line.get("SalesItemLineDetail") or {}
    item = ref_value(detail, "ItemRef")
    if item is None:
        # Intuit's documentation: a line without an item is treated as documentation, its Amount is ignored.
        sold.documents.append(_description(sold, line))
    elif item in OWN_ITEMS:
        _ship(sold, line, item)
    else:
        sold.documents.append(_sale(sold, line))


def _sale(sold: Sold, line: Document) -> Document:
    detail = without_empties(line.get("SalesItemLineDetail") or {})
    item = sold.books.reference("Item", ref_value(detail, "ItemRef"))
    price, quantity = _price_and_quantity(detail)
    gross = detail.pop("TaxInclusiveAmt", 0)
    value = _line_amount(line, price, quantity, sold.currency)
    code = _tax_code(sold, detail)
    net, with_tax = value, value
    if sold.mode == "TaxInclusive":
        if gross:
            with_tax = rounded(decimal(gross, "TaxInclusiveAmt"), sold.currency)
        else:
            net = net_of(value, sold.rates(code), sold.currency)
            price = net_price(net, quantity) if price is not None and quantity else price
        detail["TaxInclusiveAmt"] = amount(with_tax)
    sold.subtotal += net
    if code:
        sold.shares.append(Share(code, net, with_tax))
        detail["TaxCodeRef"] = {"value": code}
    detail["ItemRef"] = {"value": item["Id"], "name": item["FullyQualifiedName"]}
    detail |= {name: plain(part) for name, part in (("UnitPrice", price), ("Qty", quantity)) if part is not None}
    return _head(sold, line) | {
        "Amount": amount(net),
        "DetailType": "SalesItemLineDetail",
        "SalesItemLineDetail": detail,
    }


def _price_and_quantity(detail: Document) -> tuple[Decimal | None, Decimal | None]:
    price = detail.pop("UnitPrice", None)
    quantity = detail.pop("Qty", None)
    return (
        None if price is None else decimal(price, "UnitPrice"),
        None if quantity is None else decimal(quantity, "Qty"),
    )


def _line_amount(line: Document, price: Decimal | None, quantity: Decimal | None, currency: str) -> Decimal:
    """The Amount as sent; it must equal price times quantity. Two zeros beside an Amount count as not given."""
    sent = line.get("Amount")
    product = None if price is None or quantity is None else rounded(price * quantity, currency)
    if sent in (None, ""):
        if product is None:
            raise missing("Line.Amount")
        return product
    value = rounded(decimal(sent, "Line.Amount"), currency)
    if product is not None and product != value and (price or quantity):
        raise Fault(6070, element="Line.Amount")
    if abs(value) >= Decimal(10) ** 10:
        raise Fault(2050, "Amount has more than 10 digits before the point", "Line.Amount")
    return value


def _tax_code(sold: Sold, detail: Document) -> str:
    """TAX or NON in the US, a real code elsewhere; without one a non-US line is refused."""
    code = ref_value(detail, "TaxCodeRef")
    if sold.mode == "US":
        if code not in (None, "TAX", "NON"):
            raise no_such_reference("TaxCode", code)
        return code or "NON"
    if sold.mode == "NotApplicable":
        detail.pop("TaxCodeRef", None)
        return ""
    if code is None:
        raise business("One or more of the line items has no tax code. Select a tax code for each line.")
    sold.books.reference("TaxCode", code)
    return code


def _ship(sold: Sold, line: Document, item: str) -> None:
    """Shipping and gratuity stand after the subtotal and are not part of it."""
    if item == SHIPPING and not sold.books.preference("SalesFormsPrefs", "AllowShipping"):
        raise business("Shipping is not turned on for this company.")
    value = rounded(decimal(line.get("Amount") or 0, "Line.Amount"), sold.currency)
    detail: Document = {"ItemRef": {"value": item}}
    code = ref_value(line["SalesItemLineDetail"], "TaxCodeRef")
    net = value
    if code and sold.mode not in ("US", "NotApplicable"):
        sold.books.reference("TaxCode", code)
        if sold.mode == "TaxInclusive":
            net = net_of(value, sold.rates(code), sold.currency)
            detail["TaxInclusiveAmt"] = amount(value)
        sold.shares.append(Share(code, net, value))
        detail["TaxCodeRef"] = {"value": code}
    sold.shipping += net
    sold.extras.append({"Amount": amount(net), "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": detail})


def _description(sold: Sold, line: Document) -> Document:
    return _head(sold, line) | {"DetailType": "DescriptionOnly", "DescriptionLineDetail": {}}


def _group(sold: Sold, line: Document) -> Document:
    """A bundle: the parts carry the money, the outer Amount is 0. Parts not sent come from the bundle item."""
    detail = line.get("GroupLineDetail") or {}
    item = sold.books.reference("Item", ref_value(detail, "GroupItemRef"))
    if item["Type"] != "Group":
        raise business(f"The item {item['Name']} is not a bundle.")
    quantity = decimal(detail.get("Quantity") or 1, "Quantity")
    head = _head(sold, line)
    if item.get("Description"):
        head.setdefault("Description", item["Description"])
    parts = detail.get("Line") or list(_parts_of(sold, item, quantity))
    return head | {
        "Amount": 0,
        "DetailType": "GroupLineDetail",
        "GroupLineDetail": {
            "GroupItemRef": {"value": item["Id"], "name": item["Name"]},
            "Quantity": plain(quantity),
            "Line": [_sale(sold, part) for part in parts],
        },
    }


def _parts_of(sold: Sold, bundle: Document, quantity: Decimal) -> Iterator[Document]:
    for part in bundle["ItemGroupDetail"]["ItemGroupLine"]:
        item = sold.books.reference("Item", ref_value(part, "ItemRef"))
        count, price = decimal(part["Qty"]) * quantity, decimal(item.get("UnitPrice", 0))
        detail: Document = {"ItemRef": {"value": item["Id"]}, "UnitPrice": plain(price), "Qty": plain(count)}
        if sold.mode == "US":
            detail["TaxCodeRef"] = {"value": "TAX" if item.get("Taxable") else "NON"}
        elif ref_value(item, "SalesTaxCodeRef"):
            detail["TaxCodeRef"] = item["SalesTaxCodeRef"]
        yield {
            "Description": item.get("Description", ""),
            "DetailType": "SalesItemLineDetail",
            "SalesItemLineDetail": detail,
        }


def _discount(sold: Sold, line: Document) -> None:
    """A positive Amount that is taken off; a percentage is worked out here."""
    if not sold.books.preference("SalesFormsPrefs", "AllowDiscount"):
        raise business("Discounts are not turned on for this company.")
    sent = line.get("DiscountLineDetail") or {}
    detail: Document = {"PercentBased": flag(sent, "PercentBased", False)}
    if detail["PercentBased"]:
        percent = decimal(sent.get("DiscountPercent") or 0, "DiscountPercent")
        sold.discount = rounded(sold.subtotal * percent / HUNDRED, sold.currency)
        detail["DiscountPercent"] = plain(percent)
    else:
        sold.discount = rounded(decimal(line.get("Amount") or 0, "Line.Amount"), sold.currency)
    if not ZERO <= sold.discount <= max(sold.subtotal, ZERO):
        raise business("The discount must lie between nothing and the subtotal.")
    account = ref_value(sent, "DiscountAccountRef") or sold.books.preference(
        "SalesFormsPrefs", "DefaultDiscountAccount"
    )
    detail["DiscountAccountRef"] = sold.books.ref("Account", account)
    sold.discount_line = {
        "Amount": amount(sold.discount),
        "DetailType": "DiscountLineDetail",
        "DiscountLineDetail": detail,
    }


def emptied(lines: list[Document]) -> list[Document]:
    """The lines of a voided document: same lines, no money; a percentage stays as it was."""
    return [_emptied(line) for line in lines]


def _emptied(line: Document) -> Document:
    line = dict(line)
    if "Amount" in line:
        line["Amount"] = 0
    detail = dict(line.get(line["DetailType"]) or {})
    for name in ("Qty", "UnitPrice", "TaxInclusiveAmt"):
        if name in detail:
            detail[name] = 0
    if "Line" in detail:
        detail["Line"] = emptied(detail["Line"])
    if line["DetailType"] in line:
        line[line["DetailType"]] = detail
    return line
