"""Addresses of QuickBooks' own pages, for people."""

from urllib.parse import urlencode

from django.conf import settings


def invoice_page(external_id: str) -> str:
    return f"{settings.QUICKBOOKS_APP_URL}/app/invoice?{urlencode({'txnId': external_id})}"


def customer_page(external_id: str) -> str:
    return f"{settings.QUICKBOOKS_APP_URL}/app/customerdetail?{urlencode({'nameId': external_id})}"


def record_page(entity: str, external_id: str) -> str:
    """The page of a record, "" for a kind that has none known to us."""
    pages = {"customer": customer_page, "invoice": invoice_page}
    if entity in pages:
        return pages[entity](external_id)
    names = {"payment": "recvpayment", "creditmemo": "creditmemo", "salesreceipt": "salesreceipt"}
    if entity not in names:
        return ""
    return f"{settings.QUICKBOOKS_APP_URL}/app/{names[entity]}?{urlencode({'txnId': external_id})}"
