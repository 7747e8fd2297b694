"""Support's view of invoices and money. Nothing here is written by hand."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse

from crm.support import ReadOnlyAdmin, ReadOnlyInline
from invoicing.models import (
    Allocation,
    Invoice,
    InvoiceLine,
    InvoiceView,
    Payment,
    PaymentSettings,
    PublicLink,
    Refund,
    RefundShare,
    StatementLink,
)


class InvoiceLineInline(ReadOnlyInline):
    model = InvoiceLine
    fields = (
        "position",
        "kind",
        "code",
        "name",
        "description",
        "quantity",
        "rate",
        "amount",
        "tax_name",
        "tax_percent",
    )


class AllocationInline(ReadOnlyInline):
    model = Allocation
    fields = ("payment", "invoice", "amount", "credit")

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("payment", "invoice")


@admin.register(Invoice)
class InvoiceAdmin(ReadOnlyAdmin):
    hidden = ("search_text",)
    list_display = (
        "__str__",
        "customer_name",
        "issued_on",
        "due_on",
        "currency",
        "total",
        "balance",
        "status",
        "owner",
    )
    list_filter = ("status", "owner", "tax_mode", ("contact", admin.EmptyFieldListFilter))
    search_fields = ("number", "customer_name")
    search_help_text = "Number, customer, or total"
    date_hierarchy = "issued_on"
    ordering = ("-issued_on", "-id")
    inlines = (InvoiceLineInline, AllocationInline)

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[Any, bool]:
        """Found as on the invoices page."""
        return queryset.search(search_term), False

    def view_on_site(self, obj: Invoice) -> str:
        return reverse("invoicing:detail", args=[obj.pk])


@admin.register(InvoiceLine)
class InvoiceLineAdmin(ReadOnlyAdmin):
    list_display = ("invoice", "position", "kind", "code", "name", "amount", "tax_name")
    list_filter = ("kind",)
    list_select_related = ("invoice",)
    search_fields = ("invoice__number", "code", "name", "description")
    date_hierarchy = "invoice__issued_on"
    ordering = ("-invoice_id", "position")


@admin.register(Payment)
class PaymentAdmin(ReadOnlyAdmin):
    list_display = ("__str__", "customer_name", "received_on", "currency", "amount", "credit", "unapplied", "is_void")
    list_filter = ("source", "is_void")
    search_fields = ("=reference", "memo", "customer_name", "contact__name")
    date_hierarchy = "received_on"
    ordering = ("-received_on", "-id")
    inlines = (AllocationInline,)


@admin.register(Allocation)
class AllocationAdmin(ReadOnlyAdmin):
    list_display = ("payment", "invoice", "amount", "credit")
    list_filter = ("payment__source",)
    list_select_related = ("payment", "invoice")
    search_fields = ("invoice__number", "=payment__reference", "payment__memo")
    date_hierarchy = "payment__received_on"
    ordering = ("-id",)


class RefundShareInline(ReadOnlyInline):
    model = RefundShare
    fields = ("invoice", "amount")

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("invoice")


@admin.register(Refund)
class RefundAdmin(ReadOnlyAdmin):
    list_display = ("payment", "kind", "amount", "currency", "status", "reason", "created_at")
    list_filter = ("status", "kind", "source")
    list_select_related = ("payment",)
    search_fields = ("=reference", "=key", "reason", "payment__memo", "payment__customer_name")
    date_hierarchy = "created_at"
    ordering = ("-id",)
    inlines = (RefundShareInline,)


@admin.register(RefundShare)
class RefundShareAdmin(ReadOnlyAdmin):
    list_display = ("refund", "invoice", "amount")
    list_select_related = ("refund__payment", "invoice")
    search_fields = ("invoice__number", "=refund__reference")
    ordering = ("-id",)


@admin.register(PublicLink)
class PublicLinkAdmin(ReadOnlyAdmin):
    hidden = ("token",)  # whoever has it sees the invoice
    list_display = ("invoice", "created_at", "replaced_at")
    list_select_related = ("invoice",)
    search_fields = ("invoice__number", "invoice__customer_name")
    date_hierarchy = "created_at"
    ordering = ("-id",)


@admin.register(StatementLink)
class StatementLinkAdmin(ReadOnlyAdmin):
    hidden = ("token",)  # whoever has it sees the invoices
    list_display = ("contact", "created_at", "replaced_at")
    list_select_related = ("contact",)
    search_fields = ("contact__name",)
    date_hierarchy = "created_at"
    ordering = ("-id",)


@admin.register(InvoiceView)
class InvoiceViewAdmin(ReadOnlyAdmin):
    list_display = ("invoice", "at")
    list_select_related = ("invoice",)
    search_fields = ("invoice__number", "invoice__customer_name")
    date_hierarchy = "at"
    ordering = ("-id",)


@admin.register(PaymentSettings)
class PaymentSettingsAdmin(ReadOnlyAdmin):
    list_display = ("__str__", "allows_part", "least_part", "switched_off")
    list_filter = ("allows_part",)
    search_fields = ("switched_off",)
    ordering = ("pk",)
