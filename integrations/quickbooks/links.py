"""Keeping in mind which QuickBooks record is which of ours."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import QuerySet

from integrations.models import QuickBooksConnection, QuickBooksLink
from integrations.quickbooks.importing import Context, Tally
from integrations.quickbooks.mapping.values import Doc

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
    "remote_at",
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
    for link in links:
        link.remote_at = moment_of(link.document)
    QuickBooksLink.objects.bulk_create(
        links,
        update_conflicts=True,
        unique_fields=["connection", "entity", "external_id"],
        update_fields=REMEMBERED,
    )


def move_on(connection: QuickBooksConnection, entity: str, docs: Iterable[Doc]) -> None:
    """These say nothing new, but they are newer versions: an answer from before them changes nothing any more."""
    newest = {str(doc.get("Id")): doc for doc in docs}
    links = QuickBooksLink.objects.filter(connection=connection, entity=entity, external_id__in=newest)
    moved = []
    for link in links.only("pk", "external_id", "remote_at", "sync_token"):
        doc = newest[link.external_id]
        token, moment = str(doc.get("SyncToken") or ""), moment_of(doc)
        if version_of(link.remote_at, link.sync_token) < version_of(moment, token):
            link.sync_token, link.remote_at = token, moment
            moved.append(link)
    QuickBooksLink.objects.bulk_update(moved, ["sync_token", "remote_at"], batch_size=500)


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


def moment_of(document: Doc) -> datetime | None:
    """When this version was made, by QuickBooks' clock; None where the document does not say."""
    told = document.get("MetaData")
    try:
        moment = datetime.fromisoformat(str(told["LastUpdatedTime"])) if isinstance(told, dict) else None
    except (KeyError, ValueError):
        return None
    return moment if moment is not None and moment.tzinfo else None


def version_of(moment: datetime | None, sync_token: str) -> tuple[float, int]:
    """What orders the versions of one record: its time, and within a second its token."""
    token = int(sync_token) if sync_token.isascii() and sync_token.isdigit() else -1
    return (moment.timestamp() if moment else 0.0, token)


def worth_a_look(docs: Sequence[Doc], context: Context, tally: Tally) -> list[Doc]:
    """The documents that may change something; of the others the log says why not.

    An answer that was under way while a newer one was written changes nothing any more, nothing brings back what is
    gone, and what an undone import left out stays out until a person imports it again.
    """
    ids = [str(doc.get("Id")) for doc in docs]
    links = QuickBooksLink.objects.filter(
        connection=context.connection, entity=tally.entity, external_id__in=ids
    ).values_list("external_id", "state", "remote_at", "sync_token")
    held = {external_id: (state, version_of(at, token)) for external_id, state, at, token in links}
    kept = []
    for doc in docs:
        state, version = held.get(str(doc.get("Id")), ("", (0.0, -1)))
        why = _why_not(state, version, doc, context)
        if why:
            tally.tell("unchanged", str(doc.get("Id")), "", why)
        else:
            kept.append(doc)
    return kept


def _why_not(state: str, version: tuple[float, int], doc: Doc, context: Context) -> str:
    if state == QuickBooksLink.State.GONE:
        return "It is gone from QuickBooks; an answer from before that changes nothing."
    if state == QuickBooksLink.State.UNDONE and not context.is_import:
        return "Its import was undone here. It stays out until it is imported again."
    moment = moment_of(doc)
    is_older = moment is not None and version_of(moment, str(doc.get("SyncToken") or "")) < version
    return "A newer version is held already." if is_older and state == QuickBooksLink.State.LINKED else ""
