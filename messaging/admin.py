"""Support's view of messages. Nothing here is written by hand."""

from django.contrib import admin

from crm.support import ReadOnlyAdmin
from messaging.models import (
    Conversation,
    Draft,
    Lane,
    Message,
    MessagingSettings,
    NoticeChoice,
    StaffNotice,
    Suppression,
)


@admin.register(Conversation)
class ConversationAdmin(ReadOnlyAdmin):
    list_display = ("__str__", "is_unread", "assigned_to", "last_at", "closed_at")
    list_filter = ("is_unread", ("closed_at", admin.EmptyFieldListFilter))
    list_select_related = ("contact", "assigned_to")
    search_fields = ("=address", "contact__name")
    ordering = ("-last_at", "-id")


@admin.register(Message)
class MessageAdmin(ReadOnlyAdmin):
    # Its link lets whoever reads it open and pay a customer's invoice.
    hidden = ("body",)
    list_display = ("address", "direction", "channel", "status", "parts", "attempts", "created_at", "error")
    list_filter = ("status", "direction", "channel")
    search_fields = ("=address", "=reference", "=key", "error")
    date_hierarchy = "created_at"
    ordering = ("-id",)


@admin.register(Draft)
class DraftAdmin(ReadOnlyAdmin):
    list_display = ("invoice", "channel", "saved_by", "saved_at")
    list_select_related = ("invoice", "saved_by")
    search_fields = ("invoice__number",)
    ordering = ("-id",)


@admin.register(Suppression)
class SuppressionAdmin(ReadOnlyAdmin):
    list_display = ("address", "channel", "reason", "words", "created_at")
    list_filter = ("reason", "channel")
    search_fields = ("=address", "words")
    date_hierarchy = "created_at"
    ordering = ("-id",)


@admin.register(MessagingSettings)
class MessagingSettingsAdmin(ReadOnlyAdmin):
    list_display = ("__str__", "part_price")
    search_fields = ("invoice_message",)


@admin.register(Lane)
class LaneAdmin(ReadOnlyAdmin):
    hidden = ("lease_id",)
    list_display = ("channel", "lease_until")
    search_fields = ("=channel",)
    ordering = ("channel",)


@admin.register(NoticeChoice)
class NoticeChoiceAdmin(ReadOnlyAdmin):
    list_display = ("user", "replies", "failures", "payments")
    list_select_related = ("user",)
    search_fields = ("user__email",)
    ordering = ("-id",)


@admin.register(StaffNotice)
class StaffNoticeAdmin(ReadOnlyAdmin):
    list_display = ("user", "words", "created_at", "sent_at")
    list_filter = (("sent_at", admin.EmptyFieldListFilter),)
    list_select_related = ("user",)
    search_fields = ("user__email", "words")
    ordering = ("-id",)
