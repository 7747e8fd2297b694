"""Contacts and the words in which they are asked for."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import models
from django.db.models import Q

from crm.phone import digits


class ContactQuerySet(models.QuerySet["Contact"]):
    def live(self) -> "ContactQuerySet":
        return self.filter(archived_at=None)

    def archived(self) -> "ContactQuerySet":
        return self.exclude(archived_at=None)

    def recognised(self, field: str, values: Iterable[str]) -> "ContactQuerySet":
        """The live contacts with one of these in ``field``, which is email or phone.

        Blank ones are left out in so many words: SQLite takes the index that leaves them out only then.
        """
        return self.live().exclude(**{field: ""}).filter(**{f"{field}__in": list(values)})

    def search(self, words: str) -> "ContactQuerySet":
        """By name, company, email or phone digits in any format; every word must be found."""
        found = self
        as_digits = digits(words)
        if len(as_digits) >= 4 and not any(letter.isalpha() for letter in words):
            return found.filter(search_text__contains=as_digits)
        for word in words.casefold().split():
            found = found.filter(search_text__contains=word)
        return found


class Contact(models.Model):
    """A customer of the business: a person or a company.

    ``email`` (case-folded) and ``phone`` (E.164) are what contacts are recognised by and are unique among live
    contacts. What people typed stays beside them in ``email_typed`` and ``phone_typed``; a shared address or
    number that staff keep apart stands there alone, so it is shown but never matched or texted.
    """

    class Owner(models.TextChoices):
        OURS = "ours", "Tallybook"
        BOOKS = "books", "QuickBooks"

    owner = models.CharField(max_length=5, choices=Owner, default=Owner.OURS, editable=False)
    parent = models.ForeignKey("self", models.SET_NULL, null=True, blank=True, related_name="children")
    name = models.CharField("display name", max_length=500)
    first_name = models.CharField(max_length=100, blank=True)
    last_name = models.CharField(max_length=100, blank=True)
    company = models.CharField(max_length=500, blank=True)
    email = models.CharField(max_length=254, blank=True, editable=False)
    email_typed = models.CharField("email", max_length=500, blank=True)
    phone = models.CharField(max_length=20, blank=True, editable=False)
    phone_typed = models.CharField("mobile or phone", max_length=60, blank=True)
    other_phone = models.CharField("other phone", max_length=60, blank=True)
    website = models.CharField(max_length=1000, blank=True)
    street = models.TextField(blank=True)
    city = models.CharField(max_length=255, blank=True)
    region = models.CharField("state or county", max_length=255, blank=True)
    postal_code = models.CharField(max_length=30, blank=True)
    country = models.CharField(max_length=255, blank=True)
    ship_to = models.TextField("shipping address", blank=True)
    notes = models.TextField(blank=True, help_text="Yours alone: never sent to QuickBooks.")
    archived_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    changed_at = models.DateTimeField(auto_now=True)
    # Casefolded by us, because databases fold letters differently: what lists sort and search by.
    sort_name = models.CharField(max_length=100, editable=False)
    search_text = models.TextField(editable=False)

    objects = ContactQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["email"],
                condition=Q(archived_at=None) & ~Q(email=""),
                name="contact_once_per_live_email",
            ),
            models.UniqueConstraint(
                fields=["phone"],
                condition=Q(archived_at=None) & ~Q(phone=""),
                name="contact_once_per_live_phone",
            ),
            models.CheckConstraint(condition=~Q(name=""), name="contact_has_name"),
        ]
        indexes = [
            models.Index(fields=["sort_name", "id"], name="contact_by_name"),
            models.Index(fields=["-created_at", "-id"], name="contact_by_newest"),
        ]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.index()
        if kwargs.get("update_fields") is not None:
            kwargs["update_fields"] = {*kwargs["update_fields"], "sort_name", "search_text", "changed_at"}
        super().save(*args, **kwargs)

    def index(self) -> None:
        """Bring the columns that lists sort and search by in step; bulk writers call it row by row."""
        self.sort_name = self.name.casefold()[:100]
        phones = {self.phone, digits(self.phone_typed), digits(self.other_phone)} - {""}
        words = [self.name, self.company, self.first_name, self.last_name, self.email, self.email_typed]
        self.search_text = "\n".join([*words, *sorted(phones)]).casefold()

    @property
    def is_archived(self) -> bool:
        return self.archived_at is not None

    @property
    def address_lines(self) -> list[str]:
        """The billing address as it is written on an envelope."""
        town = " ".join(part for part in [self.city, self.region, self.postal_code] if part)
        return [line for line in [*self.street.splitlines(), town, self.country] if line.strip()]

    def archive(self, at: datetime) -> None:
        self.archived_at = at
