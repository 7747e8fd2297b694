"""What the integrations do when they hear of others: they write rows, and nothing else."""

from typing import Any

from django.dispatch import receiver
from django.utils import timezone

from crm.models import Contact
from crm.signals import contact_archived, contact_changed, contact_merged
from integrations import gateway_events, inbox, outbox
from integrations.models import OutboxEntry, PaySession, QuickBooksConnection, QuickBooksLink
from invoicing.models import Invoice, Payment
from invoicing.signals import invoice_changed, invoice_removed, invoice_sent, payment_recorded, payment_refunded

KEYS = frozenset({"email", "phone"})


@receiver(contact_merged, dispatch_uid="integrations.contact_merged")
def links_follow_the_survivor(sender: Any, loser: Contact, survivor: Contact, **facts: Any) -> None:
    # Whoever was kept apart is merged after all.
    apart = QuickBooksLink.objects.filter(contact=loser, choice=QuickBooksLink.Choice.APART)
    apart.update(choice=QuickBooksLink.Choice.MERGE, choice_contact=survivor)
    QuickBooksLink.objects.filter(contact=loser).update(contact=survivor)
    QuickBooksLink.objects.filter(clashes_with=loser).update(clashes_with=survivor)
    QuickBooksLink.objects.filter(choice_contact=loser).update(choice_contact=survivor)
    look_at_those_who_clash(survivor)


@receiver(contact_merged, dispatch_uid="integrations.pages.contact_merged")
def pages_follow_the_survivor(sender: Any, loser: Contact, survivor: Contact, **facts: Any) -> None:
    """Nobody is led to the loser's open page any more, which is asked for at once: the survivor may have one too."""
    Status = PaySession.Status
    pages = PaySession.objects.filter(contact=loser)
    pages.filter(status=Status.OPEN).update(status=Status.LINGERING, expires_at=timezone.now())
    pages.update(contact=survivor)


@receiver(contact_archived, dispatch_uid="integrations.contact_archived")
@receiver(contact_changed, dispatch_uid="integrations.contact_changed")
def a_clash_may_be_gone(sender: Any, contact: Contact, origin: str, **facts: Any) -> None:
    """Customers that were left out because of this contact are looked at again, once it may be known by less."""
    if origin == "staff" or not KEYS.isdisjoint(facts.get("changes", ())):
        look_at_those_who_clash(contact)


def look_at_those_who_clash(contact: Contact) -> None:
    """Those left out because of this contact, and those that do without an email or number of it."""
    State, Choice = QuickBooksLink.State, QuickBooksLink.Choice
    waiting = QuickBooksLink.objects.filter(entity="customer", clashes_with=contact)
    waiting = waiting.exclude(state__in=[State.UNDONE, State.GONE]).exclude(choice=Choice.IGNORE)
    for realm_id, external_id in waiting.values_list("connection__realm_id", "external_id"):
        inbox.look_at(realm_id, "customer", external_id, why="freed")


@receiver(invoice_changed, dispatch_uid="integrations.invoice_changed")
def read_again_what_is_back(sender: Any, invoice: Invoice, changes: dict[str, Any], origin: str, **facts: Any) -> None:
    """An invoice that staff brought back is compared with QuickBooks at once."""
    if origin != "staff" or "removed_at" not in changes:
        return
    links = QuickBooksLink.objects.filter(invoice=invoice).exclude(state=QuickBooksLink.State.GONE)
    for realm_id, external_id in links.values_list("connection__realm_id", "external_id"):
        inbox.look_at(realm_id, "invoice", external_id, why="back")


@receiver(invoice_sent, dispatch_uid="integrations.invoice_sent")
def mark_as_sent_there(sender: Any, invoice: Invoice, **facts: Any) -> None:
    """An invoice of QuickBooks gets QuickBooks' own mark each time that it is sent."""
    links = QuickBooksLink.objects.filter(entity="invoice", invoice=invoice, state=QuickBooksLink.State.LINKED)
    link = links.select_related("connection").first()
    if link is not None:
        outbox.enqueue_again(link.connection, OutboxEntry.Kind.MARK_SENT, invoice_id=invoice.pk)


@receiver(payment_recorded, dispatch_uid="integrations.payment_recorded")
def book_what_was_paid_here(sender: Any, payment: Payment, origin: str, **facts: Any) -> None:
    """Money for an invoice of QuickBooks that QuickBooks did not tell us of is booked there."""
    if payment.source == "quickbooks":
        return
    link = QuickBooksLink.objects.filter(entity="invoice", invoice__allocations__payment=payment).first()
    connection = link.connection if link else QuickBooksConnection.objects.current()
    if connection is not None and (link is not None or _is_credit(payment, connection)):
        outbox.enqueue(connection, OutboxEntry.Kind.CREATE_PAYMENT, payment_id=payment.pk)


def _is_credit(payment: Payment, connection: QuickBooksConnection) -> bool:
    """Whether money that settled nothing can be their customer's credit. What settled an invoice of ours is not.

    Whoever has invoices there is a customer, also without a contact or with one that no customer stands for any more:
    then a person is asked whose credit it is.
    """
    if payment.allocations.exists():
        return False
    links = QuickBooksLink.objects.filter(connection=connection, entity="customer", contact=payment.contact_id)
    billed = Invoice.objects.filter(owner=Invoice.Owner.BOOKS, contact=payment.contact_id)
    return links.filter(state=QuickBooksLink.State.LINKED).exists() or billed.exists()


@receiver(invoice_removed, dispatch_uid="integrations.pages.invoice_removed")
def pages_end_with_what_staff_delete(sender: Any, invoice: Invoice, origin: str, **facts: Any) -> None:
    """What QuickBooks takes away is looked after where it is read."""
    if origin == "staff":
        gateway_events.end_pages([invoice.pk])


@receiver(payment_recorded, dispatch_uid="integrations.pages.payment_recorded")
def pages_end_when_money_came_another_way(sender: Any, payment: Payment, **facts: Any) -> None:
    """Money that QuickBooks tells of changes the invoices it comes with, and is looked after there, by the page."""
    if payment.source != "quickbooks":
        gateway_events.end_pages(payment.allocations.values_list("invoice", flat=True))


@receiver(payment_refunded, dispatch_uid="integrations.payment_refunded")
def lower_what_was_refunded(sender: Any, payment: Payment, **facts: Any) -> None:
    """A payment that is booked is lowered there to what is left; one that is not yet, is booked at what is left."""
    links = QuickBooksLink.objects.filter(entity="payment", payment=payment).exclude(state=QuickBooksLink.State.GONE)
    link = links.select_related("connection").first()
    if link is not None:
        outbox.enqueue_again(link.connection, OutboxEntry.Kind.LOWER_PAYMENT, payment_id=payment.pk)


@receiver(payment_refunded, dispatch_uid="integrations.pages.payment_refunded")
def pages_end_when_more_is_owed(sender: Any, invoices: list[int], **facts: Any) -> None:
    gateway_events.end_pages(invoices)
