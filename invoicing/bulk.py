"""What books tell of an invoice or a payment, and the writers that take it over by the page."""

from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal

from invoicing.models.invoices import ZERO


@dataclass(frozen=True, slots=True)
class LineFields:
    """One line; ``amount`` is net of tax, ``amount_with_tax`` stands beside it where prices include tax."""

    kind: str
    code: str = ""
    name: str = ""
    description: str = ""
    service_on: date | None = None
    quantity: Decimal | None = None
    rate: Decimal | None = None
    discount_percent: Decimal | None = None
    amount: Decimal = ZERO
    amount_with_tax: Decimal | None = None
    tax_name: str = ""
    tax_percent: Decimal | None = None


@dataclass(frozen=True, slots=True)
class InvoiceFields:
    """An invoice of the books. Figures are theirs, in ``currency``; ``taxes`` are (name, percent, net, amount)."""

    number: str
    issued_on: date
    due_on: date
    currency: str
    exchange_rate: Decimal
    customer_name: str
    bill_email: str
    bill_to: str
    ship_to: str
    terms: str
    customer_note: str
    private_note: str
    tax_mode: str
    subtotal: Decimal
    discount: Decimal
    discount_percent: Decimal | None
    shipping: Decimal
    tax: Decimal
    taxes: tuple[tuple[str, str, str, str], ...]
    total: Decimal
    deposit: Decimal
    balance: Decimal
    is_void: bool
    lines: tuple[LineFields, ...]


@dataclass(frozen=True, slots=True)
class PaymentFields:
    """A payment of the books; amounts in ``currency``."""

    customer_name: str
    received_on: date
    currency: str
    exchange_rate: Decimal
    amount: Decimal
    credit: Decimal
    unapplied: Decimal
    method: str
    memo: str
    deposit_account: str
    private_note: str
    is_void: bool


LINE_FIELDS = tuple(field.name for field in fields(LineFields))
INVOICE_COLUMNS = tuple(
    field.name for field in fields(InvoiceFields) if field.name not in {"lines", "is_void", "taxes"}
)
PAYMENT_COLUMNS = tuple(field.name for field in fields(PaymentFields))
