"""Invoices and their lines."""

import re
from datetime import date
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from invoicing.fields import CurrencyField, MoneyField, RateField

ZERO = Decimal(0)
# An amount as people type it, with or without its sign and the commas of its thousands.
_AMOUNT = re.compile(r"^\D?(\d{1,3}(?:,\d{3})+|\d+)(\.\d+)?$")


def _as_amount(word: str) -> str:
    """The word as ``search_text`` writes a total, or "" if it is none: "$1,200.50" is "1200.5"."""
    match = _AMOUNT.match(word)
    if not match:
        return ""
    return match[1].replace(",", "") + (match[2] or "").rstrip("0").rstrip(".")


class InvoiceQuerySet(models.QuerySet["Invoice"]):
    def present(self) -> "InvoiceQuerySet":
        """Without tombstones: what lists and sums are made of."""
        return self.filter(removed_at=None)

    def open(self) -> "InvoiceQuerySet":
        return self.filter(status=Invoice.Status.OPEN)

    def overdue(self, on: date) -> "InvoiceQuerySet":
        """Open and past their due date on the business's own calendar day."""
        return self.open().filter(balance__gt=0, due_on__lt=on)

    def part_paid(self) -> "InvoiceQuerySet":
        return self.open().filter(balance__gt=0, balance__lt=F("total"))

    def in_conflict(self) -> "InvoiceQuerySet":
        """Of customers that are not contacts yet, because they clash with one."""
        return self.filter(contact=None)

    def search(self, words: str) -> "InvoiceQuerySet":
        """By number, customer or total; every word must be found. ``$1,200.50`` finds 1200.5."""
        found = self
        for word in words.casefold().split():
            match = Q(search_text__contains=word)
            if (amount := _as_amount(word)) and amount != word:
                match |= Q(search_text__contains=amount)
            found = found.filter(match)
        return found

    def for_list(self) -> "InvoiceQuerySet":
        """Without the long texts that no list shows."""
        return self.defer("bill_to", "ship_to", "customer_note", "private_note", "taxes", "search_text")


class Invoice(models.Model):
    """A claim on a customer, in one currency.

    ``owner`` decides what may be edited: an invoice of the books is read-only here and follows them. Its figures
    are the books' own, never computed again. ``status`` says how it was settled: PAID by payments, SETTLED
    without money (credit memo, or it was always 0), VOID. Sent, part paid and overdue are derived.
    """

    class Owner(models.TextChoices):
        OURS = "ours", "Tallybook"
        BOOKS = "books", "QuickBooks"

    class Status(models.TextChoices):
        DRAFT = "draft", "Draft"
        OPEN = "open", "Open"
        PAID = "paid", "Paid"
        SETTLED = "settled", "Settled"
        VOID = "void", "Void"

    class TaxMode(models.TextChoices):
        EXCLUSIVE = "exclusive", "Tax is added to the amounts"
        INCLUSIVE = "inclusive", "Amounts include tax"
        NONE = "none", "No tax"

    owner = models.CharField(max_length=5, choices=Owner, default=Owner.OURS)
    status = models.CharField(max_length=10, choices=Status, default=Status.DRAFT)
    contact = models.ForeignKey(
        "crm.Contact",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="invoices",
        help_text="empty while the books' customer clashes with another contact",
    )
    number = models.CharField(max_length=40, blank=True)
    issued_on = models.DateField()
    due_on = models.DateField()
    currency = CurrencyField()
    exchange_rate = RateField(default=Decimal(1), help_text="home units per unit of the currency")

    # As the document itself says, whatever became of the contact since.
    customer_name = models.CharField(max_length=500)
    bill_email = models.CharField(max_length=500, blank=True)
    bill_to = models.TextField("billing address", blank=True)
    ship_to = models.TextField("shipping address", blank=True)
    terms = models.CharField(max_length=100, blank=True)
    customer_note = models.TextField(blank=True)
    private_note = models.TextField(blank=True)

    tax_mode = models.CharField(max_length=10, choices=TaxMode, default=TaxMode.NONE)
    subtotal = MoneyField(default=ZERO, help_text="sum of the lines before discount, shipping and tax")
    discount = MoneyField(default=ZERO)
    discount_percent = RateField(null=True, blank=True)
    shipping = MoneyField(default=ZERO)
    tax = MoneyField(default=ZERO)
    taxes = models.JSONField(
        default=list, blank=True, help_text="one a rate: name, percent, net, amount (decimals as text)"
    )
    total = MoneyField(default=ZERO)
    deposit = MoneyField(default=ZERO, help_text="taken on the document itself")
    paid = MoneyField(default=ZERO, help_text="allocated from payments of money")
    credited = MoneyField(default=ZERO, help_text="allocated from credit memos")
    balance = MoneyField(default=ZERO)

    sent_at = models.DateTimeField(null=True, blank=True, help_text="first sent to the customer from here")
    last_sent_at = models.DateTimeField(null=True, blank=True)
    last_sent_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    viewed_at = models.DateTimeField(null=True, blank=True, help_text="first seen by the customer")
    # A tombstone: in no list and no sum, but never forgotten, so that nothing brings the invoice back.
    removed_at = models.DateTimeField(null=True, blank=True)
    removed_why = models.CharField(max_length=300, blank=True)
    attention = models.CharField(max_length=300, blank=True, help_text="what staff should look at")
    hold = models.CharField(
        max_length=200, blank=True, help_text="why the customer is not reminded until staff press Start"
    )

    created_at = models.DateTimeField(auto_now_add=True)
    changed_at = models.DateTimeField(auto_now=True)
    search_text = models.TextField(editable=False)

    objects = InvoiceQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(currency__regex=r"^[A-Z]{3}$"), name="invoice_has_currency"),
            models.CheckConstraint(condition=Q(paid__gte=0), name="invoice_paid_not_negative"),
            models.CheckConstraint(condition=Q(credited__gte=0), name="invoice_credited_not_negative"),
            models.CheckConstraint(
                condition=~Q(status="paid") | Q(balance=0, total__gt=0),
                name="invoice_paid_means_nothing_owed",
            ),
            models.CheckConstraint(condition=~Q(status="void") | Q(balance=0), name="invoice_void_owes_nothing"),
        ]
        indexes = [
            models.Index(fields=["-issued_on", "-id"], name="invoice_by_issued"),
            models.Index(fields=["due_on", "id"], name="invoice_by_due"),
            models.Index(fields=["total", "id"], name="invoice_by_total"),
            models.Index(fields=["balance", "id"], name="invoice_by_balance"),
            models.Index(fields=["status", "due_on"], name="invoice_by_status"),
            # Holds all that the sums above the list need, so that they read no rows.
            models.Index(fields=["currency", "total", "balance"], name="invoice_by_currency"),
        ]

    def __str__(self) -> str:
        return f"Invoice {self.number}" if self.number else "Invoice without a number"

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.index()
        if kwargs.get("update_fields") is not None:
            kwargs["update_fields"] = {*kwargs["update_fields"], "search_text", "changed_at"}
        super().save(*args, **kwargs)

    def index(self) -> None:
        """Bring the column that lists search by in step; bulk writers call it row by row."""
        self.search_text = f"{self.number}\n{self.customer_name}\n{self.total.normalize():f}".casefold()

    @property
    def is_read_only(self) -> bool:
        return self.owner == self.Owner.BOOKS

    @property
    def is_in_conflict(self) -> bool:
        return self.contact_id is None

    def is_overdue(self, on: date) -> bool:
        return self.status == self.Status.OPEN and self.balance > 0 and self.due_on < on

    def is_part_paid(self) -> bool:
        return self.status == self.Status.OPEN and 0 < self.balance < self.total

    def is_owed(self) -> bool:
        return self.status == self.Status.OPEN and self.balance > 0 and not self.removed_at

    def has_receipt(self) -> bool:
        """Whether money came in on it; a credit alone is none."""
        return bool(self.paid or self.deposit) and self.status not in {self.Status.VOID, self.Status.DRAFT}

    def received(self) -> "models.QuerySet[Any]":
        """The allocations of payments that stand, in the order in which they came in."""
        return self.allocations.standing().select_related("payment")


class InvoiceLine(models.Model):
    """One line as the document shows it. Amounts are net of tax unless ``amount_with_tax`` is given beside."""

    class Kind(models.TextChoices):
        ITEM = "item", "Product or service"
        TEXT = "text", "Description"
        BUNDLE = "bundle", "Bundle"
        BUNDLED = "bundled", "Part of a bundle"
        DISCOUNT = "discount", "Discount"
        SHIPPING = "shipping", "Shipping"
        GRATUITY = "gratuity", "Gratuity"

    invoice = models.ForeignKey(Invoice, models.CASCADE, related_name="lines")
    position = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.ITEM)
    code = models.CharField(max_length=100, blank=True, help_text="item number (SKU), else the item's name")
    name = models.CharField(max_length=500, blank=True)
    description = models.TextField(blank=True)
    service_on = models.DateField(null=True, blank=True)
    quantity = RateField(null=True, blank=True)
    rate = RateField(null=True, blank=True)
    discount_percent = RateField(null=True, blank=True)
    amount = MoneyField(default=ZERO)
    amount_with_tax = MoneyField(null=True, blank=True)
    tax_name = models.CharField(max_length=100, blank=True)
    tax_percent = RateField(null=True, blank=True)

    class Meta:
        ordering = ["position"]
        constraints = [models.UniqueConstraint(fields=["invoice", "position"], name="line_once_per_position")]

    def __str__(self) -> str:
        return self.description or self.name or self.get_kind_display()
