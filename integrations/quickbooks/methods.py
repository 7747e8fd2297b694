"""The payment methods of QuickBooks that staff may note a payment with."""

import re

from integrations.models import BookingSettings, CatalogueEntry, QuickBooksConnection

# Until an admin chooses: what is plainly a card or a bank transfer.
AT_FIRST = re.compile(r"(?i)\b(card|visa|mastercard|master ?card|american express|amex|bank|transfer|ach|bacs)\b")


def chosen() -> list[str]:
    """Names of the methods that may be noted; [] where the books have none that fit."""
    connection = QuickBooksConnection.objects.current()
    entries = CatalogueEntry.objects.filter(connection=connection, entity="paymentmethod").exclude(name="")
    known = dict(entries.order_by("name").values_list("external_id", "name"))
    return [known[pk] for pk in ids_chosen(connection, known)] if connection else []


def ids_chosen(connection: QuickBooksConnection, known: dict[str, str]) -> list[str]:
    """The ids among these methods (name by id) that an admin chose, or that are chosen at first."""
    ids = BookingSettings.of(connection).methods
    return [pk for pk in known if pk in ids] or [pk for pk, name in known.items() if AT_FIRST.search(name)]
