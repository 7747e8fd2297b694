"""Webhooks about every record of the books, shuffled, and the inbox emptied: together, as we do it, or one by one."""

from random import Random

from bench.books import Place
from integrations import inbox
from integrations.models import InboxEvent, QuickBooksConnection
from integrations.quickbooks.sync.drain import drain

LONG = 3600.0


def together(connection: QuickBooksConnection, place: Place) -> None:
    """As after a burst: all wait when the worker comes."""
    connection.contacts_imported_at = connection.connected_at
    connection.save()
    inbox.accept(events(place))
    drain(connection, seconds=LONG)
    _nothing_waits()


def one_by_one(connection: QuickBooksConnection, place: Place) -> None:
    """As if each webhook were taken over by itself."""
    connection.contacts_imported_at = connection.connected_at
    connection.save()
    for event in events(place):
        inbox.accept([event])
        drain(connection, seconds=LONG)
    _nothing_waits()


def events(place: Place) -> list[InboxEvent]:
    """One of each customer, invoice and payment. The sandbox numbers transactions of all kinds together."""
    sizes = {
        "customer": range(1, place.customers + 1),
        "invoice": range(1, place.invoices + 1),
        "payment": range(place.invoices + 1, place.invoices + place.payments + 1),
    }
    found = [_event(place, entity, str(pk)) for entity, pks in sizes.items() for pk in pks]
    Random(1).shuffle(found)
    return found


def _event(place: Place, entity: str, pk: str) -> InboxEvent:
    return InboxEvent(
        source=InboxEvent.Source.WEBHOOK,
        external_id=f"{entity}-{pk}",
        realm_id=place.realm_id,
        entity=entity,
        entity_id=pk,
        operation="updated",
    )


def _nothing_waits() -> None:
    left = InboxEvent.objects.exclude(status=InboxEvent.Status.DONE).count()
    if left:
        raise SystemExit(f"{left} events were not taken over.")
