"""What can be done with a contact. Every change writes its Activity and tells its signal in one transaction."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from crm import audit, signals
from crm.emails import first_address
from crm.models import Business, Contact, User
from crm.phone import to_e164

# What services write and the audit trail compares. What is derived from these is not listed there.
CONTACT_FIELDS = (
    "name",
    "first_name",
    "last_name",
    "company",
    "email_typed",
    "phone_typed",
    "other_phone",
    "website",
    "street",
    "city",
    "region",
    "postal_code",
    "country",
    "ship_to",
    "notes",
)


class ContactClash(Exception):
    """Another live contact has this email or number already. ``field`` is "email" or "phone"."""

    def __init__(self, field: str, value: str, other: Contact) -> None:
        super().__init__(f"{value} already belongs to {other.name}")
        self.field, self.value, self.other = field, value, other


class ContactChangedMeanwhile(Exception):
    """Somebody changed the contact after it was read. ``contact`` is as it is now."""

    def __init__(self, contact: Contact) -> None:
        super().__init__(f"{contact.name} was changed meanwhile")
        self.contact = contact


@transaction.atomic
def create_contact(fields: Mapping[str, Any], *, actor: User | None, origin: str) -> Contact:
    """A new contact of ours. Raises ContactClash when its email or number belongs to another live contact."""
    contact = Contact(**fields)
    _recognise(contact, fields)
    _save(contact)
    changes = contact_changes({}, {field: value for field, value in fields.items() if value})
    audit.record("contact", contact, verb="contact.created", actor=actor, origin=origin, changes=changes)
    signals.contact_added.send(sender=Contact, contact=contact, origin=origin)
    return contact


@transaction.atomic
def update_contact(
    contact: Contact, fields: Mapping[str, Any], *, actor: User | None, origin: str, read_at: datetime | None = None
) -> Contact:
    """The contact with these fields changed; what changes nothing writes and tells nothing.

    Email and number are read anew only where they were typed anew, so one that staff keep apart stays apart.
    ``read_at`` is the ``changed_at`` the person saw. Raises ContactChangedMeanwhile and ContactClash.
    """
    contact = Contact.objects.select_for_update().get(pk=contact.pk)
    if read_at is not None and contact.changed_at != read_at:
        raise ContactChangedMeanwhile(contact)
    changes = contact_changes(facts_of(contact), fields)
    if not changes:
        return contact
    changed = {field: fields[field] for field in changes}
    for field, value in changed.items():
        setattr(contact, field, value)
    _recognise(contact, changed)
    _save(contact)
    audit.record("contact", contact, verb="contact.changed", actor=actor, origin=origin, changes=changes)
    signals.contact_changed.send(sender=Contact, contact=contact, changes=changes, origin=origin)
    return contact


@transaction.atomic
def archive_contact(contact: Contact, *, actor: User | None, origin: str) -> Contact:
    """Take the contact out of the live ones: its email and number are free again. Twice is once."""
    contact = Contact.objects.select_for_update().get(pk=contact.pk)
    if not contact.is_archived:
        contact.archive(at=timezone.now())
        contact.save(update_fields={"archived_at"})
        audit.record("contact", contact, verb="contact.archived", actor=actor, origin=origin)
        signals.contact_archived.send(sender=Contact, contact=contact, origin=origin)
    return contact


@transaction.atomic
def restore_contact(contact: Contact, *, actor: User | None, origin: str) -> Contact:
    """Bring an archived contact back. Raises ContactClash when its email or number has a new owner."""
    contact = Contact.objects.select_for_update().get(pk=contact.pk)
    if contact.is_archived:
        contact.archived_at = None
        _save(contact)
        audit.record("contact", contact, verb="contact.restored", actor=actor, origin=origin)
        signals.contact_restored.send(sender=Contact, contact=contact, origin=origin)
    return contact


def facts_of(contact: Contact) -> dict[str, Any]:
    """The contact's own fields, to compare with later."""
    return {field: getattr(contact, field) for field in CONTACT_FIELDS}


def contact_changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, list[Any]]:
    """What the audit trail says of a change. Raises KeyError for a field that is nobody's to set."""
    unknown = set(after) - set(CONTACT_FIELDS)
    if unknown:
        raise KeyError(f"A contact has no field {', '.join(sorted(unknown))} to set.")
    return audit.differences({field: before.get(field, "") for field in CONTACT_FIELDS}, after)


def find_clash(contact: Contact) -> ContactClash | None:
    """The live contact that has this one's email or number already."""
    for field in ("email", "phone"):
        value = getattr(contact, field)
        other = Contact.objects.recognised(field, [value]).exclude(pk=contact.pk).first() if value else None
        if other:
            return ContactClash(field, value, other)
    return None


def _recognise(contact: Contact, typed: Mapping[str, Any]) -> None:
    """Read what the contact is recognised by from what was typed."""
    if "email_typed" in typed:
        contact.email = first_address(contact.email_typed)
    if "phone_typed" in typed:
        contact.phone = to_e164(contact.phone_typed, Business.load().country)


def _save(contact: Contact) -> None:
    """Save, or raise the ContactClash: also when the other was saved between our look and our write."""
    clash = None if contact.is_archived else find_clash(contact)
    if clash:
        raise clash
    try:
        with transaction.atomic():
            contact.save()
    except IntegrityError:
        clash = find_clash(contact)
        if clash is None:
            raise
        raise clash from None
