"""Records that a look found, as events of the inbox."""

from integrations.models import InboxEvent, QuickBooksConnection
from integrations.quickbooks.links import moment_of
from integrations.quickbooks.mapping.values import Doc

# What is kept here; of credit memos and sales receipts nothing is.
FOLLOWED = ("Customer", "Invoice", "Payment")


def event_of(connection: QuickBooksConnection, entity: str, doc: Doc, look: str = "") -> InboxEvent:
    """The hint that a poll's record is: its id is steady, so that the same version is kept once.

    ``look`` names the long look that missed a record: such a hint has no moment, and may be a false alarm that must
    not hide a later one.
    """
    moment, token = moment_of(doc), str(doc.get("SyncToken") or "")
    operation = "deleted" if doc.get("status") == "Deleted" else "updated"
    external_id = str(doc["Id"])[:40]
    stamp = moment.isoformat() if moment else f"look {look}" if look else ""
    return InboxEvent(
        source=InboxEvent.Source.POLL,
        external_id=f"{connection.realm_id}:{entity}:{external_id}:{operation}:{stamp}:{token}"[:200],
        realm_id=connection.realm_id,
        entity=entity.lower(),
        entity_id=external_id,
        operation=operation,
        happened_at=moment,
        sync_token=token[:20],
    )
