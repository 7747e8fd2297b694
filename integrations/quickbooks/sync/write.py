"""Taking over what was read: one transaction, by the code of the imports, invoices before the payments on them."""

from collections.abc import Iterable, Sequence

from integrations.models import InboxEvent, QuickBooksLink, SyncLogEntry
from integrations.quickbooks import catalogue, customers, echoes, invoices, payments
from integrations.quickbooks.importing import Context, Tally, save_log
from integrations.quickbooks.sync import departures
from integrations.quickbooks.sync.fetch import Truth, moves

Outcome = SyncLogEntry.Outcome
DOORS = {
    InboxEvent.Source.WEBHOOK: SyncLogEntry.Door.WEBHOOK,
    InboxEvent.Source.POLL: SyncLogEntry.Door.POLL,
    InboxEvent.Source.STAFF: SyncLogEntry.Door.STAFF,
}
NOTHING_NEW = "Nothing that Tallybook shows has changed."
HELD = "This version was held already."
NEVER_HERE = "QuickBooks has it no more, and it was never here."


def write(truth: Truth, events: Sequence[InboxEvent], context: Context) -> None:
    """Write, announce and log everything; the caller has opened the transaction and holds the pen."""
    catalogue.store(context.connection, truth.names)
    names = catalogue.load(context.connection)
    _note_moves(truth, context)
    echoes.recognise(truth["payment"].values(), context)
    # First who disappeared into whom: the survivor may take over email and number of the other.
    tallies = [departures.merge(truth.merged, truth.gone["customer"], context)]
    tallies.append(customers.take_over(list(truth["customer"].values()), context))
    tallies.append(invoices.take_over(list(truth["invoice"].values()), context, names, truth["payment"]))
    tallies.append(invoices.take_away(truth.gone["invoice"], context))
    tallies.append(payments.take_over(list(truth["payment"].values()), context, names))
    tallies.append(payments.take_back(truth.gone["payment"], context, names))
    tallies.append(departures.let_go(truth.gone["customer"], context))
    _tell_the_rest(tallies, truth, events)
    save_log(context, tallies)


def _note_moves(truth: Truth, context: Context) -> None:
    """Remember where what belonged to a customer that is gone went: that is who it was merged into."""
    for before, after in moves(truth, context.connection).items():
        if before in truth.gone["customer"]:
            QuickBooksLink.objects.filter(connection=context.connection, entity="customer", external_id=before).update(
                moved_to=after
            )


def _tell_the_rest(tallies: list[Tally], truth: Truth, events: Iterable[InboxEvent]) -> None:
    """Every event leaves a line, and one is enough: also where nothing was to be done.

    A regular check that meets again what a webhook brought is no news, and leaves none.
    """
    told = {(tally.entity, line.external_id) for tally in tallies for line in tally.told}
    for event in events:
        key = (event.entity, event.entity_id)
        if key in told or event.entity not in truth.docs:
            continue
        told.add(key)
        is_no_news = key in truth.held and event.source == InboxEvent.Source.POLL
        if not is_no_news:
            tallies.append(_tell(event, truth))


def _tell(event: InboxEvent, truth: Truth) -> Tally:
    tally = Tally(event.entity)
    doc = truth[event.entity].get(event.entity_id, {})
    name = str(doc.get("DocNumber") or doc.get("DisplayName") or "")[:500]
    if (event.entity, event.entity_id) in truth.held:
        tally.tell(Outcome.UNCHANGED, event.entity_id, name, HELD)
    elif event.entity_id in truth.gone[event.entity]:
        tally.tell(Outcome.IGNORED, event.entity_id, name, NEVER_HERE)
    else:
        tally.tell(Outcome.UNCHANGED, event.entity_id, name, NOTHING_NEW)
    return tally
