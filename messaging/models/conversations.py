"""A conversation: everything written to and by one contact, or one number that belongs to nobody yet."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone


class ConversationQuerySet(models.QuerySet["Conversation"]):
    def open(self) -> "ConversationQuerySet":
        return self.filter(closed_at=None)

    def closed(self) -> "ConversationQuerySet":
        return self.exclude(closed_at=None)

    def search(self, words: str) -> "ConversationQuerySet":
        """By the contact's name, email or number; every word must be found."""
        found = self
        for word in words.casefold().split():
            found = found.filter(Q(contact__search_text__contains=word) | Q(address__contains=word))
        return found


class Conversation(models.Model):
    """One thread a contact; of a number nobody has, one a number, until staff say whose it is."""

    contact = models.OneToOneField(
        "crm.Contact", models.PROTECT, null=True, blank=True, related_name="conversation", editable=False
    )
    address = models.CharField(max_length=254, blank=True, help_text="of a sender who is no contact: E.164 or an email")
    assigned_to = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="conversations"
    )
    closed_at = models.DateTimeField(null=True, blank=True)
    # Sorted by: unread ones first, then the newest. A boolean, because a count would sort the chatty ones first.
    is_unread = models.BooleanField(default=False)
    last_at = models.DateTimeField(default=timezone.now)

    objects = ConversationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["address"], condition=~Q(address=""), name="conversation_once_per_unknown_address"
            ),
            models.CheckConstraint(
                condition=Q(contact=None) ^ Q(address=""), name="conversation_of_a_contact_or_an_address"
            ),
        ]
        indexes = [models.Index(fields=["-is_unread", "-last_at", "-id"], name="conversation_inbox")]

    def __str__(self) -> str:
        return self.contact.name if self.contact else self.address
