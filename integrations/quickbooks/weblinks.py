"""Addresses of QuickBooks' own pages, for people."""

from urllib.parse import urlencode

from django.conf import settings


def invoice_page(external_id: str) -> str:
    return f"{settings.QUICKBOOKS_APP_URL}/app/invoice?{urlencode({'txnId': external_id})}"


def customer_page(external_id: str) -> str:
    return f"{settings.QUICKBOOKS_APP_URL}/app/customerdetail?{urlencode({'nameId': external_id})}"
