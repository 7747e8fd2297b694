"""QuickBooks' documents in our words. Pure: document in, record out, no database, no clock."""

from integrations.quickbooks.mapping.customers import CustomerRecord, customer_from_qbo
from integrations.quickbooks.mapping.invoices import InvoiceRecord, invoice_from_qbo
from integrations.quickbooks.mapping.payments import PaymentRecord, payment_from_qbo

__all__ = [
    "CustomerRecord",
    "InvoiceRecord",
    "PaymentRecord",
    "customer_from_qbo",
    "invoice_from_qbo",
    "payment_from_qbo",
]
