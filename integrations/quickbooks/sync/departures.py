"""Customers that QuickBooks has no more. They cannot be deleted there: they were merged into another one."""

from collections.abc import Iterable, Mapping

from crm.merging import merge_contacts
from crm.models import Contact
from crm.services import archive_contact
from integrations import inbox
from integrations.models import QuickBooksLink
from integrations.quickbooks.importing import Context, Tally
from integrations.quickbooks.links import of_customers
from integrations.quickbooks.reunite import reunite
from integrations.receivers import look_at_those_who_clash

State = QuickBooksLink.State


def merge(merged: Mapping[str, str], gone: Iterable[str], context: Context) -> Tally:
    """Move everything of those that were merged, as a webhook told, to who they are now."""
    tally = Tally("customer")
    for loser, survivor in merged.items():
        if loser in set(gone) and _link(survivor, context) is not None:
            _depart(loser, survivor, context, tally)
        elif loser in set(gone):
            # Nobody has met the survivor yet: it comes in first, and ``let_go`` follows.
            QuickBooksLink.objects.filter(connection=context.connection, entity="customer", external_id=loser).update(
                moved_to=survivor
            )
    return tally


def let_go(gone: Iterable[str], context: Context) -> Tally:
    """Of the others their own invoices and payments tell where they went; one without any is archived.

    While some still name the customer that is gone, these are read again first, and so is the customer after them.
    """
    tally = Tally("customer")
    links = QuickBooksLink.objects.filter(
        connection=context.connection, entity="customer", external_id__in=list(gone)
    ).exclude(state=State.GONE)
    for link in links:
        if not link.moved_to and _read_again(link, context):
            tally.tell("unchanged", link.external_id, "", "QuickBooks has it no more; its invoices are read again.")
            continue
        _depart(link.external_id, link.moved_to, context, tally)
    return tally


def _read_again(link: QuickBooksLink, context: Context) -> bool:
    """Have what still names this customer looked at, then the customer itself; False where nothing does."""
    rows = of_customers(context.connection, [link.external_id]).exclude(state=State.GONE)
    left = list(rows.exclude(entity="customer").values_list("entity", "external_id")[:1000])
    for entity, external_id in [*left, ("customer", link.external_id)] if left else []:
        inbox.look_at(context.connection.realm_id, entity, external_id, why="moved")
    return bool(left)


def _depart(loser: str, survivor: str, context: Context, tally: Tally) -> None:
    link = _link(loser, context)
    if link is None or link.state == State.GONE:
        return
    heir = _link(survivor, context) if survivor else None
    contact, name = link.contact, str(link.document.get("DisplayName") or loser)
    link.state, link.fingerprint, link.synced_at = State.GONE, "", context.now
    if contact is not None and heir is not None and heir.state != State.GONE:
        text = _pass_on(link, contact, heir, context)
    elif contact is not None:
        text = _archive(link, contact, context)
    else:
        text = "QuickBooks has this customer no more."
    link.save()
    if contact is not None:
        look_at_those_who_clash(contact)
    tally.tell("removed", loser, name, text)


def _link(external_id: str, context: Context) -> QuickBooksLink | None:
    links = QuickBooksLink.objects.select_related("contact")
    return links.filter(connection=context.connection, entity="customer", external_id=external_id).first()


def _pass_on(link: QuickBooksLink, contact: Contact, heir: QuickBooksLink, context: Context) -> str:
    """The heir's contact gets everything; an heir without one of its own takes over this one."""
    if heir.contact is None:
        heir.contact, heir.state, heir.fingerprint, heir.reason = contact, State.LINKED, "", ""
        # What the contact says came from the other one: where the heir differs, its own words replace it.
        heir.document, heir.remote_at = link.document, None
        heir.save()
        link.contact = None
        reunite(context, {heir.external_id: contact.pk})  # what stood under the heir's name alone
    elif heir.contact_id != contact.pk and not _stands_for_others(link, contact):
        merge_contacts(contact, heir.contact, actor=context.actor, origin=context.origin)
        link.contact = heir.contact
    kept = heir.contact.name if heir.contact else contact.name
    return f"It was merged in QuickBooks; everything is at {kept} now."


def _archive(link: QuickBooksLink, contact: Contact, context: Context) -> str:
    if _stands_for_others(link, contact):
        return "QuickBooks has this customer no more; another one stands for the contact."
    archive_contact(contact, actor=context.actor, origin=context.origin)
    return "QuickBooks has this customer no more; the contact is archived."


def _stands_for_others(link: QuickBooksLink, contact: Contact) -> bool:
    others = QuickBooksLink.objects.filter(entity="customer", contact=contact).exclude(pk=link.pk)
    return others.exclude(state=State.GONE).exists()
