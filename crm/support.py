"""What the admin pages for support have in common: they show everything but secrets, and change next to nothing.

Contacts, invoices and money are changed where people work, by services that write the audit trail.
"""

import json
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import Field, JSONField, Model
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString


def pretty_json(value: Any) -> SafeString:
    """JSON to read, with one fact a line."""
    return format_html("<pre>{}</pre>", json.dumps(value, indent=2, ensure_ascii=False, sort_keys=True, default=str))


class NothingToWrite:
    """No adding, changing or deleting, in a page or in an inline."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class ReadOnlyAdmin(NothingToWrite, admin.ModelAdmin):
    """Every column of the row except ``hidden`` ones, which are not even read from the database."""

    hidden: ClassVar[Sequence[str]] = ()
    actions = None
    list_per_page = 50
    show_full_result_count = False

    def __init__(self, model: type[Model], site: admin.AdminSite) -> None:
        super().__init__(model, site)
        self._columns = [_column(field) for field in model._meta.concrete_fields if field.name not in self.hidden]

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).defer(*self.hidden)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self._columns

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self._columns


class ReadOnlyInline(NothingToWrite, admin.TabularInline):
    """Rows that belong to the one shown, to look at."""

    extra = 0
    max_num = 0


def _column(field: Field) -> str | Callable[[Any], SafeString]:
    """A column as the admin takes it: by name, or for JSON a function that lays it out."""
    if not isinstance(field, JSONField):
        return field.name

    @admin.display(description=str(field.verbose_name))
    def column(row: Any) -> SafeString:
        return pretty_json(getattr(row, field.name))

    return column
