"""What is held already of all that a page of customers could touch: a constant number of queries."""

from collections.abc import Sequence

from django.db.models import Q

from crm.models import Contact
from integrations.models import ImportItem, QuickBooksLink
from integrations.quickbooks.importing import Context
from integrations.quickbooks.mapping import CustomerRecord
from integrations.quickbooks.matching import Choice, Known, KnownLink


def known_for(records: Sequence[CustomerRecord], context: Context) -> Known:
    known = Known()
    _links(known, records, context)
    strangers = [record for record in records if not _is_unchanged(record, known)]
    emails = {email for record in strangers for email in record.emails}
    phones = {record.fields.phone for record in strangers} - {""}
    _contacts(known, emails, phones)
    _chosen(known, {known.links[record.external_id] for record in strangers if record.external_id in known.links})
    if context.is_preview:
        _foreseen(known, emails, phones, context)
    held = {known.links[r.external_id].contact for r in strangers if r.external_id in known.links}
    _customers(known, context, {pk for pk in [*held, *known.names] if pk and pk > 0})
    return known


def _links(known: Known, records: Sequence[CustomerRecord], context: Context) -> None:
    wanted = {record.external_id for record in records} | {record.parent_id for record in records}
    rows = QuickBooksLink.objects.filter(
        connection=context.connection, entity="customer", external_id__in=wanted - {""}
    )
    columns = ("external_id", "contact_id", "fingerprint", "choice", "choice_contact_id")
    for external_id, *held in rows.values_list(*columns):
        known.links[external_id] = KnownLink(*held)


def _is_unchanged(record: CustomerRecord, known: Known) -> bool:
    link = known.links.get(record.external_id)
    return link is not None and link.contact is not None and link.fingerprint == record.fingerprint


def _contacts(known: Known, emails: set[str], phones: set[str]) -> None:
    """The live contacts that have one of these emails or numbers."""
    # One query a column: no index answers "one or the other".
    for field, values in (("email", emails), ("phone", phones)):
        found = Contact.objects.recognised(field, values)
        for pk, name, email, phone in found.values_list("pk", "name", "email", "phone"):
            known.names[pk] = name
            if email:
                known.by_email[email] = pk
            if phone:
                known.by_phone[phone] = pk


def _chosen(known: Known, links: set[KnownLink]) -> None:
    """The live contacts that staff want customers merged into."""
    pks = {link.choice_contact for link in links if link.choice == Choice.MERGE and link.choice_contact is not None}
    if pks:
        known.names.update(Contact.objects.live().filter(pk__in=pks).values_list("pk", "name"))


def _foreseen(known: Known, emails: set[str], phones: set[str], context: Context) -> None:
    """What earlier pages of this preview would have taken; contacts they would have made are negative numbers."""
    taken = Q(email__in=emails) | Q(phone__in=phones) | Q(before__contact__in=list(known.names))
    for item in ImportItem.objects.filter(taken, run=context.run, entity="customer"):
        owner = item.before.get("contact") or -item.pk
        known.names.setdefault(owner, item.name)
        known.customers.setdefault(owner, {})[item.external_id] = item.before["parent"]
        if item.email:
            known.by_email.setdefault(item.email, owner)
        if item.phone:
            known.by_phone.setdefault(item.phone, owner)


def _customers(known: Known, context: Context, contacts: set[int]) -> None:
    """Which customers stand for these contacts, with the parent of each; one that clashes now still does."""
    rows = QuickBooksLink.objects.filter(
        connection=context.connection, entity="customer", contact__in=contacts
    ).exclude(state__in=[QuickBooksLink.State.UNDONE, QuickBooksLink.State.GONE])
    columns = ("contact_id", "external_id", "document__ParentRef__value", "choice", "choice_contact_id")
    for contact, external_id, parent, choice, chosen in rows.values_list(*columns):
        known.customers.setdefault(contact, {})[external_id] = parent or ""
        if choice == Choice.MERGE and chosen == contact:
            known.merged.add(external_id)
