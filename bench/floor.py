"""The floor: the same pages fetched and parsed, the rows of the same tables inserted, and nothing else.

No matching, no checks, no lock on the work, no second thoughts, and all ids in memory.
"""

from django.db import transaction
from django.utils import timezone

from bench.books import FULL_PAGE, Place
from bench.floor_rows import Rows
from bench.wire import EVERYBODY, Wire
from integrations.models import CatalogueEntry, ImportRun, QuickBooksConnection
from integrations.quickbooks.catalogue import ENTITIES, EVERY


def bring_in(connection: QuickBooksConnection, place: Place) -> None:
    wire, rows = Wire(place), start(connection, place)
    for docs in wire.pages(EVERYBODY):
        with transaction.atomic():
            rows.customers(docs)
    for _ in wire.pages(EVERYBODY):
        pass  # the import of invoices reads the customers as well
    names(connection, wire)
    for docs in wire.pages(wire.year):
        with transaction.atomic():
            rows.invoices(docs)
    for first in range(0, len(rows.payment_ids), FULL_PAGE):
        ids = ", ".join(f"'{pk}'" for pk in rows.payment_ids[first : first + FULL_PAGE])
        docs = wire.page(f"FROM Payment WHERE Id IN ({ids})")
        with transaction.atomic():
            rows.payments(docs)


def start(connection: QuickBooksConnection, place: Place) -> Rows:
    facts = {"connection": connection, "status": ImportRun.Status.DONE}
    with transaction.atomic():
        contacts = ImportRun.objects.create(kind=ImportRun.Kind.CONTACTS, **facts)
        invoices = ImportRun.objects.create(kind=ImportRun.Kind.INVOICES, year=place.year, **facts)
    return Rows(connection, contacts, invoices, timezone.now())


def names(connection: QuickBooksConnection, wire: Wire) -> None:
    """Items, tax codes and the like."""
    entries = [
        CatalogueEntry(
            connection=connection, entity=short, external_id=doc["Id"], name=doc["Name"], code=doc.get("Sku", "")
        )
        for entity, short in ENTITIES.items()
        for doc in wire.page(f"FROM {entity} WHERE {EVERY}")
    ]
    with transaction.atomic():
        CatalogueEntry.objects.bulk_create(entries)
