"""Keeping in mind which QuickBooks record is which of ours."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import QuerySet

from integrations.models import QuickBooksConnection, QuickBooksLink

REMEMBERED = [
    "state",
    "reason",
    "clashes_with",
    "contact",
    "invoice",
    "payment",
    "customer_id",
    "sync_token",
    "fingerprint",
    "document",
    "synced_at",
]


class Held(NamedTuple):
    """A link as it is stored: what tells which row of ours a record is, and whether it has changed."""

    external_id: str
    state: str
    fingerprint: str
    contact_id: int | None
    invoice_id: int | None
    payment_id: int | None


def remember(links: Sequence[QuickBooksLink]) -> None:
    """Write links by the page: new ones are inserted, known ones take the new version over."""
    QuickBooksLink.objects.bulk_create(
        links,
        update_conflicts=True,
        unique_fields=["connection", "entity", "external_id"],
        update_fields=REMEMBERED,
    )


def link_for(
    connection: QuickBooksConnection, entity: str, record: Any, document: dict[str, Any], at: datetime, **ours: Any
) -> QuickBooksLink:
    """A link for a mapped record; ``ours`` names the row it stands for, such as ``invoice_id=7``."""
    return QuickBooksLink(
        connection_id=connection.pk,
        entity=entity,
        external_id=record.external_id,
        sync_token=record.sync_token,
        fingerprint=record.fingerprint,
        customer_id=getattr(record, "customer_id", ""),
        document=document,
        synced_at=at,
        **ours,
    )


def of_customers(connection: QuickBooksConnection, customer_ids: Iterable[str]) -> QuerySet[QuickBooksLink]:
    """The links of these customers' invoices and payments. SQLite takes the index only when told of no blanks."""
    links = QuickBooksLink.objects.filter(connection=connection, customer_id__in=list(customer_ids))
    return links.exclude(customer_id="")


def known(connection: QuickBooksConnection, entity: str, external_ids: Iterable[str]) -> dict[str, Held]:
    """The links of these records by their id."""
    links = QuickBooksLink.objects.filter(connection=connection, entity=entity, external_id__in=list(external_ids))
    return {row[0]: Held(*row) for row in links.values_list(*Held._fields)}
