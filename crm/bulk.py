"""Contacts written by the page: what an import and a sync use. Same audit rows and facts as one by one."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

from django.utils import timezone

from crm.audit import entry, record_many
from crm.models import Contact, User
from crm.signals import contact_added, contact_changed

Changes = dict[str, list[Any]]
"""Field name to [before, after]."""


@dataclass(frozen=True, slots=True)
class ContactFields:
    """What books know of a contact; ``email`` and ``phone`` normalised, the rest as typed there."""

    name: str
    first_name: str = ""
    last_name: str = ""
    company: str = ""
    email: str = ""
    email_typed: str = ""
    phone: str = ""
    phone_typed: str = ""
    other_phone: str = ""
    website: str = ""
    street: str = ""
    city: str = ""
    region: str = ""
    postal_code: str = ""
    country: str = ""
    ship_to: str = ""

    def values(self) -> dict[str, str]:
        return {name: getattr(self, name) for name in FIELD_NAMES}


FIELD_NAMES = tuple(field.name for field in fields(ContactFields))
WRITTEN = [*FIELD_NAMES, "owner", "parent", "archived_at", "sort_name", "search_text", "changed_at"]


def create_contacts(contacts: Sequence[Contact], *, actor: User | None, origin: str, text: str) -> None:
    """Insert contacts (indexed, with audit rows), and announce each. Raises IntegrityError on a shared email."""
    for contact in contacts:
        contact.index()
    Contact.objects.bulk_create(contacts)
    record_many(
        entry("contact", contact, verb="contact.created", actor=actor, origin=origin, text=text) for contact in contacts
    )
    for contact in contacts:
        contact_added.send(sender=Contact, contact=contact, actor=actor, origin=origin)


def update_contacts(changed: Sequence[tuple[Contact, Changes]], *, actor: User | None, origin: str, text: str) -> None:
    """Write contacts whose attributes are set already; ``Changes`` says from what to what."""
    now = timezone.now()
    for contact, _ in changed:
        contact.changed_at = now
        contact.index()
    Contact.objects.bulk_create(
        [contact for contact, _ in changed], update_conflicts=True, unique_fields=["id"], update_fields=WRITTEN
    )
    record_many(
        entry("contact", contact, verb="contact.changed", actor=actor, origin=origin, changes=changes, text=text)
        for contact, changes in changed
    )
    for contact, changes in changed:
        contact_changed.send(sender=Contact, contact=contact, changes=changes, actor=actor, origin=origin)
