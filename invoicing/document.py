"""An invoice as a document: its lines and totals, laid out as its tax treatment wants them. Pure.

Every figure is the document's own; nothing is added up here.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from invoicing.models import Invoice, InvoiceLine
from invoicing.models.invoices import ZERO
from invoicing.money import format_money, format_number

# What consumption tax is called where it is not VAT. Names of single rates come from the books themselves.
_TAX_WORDS = {
    **dict.fromkeys(["US", "PR"], "Sales tax"),
    **dict.fromkeys(["AU", "IN", "NZ", "SG"], "GST"),
    **dict.fromkeys(["CA", "HK", "JP", "MY"], "Tax"),
}
_HAS_PERCENT = re.compile(r"\d\s*%")
# QuickBooks' codes for "taxed" and "not taxed", which say nothing to a customer.
_CODES = {"TAX", "NON"}
# Lines that the totals show by themselves.
_IN_TOTALS = {InvoiceLine.Kind.DISCOUNT, InvoiceLine.Kind.SHIPPING}


@dataclass(frozen=True)
class TotalRow:
    """One row below the lines. ``strong`` marks the two that people look for: the total and what is due."""

    label: str
    amount: Decimal
    strong: bool = False


@dataclass(frozen=True)
class LineShown:
    """One line with the amount that its document leads with; ``net`` is beside it where prices include tax."""

    line: InvoiceLine
    amount: Decimal | None
    net: Decimal | None
    tax: str

    @property
    def is_bundled(self) -> bool:
        return self.line.kind == InvoiceLine.Kind.BUNDLED

    @property
    def is_bundle(self) -> bool:
        return self.line.kind == InvoiceLine.Kind.BUNDLE

    @property
    def title(self) -> str:
        """The product's name, where it says more than the code and the description beside it."""
        name = self.line.name
        return "" if name in {self.line.code, self.line.description} else name

    @property
    def tax_said(self) -> str:
        """The tax as a customer can read it; "" for a code of the books."""
        return "" if self.tax in _CODES else self.tax


@dataclass(frozen=True)
class Document:
    """What the products section shows. ``tax_word`` is "" where the invoice has no tax at all.

    ``sums`` lead to the total; ``settled`` go from there to what is due.
    """

    lines: list[LineShown]
    sums: list[TotalRow]
    settled: list[TotalRow]
    has_discounts: bool
    tax_word: str
    amounts_include_tax: bool

    @property
    def totals(self) -> list[TotalRow]:
        return [*self.sums, *self.settled]


def document_of(invoice: Invoice, rows: Iterable[InvoiceLine], country: str, refunded: Decimal = ZERO) -> Document:
    """Lay the invoice out; ``rows`` are its lines in their order, ``country`` (ISO 3166) is the business's own, and
    ``refunded`` is what of its payments went back.
    """
    word = tax_word(country)
    inclusive = invoice.tax_mode == Invoice.TaxMode.INCLUSIVE
    lines = [line for line in rows if line.kind not in _IN_TOTALS]
    return Document(
        lines=[_line(line, inclusive) for line in lines],
        sums=_sums(invoice, word),
        settled=_settled(invoice, refunded),
        has_discounts=any(line.discount_percent for line in lines),
        tax_word="" if invoice.tax_mode == Invoice.TaxMode.NONE else word,
        amounts_include_tax=inclusive,
    )


def tax_word(country: str) -> str:
    """What people of ``country`` (ISO 3166) call the tax on an invoice: VAT, Sales tax, GST or just Tax."""
    return _TAX_WORDS.get(country, "VAT")


def _line(line: InvoiceLine, inclusive: bool) -> LineShown:
    tax = _tax_label(line.tax_name, line.tax_percent, "")
    if line.kind == InvoiceLine.Kind.TEXT and not line.amount:
        return LineShown(line, None, None, "")
    if not inclusive:
        return LineShown(line, line.amount, None, tax)
    if line.amount_with_tax is not None:
        return LineShown(line, line.amount_with_tax, line.amount, tax)
    # Without a gross figure of its own, a bundle's head must not stand as net above gross lines.
    return LineShown(line, None if line.kind == InvoiceLine.Kind.BUNDLE else line.amount, None, tax)


def _sums(invoice: Invoice, word: str) -> list[TotalRow]:
    inclusive = invoice.tax_mode == Invoice.TaxMode.INCLUSIVE
    rows = [TotalRow(f"Subtotal without {_inside(word)}" if inclusive else "Subtotal", invoice.subtotal)]
    if invoice.discount:
        percent = f" {format_number(invoice.discount_percent)}%" if invoice.discount_percent else ""
        rows.append(TotalRow(f"Discount{percent}", -invoice.discount))
    if invoice.shipping:
        rows.append(TotalRow("Shipping", invoice.shipping))
    if invoice.tax_mode != Invoice.TaxMode.NONE:
        rows.extend(_tax_rows(invoice, word, "Includes " if inclusive else ""))
    return [*rows, TotalRow("Total", invoice.total, strong=True)]


def _tax_rows(invoice: Invoice, word: str, prefix: str) -> list[TotalRow]:
    """One row a rate, as the document counted it; a document that tells only the sum gets that."""
    if not invoice.taxes:
        return [TotalRow(f"{prefix}{word}", invoice.tax)]
    rows = []
    for tax in invoice.taxes:
        percent = Decimal(tax["percent"]) if tax.get("percent") else None
        label = _tax_label(tax.get("name") or "", percent, word)
        net = f" on {format_money(Decimal(tax['net']), invoice.currency)}" if tax.get("net") else ""
        rows.append(TotalRow(f"{prefix}{label}{net}", Decimal(tax["amount"])))
    return rows


def _tax_label(name: str, percent: Decimal | None, word: str) -> str:
    """``VAT 20%``; the percentage stands once, though the books' own name often holds it already."""
    label = name or word
    if percent is None or _HAS_PERCENT.search(label):
        return label
    return f"{label} {format_number(percent)}%".strip()


def _inside(word: str) -> str:
    return word if word.isupper() else word.lower()


def _settled(invoice: Invoice, refunded: Decimal) -> list[TotalRow]:
    taken = [("Deposit", invoice.deposit), ("Paid", invoice.paid + refunded), ("Refunded", -refunded)]
    taken.append(("Credit applied", invoice.credited))
    rows = [TotalRow(label, -amount) for label, amount in taken if amount]
    return [*rows, TotalRow("Amount due", invoice.balance, strong=True)]
