"""The connection to one QuickBooks company, and what its limits still allow."""

from datetime import datetime, timedelta
from typing import Optional

from django.conf import settings
from django.db import models
from django.utils import timezone

from integrations.fields import SecretTextField

# Intuit ends every sign-in five years after a person gave it, however often it was renewed.
# https://blogs.intuit.com/2025/11/12/important-changes-to-refresh-token-policy/
HARD_LIMIT = timedelta(days=5 * 365)


class QuickBooksConnectionQuerySet(models.QuerySet["QuickBooksConnection"]):
    def current(self) -> Optional["QuickBooksConnection"]:
        """The company of this installation, connected or not any more; there is never more than one."""
        return self.defer("access_token", "refresh_token").first()


class QuickBooksConnection(models.Model):
    """One QuickBooks company ("realm"). Tokens are encrypted; the lease lets one process at a time refresh them."""

    class Status(models.TextChoices):
        CONNECTED = "connected", "Connected"
        NEEDS_RECONNECT = "needs_reconnect", "Sign in again"
        DISCONNECTED = "disconnected", "Disconnected"

    realm_id = models.CharField("company ID", max_length=40, unique=True)
    company_name = models.CharField(max_length=500)
    country = models.CharField(max_length=3, blank=True, help_text="ISO code as QuickBooks gives it")
    home_currency = models.CharField(max_length=3, default="USD")
    multi_currency = models.BooleanField(default=False)
    status = models.CharField(max_length=20, choices=Status, default=Status.CONNECTED)
    status_reason = models.CharField(max_length=500, blank=True)

    access_token = SecretTextField(blank=True)
    access_expires_at = models.DateTimeField(null=True)
    refresh_token = SecretTextField(blank=True)
    refresh_expires_at = models.DateTimeField(null=True)
    hard_expires_at = models.DateTimeField(null=True, help_text="as Intuit told it")
    lease_id = models.CharField(max_length=40, blank=True, editable=False)
    lease_until = models.DateTimeField(null=True, editable=False)

    connected_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    connected_at = models.DateTimeField()
    disconnected_at = models.DateTimeField(null=True, blank=True)
    contacts_imported_at = models.DateTimeField(null=True, blank=True)

    objects = QuickBooksConnectionQuerySet.as_manager()

    class Meta:
        verbose_name = "QuickBooks connection"

    def __str__(self) -> str:
        return self.company_name

    @property
    def is_connected(self) -> bool:
        return self.status == self.Status.CONNECTED

    @property
    def hard_end(self) -> datetime:
        """When renewing does not help any more: as Intuit told it, else as its rule has it."""
        return self.hard_expires_at or self.connected_at + HARD_LIMIT

    @property
    def ends_at(self) -> datetime:
        """When the sign-in ends if nothing renews it, and at the latest."""
        return min(self.refresh_expires_at or self.hard_end, self.hard_end)

    @property
    def ends_for_good(self) -> bool:
        """Whether only a person can put off the end; else Tallybook does, by renewing the sign-in.

        Near the hard end a renewed sign-in lasts no longer than that, and five years may count a leap day or two.
        """
        return self.hard_end - self.ends_at < timedelta(days=3)

    @property
    def ends_in_days(self) -> int:
        """Days of the calendar until the end: 0 today, less than 0 when it is over."""
        return (timezone.localdate(self.ends_at) - timezone.localdate()).days


class ConnectionNotice(models.Model):
    """A warning about a connection, mailed once to the admins. The lease lets one process at a time send it."""

    class Kind(models.TextChoices):
        TWO_WEEKS = "14_days", "Ends within 14 days"
        ONE_WEEK = "7_days", "Ends within 7 days"
        TWO_DAYS = "2_days", "Ends within 2 days"
        FAILED = "failed", "Sign in again"
        UNREADABLE = "unreadable", "Stored sign-in cannot be read"

    connection = models.ForeignKey(QuickBooksConnection, models.CASCADE, related_name="notices")
    kind = models.CharField(max_length=20, choices=Kind)
    about = models.DateTimeField(help_text="the end it warns of; of a failure, when that connection was made")
    lease_until = models.DateTimeField(null=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    sent_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["connection", "kind", "about"], name="connection_notice_once"),
        ]

    def __str__(self) -> str:
        return f"{self.connection}: {self.get_kind_display()}"


class ApiAllowance(models.Model):
    """When the next request to one company may go out, shared by all processes (a leaky bucket in a row).

    Two theoretical arrival times, in seconds since 1970: one for the limit per second, one for that per minute.
    """

    realm_id = models.CharField(max_length=40, primary_key=True)
    second_at = models.FloatField(default=0)
    minute_at = models.FloatField(default=0)
    version = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return self.realm_id
