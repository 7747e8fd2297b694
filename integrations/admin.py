"""Support's view of connections, links and imports. Tokens and leases stay unread."""

from typing import Any, ClassVar

from django.contrib import admin
from django.http import HttpRequest

from crm.support import ReadOnlyAdmin
from integrations.models import (
    ApiAllowance,
    BookingSettings,
    CatalogueEntry,
    ConnectionNotice,
    GatewayEvent,
    GatewayFee,
    ImportItem,
    ImportRun,
    InboxEvent,
    OutboxEntry,
    Payout,
    PayoutLine,
    PaySession,
    PaySessionShare,
    QuickBooksConnection,
    QuickBooksLink,
    SyncLogEntry,
    SyncState,
)


class OfConnectionAdmin(ReadOnlyAdmin):
    """Rows of one connection: it is read beside them, without its tokens."""

    list_select_related: ClassVar[tuple[str, ...]] = ("connection",)

    def get_queryset(self, request: HttpRequest) -> Any:
        secrets = (f"connection__{name}" for name in QuickBooksConnectionAdmin.hidden)
        return super().get_queryset(request).select_related(*self.list_select_related).defer(*self.hidden, *secrets)


@admin.register(QuickBooksConnection)
class QuickBooksConnectionAdmin(ReadOnlyAdmin):
    hidden = ("access_token", "refresh_token", "lease_id", "lease_until")
    list_display = ("company_name", "realm_id", "status", "connected_by", "connected_at", "ends_at")
    list_filter = ("status",)
    list_select_related = ("connected_by",)
    search_fields = ("company_name", "realm_id")
    date_hierarchy = "connected_at"


@admin.register(ConnectionNotice)
class ConnectionNoticeAdmin(OfConnectionAdmin):
    hidden = ("lease_until",)
    list_display = ("connection", "kind", "about", "created_at", "sent_at")
    list_filter = ("kind",)
    search_fields = ("connection__company_name",)
    date_hierarchy = "created_at"
    ordering = ("-id",)


@admin.register(ApiAllowance)
class ApiAllowanceAdmin(ReadOnlyAdmin):
    list_display = ("realm_id", "second_at", "minute_at", "version")
    search_fields = ("realm_id",)


@admin.register(QuickBooksLink)
class QuickBooksLinkAdmin(OfConnectionAdmin):
    list_display = ("entity", "external_id", "state", "contact", "invoice", "payment", "synced_at")
    list_filter = ("entity", "state")
    list_select_related = ("connection", "contact", "invoice", "payment")
    search_fields = ("=external_id", "=customer_id", "reason", "contact__name", "invoice__number")
    date_hierarchy = "synced_at"
    ordering = ("-id",)


@admin.register(CatalogueEntry)
class CatalogueEntryAdmin(OfConnectionAdmin):
    list_display = ("entity", "external_id", "name", "code", "percent")
    list_filter = ("entity",)
    search_fields = ("=external_id", "name", "code")


@admin.register(ImportRun)
class ImportRunAdmin(OfConnectionAdmin):
    hidden = ("lease_id",)
    list_display = (
        "__str__",
        "status",
        "is_preview",
        "done",
        "total",
        "started_by",
        "created_at",
        "ended_at",
        "message",
    )
    list_filter = ("kind", "status", "is_preview")
    list_select_related = ("connection", "started_by")
    search_fields = ("=id", "message", "started_by__email")
    date_hierarchy = "created_at"


@admin.register(ImportItem)
class ImportItemAdmin(ReadOnlyAdmin):
    list_display = ("run", "entity", "external_id", "outcome", "name", "reason")
    list_filter = ("outcome", "entity")
    list_select_related = ("run",)
    search_fields = ("=run__id", "=external_id", "name", "reason")
    date_hierarchy = "run__created_at"
    ordering = ("-id",)


@admin.register(InboxEvent)
class InboxEventAdmin(ReadOnlyAdmin):
    list_display = ("source", "entity", "entity_id", "operation", "status", "attempts", "received_at", "last_error")
    list_filter = ("status", "source", "entity")
    search_fields = ("=entity_id", "=external_id", "last_error")
    date_hierarchy = "received_at"
    ordering = ("-id",)


@admin.register(OutboxEntry)
class OutboxEntryAdmin(OfConnectionAdmin):
    list_display = ("kind", "record", "status", "attempts", "pauses", "created_at", "ended_at", "last_error")
    list_filter = ("status", "kind")
    list_select_related = ("connection", "payment", "invoice")
    search_fields = ("=key", "=payment__reference", "payment__customer_name", "invoice__number", "last_error")
    date_hierarchy = "created_at"
    ordering = ("-id",)


@admin.register(BookingSettings)
class BookingSettingsAdmin(OfConnectionAdmin):
    list_display = ("connection", "account_name", "account_id", "methods")
    search_fields = ("connection__company_name", "account_name")
    ordering = ("-id",)


@admin.register(SyncState)
class SyncStateAdmin(OfConnectionAdmin):
    hidden = ("lease_id", "lease_until")
    list_display = ("connection", "watermark", "last_good_pass_at", "next_pass_at", "poll_minutes", "last_error")
    search_fields = ("connection__company_name",)
    ordering = ("-id",)


@admin.register(SyncLogEntry)
class SyncLogEntryAdmin(OfConnectionAdmin):
    list_display = ("at", "door", "entity", "external_id", "name", "outcome", "text")
    list_filter = ("door", "outcome", "entity")
    search_fields = ("=external_id", "name", "text")
    date_hierarchy = "at"
    ordering = ("-id",)


@admin.register(PaySession)
class PaySessionAdmin(ReadOnlyAdmin):
    hidden = ("url",)  # whoever opens it can pay, and sees whose invoice it is
    list_display = ("invoice", "contact", "gateway", "amount", "currency", "status", "created_at", "expires_at")
    list_filter = ("status", "gateway")
    list_select_related = ("invoice", "contact")
    search_fields = ("invoice__number", "contact__name", "=reference", "=key")
    date_hierarchy = "created_at"
    ordering = ("-id",)


@admin.register(PaySessionShare)
class PaySessionShareAdmin(ReadOnlyAdmin):
    list_display = ("invoice", "amount", "session")
    list_filter = ("session__gateway",)
    list_select_related = ("invoice", "session__invoice", "session__contact")
    search_fields = ("invoice__number", "=session__reference")
    date_hierarchy = "session__created_at"
    ordering = ("-id",)


@admin.register(GatewayEvent)
class GatewayEventAdmin(ReadOnlyAdmin):
    list_display = ("gateway", "kind", "object_id", "status", "attempts", "received_at", "last_error")
    list_filter = ("status", "gateway", "kind")
    search_fields = ("=external_id", "=object_id", "last_error")
    date_hierarchy = "received_at"
    ordering = ("-id",)


@admin.register(Payout)
class PayoutAdmin(ReadOnlyAdmin):
    list_display = ("reference", "gateway", "amount", "currency", "arrives_on", "status")
    list_filter = ("status", "gateway")
    search_fields = ("=reference",)
    date_hierarchy = "arrives_on"
    ordering = ("-id",)


@admin.register(PayoutLine)
class PayoutLineAdmin(ReadOnlyAdmin):
    list_display = ("reference", "payout", "kind", "payment", "gross", "fee", "net", "happened_at")
    list_filter = ("kind",)
    list_select_related = ("payout", "payment")
    search_fields = ("=reference", "=payout__reference", "=payment__reference")
    date_hierarchy = "happened_at"
    ordering = ("-id",)


@admin.register(GatewayFee)
class GatewayFeeAdmin(ReadOnlyAdmin):
    list_display = ("payment", "gateway", "fee", "net", "currency", "payout")
    list_filter = ("gateway",)
    list_select_related = ("payment", "payout")
    search_fields = ("=reference", "=payment__reference", "=payout__reference")
    ordering = ("-id",)
