"""What QuickBooks answered to a booking is taken over like anything else that it tells."""

from django.db import transaction
from django.utils import timezone

from integrations import outbox
from integrations.models import OutboxEntry, SyncLogEntry
from integrations.quickbooks import catalogue, echoes, payments
from integrations.quickbooks.importing import Context, Tally, save_log
from integrations.quickbooks.mapping.values import Doc, decimal
from integrations.quickbooks.sync.lease import take_the_pen


def keep(entry: OutboxEntry, document: Doc, said: str = "") -> None:
    """Take QuickBooks' own words of the payment over, by the code that takes over any payment; one transaction.

    What it spread otherwise than we did is left to the look at the invoices, which brings the payments that came first.
    ``said`` goes into the log.
    """
    connection = entry.connection
    context = Context(connection, timezone.now(), origin="quickbooks", door=SyncLogEntry.Door.PUSH)
    with transaction.atomic():
        take_the_pen(connection)
        echoes.recognise([document], context)
        if said:
            line = Tally("payment")
            line.tell(SyncLogEntry.Outcome.UPDATED, str(document["Id"]), str(entry.money)[:500], said)
            save_log(context, [line])
        is_new = entry.kind == OutboxEntry.Kind.CREATE_PAYMENT
        if not is_new or decimal(document.get("UnappliedAmt")) == entry.money.unapplied:
            tally = payments.take_over([document], context, catalogue.load(connection))
            save_log(context, [tally])
        outbox.end(entry)
