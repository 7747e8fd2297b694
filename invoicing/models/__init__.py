"""Invoices, their lines, and the money that settles them."""

from invoicing.models.invoices import Invoice, InvoiceLine
from invoicing.models.links import PublicLink, StatementLink
from invoicing.models.payments import Allocation, Payment
from invoicing.models.refunds import Refund, RefundShare
from invoicing.models.settings import PaymentSettings
from invoicing.models.views import InvoiceView

__all__ = [
    "Allocation",
    "Invoice",
    "InvoiceLine",
    "InvoiceView",
    "Payment",
    "PaymentSettings",
    "PublicLink",
    "Refund",
    "RefundShare",
    "StatementLink",
]
