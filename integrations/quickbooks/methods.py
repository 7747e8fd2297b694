"""The payment methods of QuickBooks that staff may note a payment with."""

import re

from integrations.models import CatalogueEntry, QuickBooksConnection

# Until an admin chooses: what is plainly a card or a bank transfer.
AT_FIRST = re.compile(r"(?i)\b(card|visa|mastercard|master ?card|american express|amex|bank|transfer|ach|bacs)\b")


def chosen() -> list[str]:
    """Names of the methods that may be noted; [] where the books have none that fit."""
    connection = QuickBooksConnection.objects.current()
    entries = CatalogueEntry.objects.filter(connection=connection, entity="paymentmethod").order_by("name")
    names = [name for name in entries.values_list("name", flat=True) if name]
    return [name for name in names if AT_FIRST.search(name)]
