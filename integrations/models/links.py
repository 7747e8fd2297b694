"""Which QuickBooks record is which of ours. The domain never learns these ids."""

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q

from integrations.models.connections import QuickBooksConnection


class QuickBooksLink(models.Model):
    """One record of QuickBooks: where it lives here, and the last version of it that was taken over.

    ``fingerprint`` is of the mapped record, not of the document: QuickBooks moves a customer's balance and time
    with every transaction, and neither is a change of the contact.
    """

    class State(models.TextChoices):
        LINKED = "linked", "Linked"
        CONFLICT = "conflict", "Conflict"  # dropped, with the reason; tried again with every import
        UNDONE = "undone", "Undone"  # its import was undone; left alone until it is imported again
        GONE = "gone", "Gone"  # deleted or merged away in QuickBooks: nothing brings it back

    class Choice(models.TextChoices):
        MERGE = "merge", "Merge"
        APART = "apart", "Keep apart"
        IGNORE = "ignore", "Ignore"

    connection = models.ForeignKey(QuickBooksConnection, models.CASCADE, related_name="links")
    entity = models.CharField(max_length=20, help_text="customer, invoice or payment")
    external_id = models.CharField(max_length=40)
    state = models.CharField(max_length=10, choices=State, default=State.LINKED)
    reason = models.CharField(max_length=600, blank=True, help_text="why it is in conflict, for a person")
    clashes_with = models.ForeignKey("crm.Contact", models.SET_NULL, null=True, blank=True, related_name="+")
    contact = models.ForeignKey("crm.Contact", models.SET_NULL, null=True, blank=True, related_name="quickbooks_links")
    invoice = models.OneToOneField(
        "invoicing.Invoice", models.SET_NULL, null=True, blank=True, related_name="quickbooks_link"
    )
    payment = models.OneToOneField(
        "invoicing.Payment", models.SET_NULL, null=True, blank=True, related_name="quickbooks_link"
    )
    # The customer an invoice or payment belongs to, so that it finds its contact once a conflict is resolved.
    customer_id = models.CharField(max_length=40, blank=True)
    sync_token = models.CharField(max_length=20, blank=True)
    fingerprint = models.CharField(max_length=40, blank=True)
    document = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    synced_at = models.DateTimeField()
    remote_at = models.DateTimeField(null=True, help_text="of the version held: its LastUpdatedTime")
    # Of a customer: where transactions of its own went last. Should it disappear, that is who it was merged into.
    moved_to = models.CharField(max_length=40, blank=True)
    # Of a customer: what staff chose about its clash. Every later sync keeps to it.
    choice = models.CharField(max_length=10, choices=Choice, blank=True)
    choice_contact = models.ForeignKey(
        "crm.Contact", models.SET_NULL, null=True, blank=True, related_name="+", help_text="whom it is merged into"
    )
    choice_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    choice_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "QuickBooks link"
        constraints = [
            models.UniqueConstraint(fields=["connection", "entity", "external_id"], name="link_once_per_record"),
        ]
        indexes = [
            models.Index(fields=["connection", "customer_id"], condition=~Q(customer_id=""), name="link_by_customer"),
            models.Index(fields=["state"], condition=~Q(state="linked"), name="link_by_trouble"),
        ]

    def __str__(self) -> str:
        return f"{self.entity} {self.external_id}"

    @property
    def is_ignored(self) -> bool:
        return self.state == self.State.CONFLICT and self.choice == self.Choice.IGNORE

    @property
    def is_apart(self) -> bool:
        """Whether it is a contact of its own because staff said so."""
        return self.state == self.State.LINKED and self.choice == self.Choice.APART

    @property
    def is_chosen(self) -> bool:
        """Whether a choice waits for QuickBooks' answer to be applied."""
        is_fresh = self.choice_at is not None and self.choice_at > self.synced_at
        return self.state == self.State.CONFLICT and self.choice != self.Choice.IGNORE and is_fresh

    @property
    def display_name(self) -> str:
        return str(self.document.get("DisplayName") or f"Customer {self.external_id}")


class CatalogueEntry(models.Model):
    """Names that QuickBooks' documents only point to: items with their number, tax codes and rates, terms, ..."""

    connection = models.ForeignKey(QuickBooksConnection, models.CASCADE, related_name="catalogue")
    entity = models.CharField(max_length=20, help_text="item, taxcode, taxrate, term, paymentmethod or account")
    external_id = models.CharField(max_length=40)
    name = models.CharField(max_length=500)
    code = models.CharField(max_length=100, blank=True, help_text="an item's number (SKU)")
    percent = models.DecimalField(max_digits=12, decimal_places=7, null=True, blank=True)

    class Meta:
        verbose_name_plural = "catalogue entries"
        constraints = [
            models.UniqueConstraint(fields=["connection", "entity", "external_id"], name="catalogue_once_per_record")
        ]

    def __str__(self) -> str:
        return self.name
