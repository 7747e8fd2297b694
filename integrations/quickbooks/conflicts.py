"""Conflicts resolved by staff: the choice is kept with the customer, and every later sync holds to it."""

from contextlib import closing
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from crm.audit import record
from crm.bulk import ContactFields
from crm.merging import merge_contacts
from crm.models import Contact, User
from integrations import inbox
from integrations.models import QuickBooksLink
from integrations.quickbooks.client import client_for
from integrations.quickbooks.countries import two_letters
from integrations.quickbooks.links import of_customers
from integrations.quickbooks.mapping import CustomerRecord, customer_from_qbo
from integrations.quickbooks.sync import drain
from integrations.quickbooks.sync.lease import take_the_pen
from invoicing.filters import CurrencySum, sums_by_currency
from invoicing.models import Invoice

State, Choice = QuickBooksLink.State, QuickBooksLink.Choice
PATIENCE = 10.0  # seconds that a person waits for a choice to be applied
CHOSEN = ["choice", "choice_contact", "choice_by", "choice_at", "contact", "clashes_with", "fingerprint"]


class CannotResolve(Exception):
    """Nothing was chosen; the text says why, in words for the page."""


@transaction.atomic
def resolve(link: QuickBooksLink, choice: str, *, contact: Contact | None = None, actor: User) -> bool:
    """Keep what staff chose, and have the customer looked at; False where the same was chosen already.

    ``choice`` is one of ``Choice``, or "" to take an earlier one back, also one to keep apart that was applied;
    ``contact`` is whom to merge into. A customer that has a contact of its own is merged with all of it at once.
    Raises CannotResolve.
    """
    take_the_pen(link.connection)
    link = QuickBooksLink.objects.select_for_update().get(pk=link.pk)
    if choice == Choice.MERGE:
        contact = _target(link, contact)
    elif contact is not None:
        raise CannotResolve("Only a merge needs a contact.")
    if (link.choice, link.choice_contact_id) == (choice, contact.pk if contact else None) and _is_settled(link):
        return False
    if link.state != State.CONFLICT and not (link.is_apart and not choice):
        raise CannotResolve(f"{link.display_name} is no longer in conflict.")
    if contact is not None and link.contact is not None:
        merge_contacts(link.contact, contact, actor=actor, origin="staff")
        # Nothing of this contact was taken over from QuickBooks yet: all of it is, the next time.
        link.contact = None
    link.choice, link.choice_contact = choice, contact
    link.choice_by, link.choice_at, link.fingerprint = actor, timezone.now(), ""
    link.save(update_fields=CHOSEN)
    _record(link, actor)
    inbox.look_at(link.connection.realm_id, "customer", link.external_id, why="choice")
    return True


def apply_now(link: QuickBooksLink) -> QuickBooksLink:
    """Try to do what was chosen while the person waits; the link as it is then. No transaction may be open."""
    connection = link.connection
    if connection.is_connected:
        with closing(client_for(connection, interactive=True)) as client:
            drain.drain(connection, seconds=PATIENCE, client=client)
    return QuickBooksLink.objects.select_related("connection", "contact", "choice_contact").get(pk=link.pk)


def _target(link: QuickBooksLink, contact: Contact | None) -> Contact:
    contact = Contact.objects.select_for_update().filter(pk=contact.pk).first() if contact else None
    if contact is None:
        raise CannotResolve("Choose the contact to merge it into.")
    if contact.is_archived:
        raise CannotResolve(f"{contact.name} is archived. Restore the contact first, or choose another way.")
    if contact.pk == link.contact_id and link.state == State.CONFLICT:
        raise CannotResolve(f"{contact.name} is the customer's own contact. Choose another one.")
    return contact


def _is_settled(link: QuickBooksLink) -> bool:
    """Whether the choice was applied or is about to be; one that could not be applied may be made again."""
    return link.state != State.CONFLICT or link.is_chosen or link.choice in {Choice.IGNORE, ""}


def _record(link: QuickBooksLink, actor: User) -> None:
    name = link.display_name
    words = {
        Choice.MERGE: f"QuickBooks' customer {name} is to be merged into {link.choice_contact}",
        Choice.APART: f"QuickBooks' customer {name} is to be kept apart",
        Choice.IGNORE: f"QuickBooks' customer {name} is to be ignored",
        "": f"QuickBooks' customer {name} is to be considered again",
    }
    contact = link.choice_contact or link.contact or link.clashes_with
    record(
        "customer",
        link,
        verb="customer.resolved",
        actor=actor,
        origin="staff",
        contact=contact,
        text=words[link.choice],
    )


@dataclass(frozen=True)
class Fact:
    """One line of a side. ``mark`` is "same" or "differs" against QuickBooks, or ""."""

    label: str
    value: str
    mark: str = ""


@dataclass(frozen=True)
class Side:
    """One of our contacts beside QuickBooks' customer; ``is_own`` where the customer stood for it before."""

    contact: Contact
    facts: list[Fact]
    is_own: bool


@dataclass(frozen=True)
class Shown:
    """Both sides of a conflict, for its page."""

    link: QuickBooksLink
    customer: list[Fact]
    sides: list[Side]
    sums: list[CurrencySum]

    @property
    def rivals(self) -> list[Side]:
        """Whom it can be merged into."""
        return [side for side in self.sides if not side.is_own]

    @property
    def is_earlier(self) -> bool:
        """Whether the version held is from before the clash: the newest is fetched when a choice is applied."""
        return self.link.contact_id is not None

    @property
    def could_not(self) -> bool:
        """A choice that was tried and could not be applied: the contact is gone, or it clashes in another way."""
        link = self.link
        return link.state == State.CONFLICT and bool(link.choice) and not (link.is_ignored or link.is_chosen)


def shown(link: QuickBooksLink) -> Shown:
    record = customer_from_qbo(link.document, two_letters(link.connection.country))
    theirs = _facts(record.fields)
    sides = []
    for contact in _contacts(link, record):
        ours = _facts(contact)
        facts = [Fact(label, value, _mark(ours[label], theirs[label])) for label, (value, _) in ours.items()]
        sides.append(Side(contact, facts, contact.pk == link.contact_id))
    customer = [Fact(label, value) for label, (value, _) in theirs.items()]
    invoices = of_customers(link.connection, [link.external_id]).filter(entity="invoice").values("invoice")
    return Shown(link, customer, sides, sums_by_currency(Invoice.objects.present().filter(pk__in=invoices)))


def _facts(of: Contact | ContactFields) -> dict[str, tuple[str, str]]:
    """Per label what is shown, and what is compared."""
    town = " ".join(part for part in (of.city, of.region, of.postal_code) if part)
    shown = {
        "Name": (of.name, ""),
        "Company": (of.company, ""),
        "Email": (of.email_typed, of.email),
        "Phone": (of.phone_typed, of.phone),
        "Address": ("\n".join(part for part in (of.street, town, of.country) if part.strip()), ""),
    }
    return {label: (value, key or " ".join(value.casefold().split())) for label, (value, key) in shown.items()}


def _mark(ours: tuple[str, str], theirs: tuple[str, str]) -> str:
    if not ours[1] and not theirs[1]:
        return ""
    # A shared number stands as typed on the other one, who is not recognised by it.
    return "same" if ours[1] == theirs[1] or ours[0] == theirs[0] else "differs"


def _contacts(link: QuickBooksLink, record: CustomerRecord) -> list[Contact]:
    """The customer's own contact if it has one, and the live ones it clashes with."""
    by_email = Contact.objects.recognised("email", record.emails)
    by_phone = Contact.objects.recognised("phone", [record.fields.phone] if record.fields.phone else [])
    found = [link.contact, link.clashes_with, *by_email, *by_phone]
    return list({contact.pk: contact for contact in found if contact is not None}.values())
