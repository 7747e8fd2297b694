"""Customers that QuickBooks has no more. They cannot be deleted there: they were merged into another one."""

from collections.abc import Iterable, Mapping
from datetime import timedelta

from django.db.models import Q, QuerySet

from crm.merging import merge_contacts
from crm.models import Contact
from crm.services import archive_contact
from integrations import inbox
from integrations.models import InboxEvent, QuickBooksLink
from integrations.quickbooks.importing import Context, Tally
from integrations.quickbooks.links import of_customers
from integrations.quickbooks.mapping.values import ref
from integrations.quickbooks.reunite import reunite
from integrations.receivers import look_at_those_who_clash

State = QuickBooksLink.State
# What still names a customer that is gone is read again so often, each time a little later, before we give up.
LOOKS = 4
PAUSE = timedelta(seconds=10)


def merge(merged: Mapping[str, str], gone: Iterable[str], context: Context) -> Tally:
    """Move everything of those that were merged, as a webhook told, to who they are now."""
    tally, gone = Tally("customer"), set(gone)
    for loser in merged:
        survivor = _last(loser, merged)
        if _link(survivor, context) is None and loser in gone:
            # Nobody has met the survivor yet: it comes in first, and ``let_go`` follows.
            links = QuickBooksLink.objects.filter(connection=context.connection, entity="customer")
            links.filter(external_id=loser).update(moved_to=survivor)
            continue
        for one in _all_of(loser, context) if loser not in gone else [loser]:
            _depart(one, survivor, context, tally)
    return tally


def _all_of(loser: str, context: Context) -> list[str]:
    """A customer that had gone before we heard where to, and those who were to be found with it."""
    links = QuickBooksLink.objects.filter(connection=context.connection, entity="customer", state=State.GONE)
    return list(links.filter(Q(external_id=loser) | Q(moved_to=loser)).values_list("external_id", flat=True))


def _last(loser: str, merged: Mapping[str, str]) -> str:
    """Who a customer is now that was merged into one who was merged in turn."""
    seen = {loser}
    while (survivor := merged[loser]) in merged and survivor not in seen:
        seen.add(survivor)
        loser = survivor
    return survivor


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
    """Have what still names this customer looked at, then the customer itself; False where that leads nowhere."""
    rows = of_customers(context.connection, [link.external_id]).exclude(state=State.GONE)
    left = list(rows.exclude(entity="customer").values_list("entity", "external_id")[:1000])
    why, realm_id = f"moved since {link.synced_at.timestamp():.6f}", context.connection.realm_id
    before = InboxEvent.objects.filter(
        source=InboxEvent.Source.STAFF, external_id__startswith=f"{why}:customer:{link.external_id}:"
    ).count()
    if not left or before >= LOOKS:
        return False
    for entity, external_id in [*left, ("customer", link.external_id)]:
        inbox.look_at(realm_id, entity, external_id, why=why, after=PAUSE * (2**before - 1))
    return True


def _depart(loser: str, survivor: str, context: Context, tally: Tally) -> None:
    link, heir = _link(loser, context), _heir(survivor, context)
    if link is None or (link.state == State.GONE and not _was_lost(link, heir)):
        return
    contact, name = link.contact, str(link.document.get("DisplayName") or loser)
    link.state, link.fingerprint, link.synced_at, link.moved_to = State.GONE, "", context.now, survivor
    if contact is not None and heir is not None:
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


def _was_lost(link: QuickBooksLink, heir: QuickBooksLink | None) -> bool:
    """Whether a customer was archived for want of an heir that is known now."""
    return heir is not None and heir.contact is not None and link.contact_id not in {None, heir.contact_id}


def _heir(survivor: str, context: Context) -> QuickBooksLink | None:
    """The customer that is left at the end of a chain of merges, whichever of them we heard of first."""
    seen: set[str] = set()
    heir = _link(survivor, context)
    while heir is not None and heir.state == State.GONE and heir.external_id not in seen:
        seen.add(heir.external_id)
        heir = _link(heir.moved_to, context)
    return heir if heir is not None and heir.state != State.GONE else None


def _pass_on(link: QuickBooksLink, contact: Contact, heir: QuickBooksLink, context: Context) -> str:
    """The heir's contact gets everything; an heir without one of its own takes over this one."""
    if heir.contact is None:
        heir.contact, heir.state, heir.fingerprint, heir.reason = contact, State.LINKED, "", ""
        # What the contact says came from the other one: where the heir differs, its own words replace it.
        heir.document, heir.remote_at = link.document, None
        heir.save()
        link.contact = None
        reunite(context, {heir.external_id: contact.pk})  # what stood under the heir's name alone
        inbox.look_at(context.connection.realm_id, "customer", heir.external_id, why="heir")
    elif heir.contact_id != contact.pk and not _stands_for_strangers(link, contact, heir):
        merge_contacts(contact, heir.contact, actor=context.actor, origin=context.origin)
        link.contact = heir.contact
    kept = heir.contact.name if heir.contact else contact.name
    return f"It was merged in QuickBooks; everything is at {kept} now."


def _archive(link: QuickBooksLink, contact: Contact, context: Context) -> str:
    if _stands_for_others(link, contact):
        return "QuickBooks has this customer no more; another one stands for the contact."
    archive_contact(contact, actor=context.actor, origin=context.origin)
    return "QuickBooks has this customer no more; the contact is archived."


def _stands_for_strangers(link: QuickBooksLink, contact: Contact, heir: QuickBooksLink) -> bool:
    """Whether others than its own jobs stand for the contact too; jobs go with it, as they do in QuickBooks."""
    family = {link.external_id, heir.external_id}
    others = _others(link, contact)
    return any(ref(document, "ParentRef") not in family for document in others.values_list("document", flat=True))


def _stands_for_others(link: QuickBooksLink, contact: Contact) -> bool:
    return _others(link, contact).exists()


def _others(link: QuickBooksLink, contact: Contact) -> QuerySet[QuickBooksLink]:
    others = QuickBooksLink.objects.filter(entity="customer", contact=contact).exclude(pk=link.pk)
    return others.exclude(state=State.GONE)
