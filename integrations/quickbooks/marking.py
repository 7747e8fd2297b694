"""An invoice of QuickBooks that was sent from here gets QuickBooks' own mark of it; nothing else of it is changed."""

import uuid

from django.db import transaction

from integrations import outbox
from integrations.errors import Rejected, Transient
from integrations.models import OutboxEntry, QuickBooksLink, SyncLogEntry
from integrations.quickbooks import links
from integrations.quickbooks.client import QuickBooksClient, client_for
from integrations.quickbooks.faults import CLOSED, MISSING, STALE
from integrations.quickbooks.mapping import invoice_from_qbo
from integrations.quickbooks.mapping.catalogue import Catalogue
from integrations.quickbooks.mapping.values import Doc
from integrations.quickbooks.sync.lease import take_the_pen

SENT = "EmailSent"
TRIES = 4
GONE_THERE = "QuickBooks has the invoice no more, so there is nothing to mark."
VOID_THERE = "The invoice is void in QuickBooks, so it was not marked."
MARKED = "It was sent from here, and is marked as sent in QuickBooks."
IN_A_CLOSED_PERIOD = (
    "The invoice was sent, but QuickBooks does not show it as sent: its period is closed, so nothing was changed. "
    "Nothing is wrong with the books. Whoever keeps them may open the period in QuickBooks and press Try again here."
)


def push_sent(entry: OutboxEntry) -> None:
    """Mark one invoice; raises IntegrationError."""
    of_invoice = QuickBooksLink.objects.filter(connection=entry.connection, entity="invoice", invoice=entry.invoice)
    link = of_invoice.filter(state=QuickBooksLink.State.LINKED).first()
    if link is None:
        outbox.ignore(entry, GONE_THERE)
        return
    client = client_for(entry.connection)
    try:
        client.start_step()
        _mark(client, entry, link)
    finally:
        client.close()


def _mark(client: QuickBooksClient, entry: OutboxEntry, link: QuickBooksLink) -> None:
    """Read it, and write the mark on the very version that was read."""
    for _ in range(TRIES):
        try:
            document = client.read("Invoice", link.external_id)
            if why_not := _why_not(entry, document):
                outbox.ignore(entry, why_not)
            elif document.get("EmailStatus") == SENT:
                outbox.end(entry)
            else:
                token = str(document.get("SyncToken") or "")
                # Each version has a request of its own: an answer about an older one says nothing about this.
                key = str(uuid.uuid5(entry.key, token))
                _keep(entry, link, document, client.mark_sent(link.external_id, token, request_id=key))
            return
        except Rejected as error:
            if error.code == MISSING:
                outbox.ignore(entry, GONE_THERE)
                return
            if error.code in CLOSED:
                raise Rejected(IN_A_CLOSED_PERIOD, code=error.code) from None
            if error.code != STALE:
                raise
    raise Transient("Somebody is changing this invoice in QuickBooks at this moment. It is tried again by itself.")


def _why_not(entry: OutboxEntry, document: Doc) -> str:
    record = invoice_from_qbo(document, Catalogue({}), entry.connection.home_currency)
    return VOID_THERE if record.fields.is_void else ""


def _keep(entry: OutboxEntry, link: QuickBooksLink, before: Doc, after: Doc) -> None:
    """One line in the log. The mark is nothing that is shown here: the version we made is held without a look at it,
    unless it is about changes of others that are not held yet.
    """
    with transaction.atomic():
        take_the_pen(entry.connection)
        held = QuickBooksLink.objects.filter(pk=link.pk, sync_token=str(before.get("SyncToken") or ""))
        if held.exists():
            links.move_on(entry.connection, "invoice", [after])
        SyncLogEntry.objects.create(
            connection=entry.connection,
            door=SyncLogEntry.Door.PUSH,
            entity="invoice",
            external_id=link.external_id,
            name=str(entry.invoice)[:500],
            outcome=SyncLogEntry.Outcome.UPDATED,
            text=MARKED,
        )
        outbox.end(entry)
