"""Support's view of contacts, staff and what happened; and of the parts of others that show too much by themselves."""

from typing import Any, ClassVar

import allauth.mfa.admin  # noqa: F401 - registers what is registered anew below
import django.contrib.auth.admin
import django_q.admin  # noqa: F401 - the same
from allauth.mfa.models import Authenticator
from django import forms
from django.contrib import admin
from django.contrib.auth.forms import AdminUserCreationForm, UserChangeForm
from django.contrib.auth.models import Group
from django.http import HttpRequest
from django.urls import reverse
from django_q.models import Failure, OrmQ, Schedule, Success

from crm.models import Activity, Business, Contact, Heartbeat, HelpAnswer, Invitation, User
from crm.support import ReadOnlyAdmin

admin.site.site_header = admin.site.site_title = "Tallybook support"
admin.site.index_title = "Everything that is kept"


@admin.register(Contact)
class ContactAdmin(ReadOnlyAdmin):
    hidden = ("search_text",)
    list_display = ("name", "company", "email", "phone", "owner", "archived_at", "created_at")
    list_filter = ("owner", ("archived_at", admin.EmptyFieldListFilter))
    search_fields = ("name", "company", "email", "phone")
    search_help_text = "Name, company, email, or the digits of a number"
    date_hierarchy = "created_at"
    ordering = ("sort_name", "id")

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[Any, bool]:
        """Found as on the contacts page, number formats and foreign letters included."""
        return queryset.search(search_term), False

    def view_on_site(self, obj: Contact) -> str:
        return reverse("contacts:detail", args=[obj.pk])


@admin.register(Activity)
class ActivityAdmin(ReadOnlyAdmin):
    list_display = ("at", "verb", "subject_type", "subject_id", "contact", "actor", "origin")
    list_filter = ("subject_type", "origin")
    list_select_related = ("contact", "actor")
    search_fields = ("verb", "text", "contact__name", "actor__email", "=subject_id")
    date_hierarchy = "at"
    ordering = ("-id",)


@admin.register(Business)
class BusinessAdmin(admin.ModelAdmin):
    list_display = ("name", "country", "time_zone", "currency", "is_demo")
    list_filter = ("is_demo",)
    search_fields = ("name", "email")
    # Uploaded and checked on the settings page.
    readonly_fields = ("logo", "is_demo")
    actions = None

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Heartbeat)
class HeartbeatAdmin(ReadOnlyAdmin):
    list_display = ("name", "beat_at")
    list_filter = ("beat_at",)
    search_fields = ("name",)


@admin.register(HelpAnswer)
class HelpAnswerAdmin(ReadOnlyAdmin):
    list_display = ("page", "has_helped", "sentence", "user", "answered_at")
    list_filter = ("page", "has_helped")
    list_select_related = ("user",)
    search_fields = ("page", "sentence", "user__email")
    date_hierarchy = "answered_at"
    ordering = ("-answered_at", "-id")


@admin.register(Invitation)
class InvitationAdmin(ReadOnlyAdmin):
    hidden = ("secret_digest",)
    list_display = ("email", "role", "invited_by", "invited_at", "expires_at", "accepted_at")
    list_filter = ("role", ("accepted_at", admin.EmptyFieldListFilter))
    list_select_related = ("invited_by",)
    search_fields = ("email",)
    date_hierarchy = "invited_at"


class _LowerEmail:
    """Addresses are kept in small letters, because people are known by them."""

    cleaned_data: dict[str, Any]

    def clean_email(self) -> str:
        return self.cleaned_data["email"].lower()


class NewUserForm(_LowerEmail, AdminUserCreationForm):
    class Meta:
        model = User
        fields = ("email", "name", "role")
        field_classes: ClassVar[dict[str, type[forms.Field]]] = {}


class UserForm(_LowerEmail, UserChangeForm):
    class Meta:
        model = User
        fields = "__all__"
        field_classes: ClassVar[dict[str, type[forms.Field]]] = {}


@admin.register(User)
class UserAdmin(django.contrib.auth.admin.UserAdmin):
    """Staff are switched off, not deleted: the audit trail names them."""

    form, add_form = UserForm, NewUserForm
    fieldsets = (
        (None, {"fields": ("email", "name", "role", "password")}),
        ("May open", {"fields": ("is_active", "is_staff", "is_superuser")}),
        ("When", {"fields": ("last_login", "date_joined")}),
    )
    add_fieldsets = (
        (
            None,
            {"classes": ("wide",), "fields": ("email", "name", "role", "usable_password", "password1", "password2")},
        ),
    )
    readonly_fields = ("last_login", "date_joined")
    list_display = ("email", "name", "role", "is_active", "is_staff", "last_login")
    list_filter = ("role", "is_active", "is_staff")
    search_fields = ("email", "name")
    ordering = ("email",)
    filter_horizontal = ()
    date_hierarchy = "date_joined"
    actions = None

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


# --- models of others --------------------------------------------------------------------------------------------

# Roles say who may do what (crm.roles), not groups.
admin.site.unregister([Group, Authenticator, Schedule, Success, Failure, OrmQ])


@admin.register(Authenticator)
class AuthenticatorAdmin(ReadOnlyAdmin):
    """Who has a second factor. Its secret and the recovery codes stay unread."""

    hidden = ("data",)
    list_display = ("user", "type", "created_at", "last_used_at")
    list_filter = ("type",)
    list_select_related = ("user",)
    search_fields = ("user__email", "user__name")
    date_hierarchy = "created_at"

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A lost phone: support removes the factor, its person sets up a new one."""
        return admin.ModelAdmin.has_delete_permission(self, request, obj)


@admin.register(Schedule)
class ScheduleAdmin(ReadOnlyAdmin):
    """A schedule names a function to run: only code writes it."""

    list_display = ("name", "func", "schedule_type", "cluster", "next_run")
    list_filter = ("schedule_type",)
    search_fields = ("name", "func")


@admin.register(Success, Failure)
class TaskAdmin(ReadOnlyAdmin):
    list_display = ("name", "func", "cluster", "started", "stopped")
    list_filter = ("cluster",)
    search_fields = ("name", "func")
    date_hierarchy = "started"
    ordering = ("-started",)


@admin.register(OrmQ)
class QueueAdmin(ReadOnlyAdmin):
    """What waits in the queues. The signed payload stays unread; the task's name says enough."""

    hidden = ("payload",)
    list_display = ("id", "key", "lock")
    list_filter = ("key",)
    search_fields = ("key",)
