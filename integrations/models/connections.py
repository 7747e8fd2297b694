"""The connection to one QuickBooks company, and what its limits still allow."""

from typing import Optional

from django.conf import settings
from django.db import models

from integrations.fields import SecretTextField


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
