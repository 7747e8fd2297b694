"""Keyset paging: the pages of a list that stays quick however long it is.

A page starts behind the last row of the one before, found through an index, and never counts rows to skip. The
place, the sort and the filters all stand in the URL, so a page can be kept as a bookmark and works without script.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Generic, TypeVar

from django.core.exceptions import ValidationError
from django.core.signing import BadSignature, Signer
from django.db.models import BooleanField, Expression, F, Field, Func, Model, QuerySet, Value
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers

Row = TypeVar("Row", bound=Model)


@dataclass(frozen=True)
class Page(Generic[Row]):
    """One page. ``next`` and ``previous`` are addresses, or "" at the ends; ``sort_urls`` has one a sort."""

    items: list[Row]
    next: str
    previous: str
    order: str
    sort_urls: dict[str, str]


def paginate(
    request: HttpRequest,
    queryset: QuerySet[Row],
    *,
    orders: Mapping[str, Sequence[str]],
    default: str,
    size: int = 50,
) -> Page[Row]:
    """The page that ``?sort=``, ``?after=`` and ``?before=`` ask for, in one query.

    ``orders`` names each sort and its columns: all ascending or all descending, none nullable, the last one unique
    (the id), and an index over them. Unknown sorts give the default, cursors that were tampered with the first page.
    """
    name = request.GET.get("sort", "")
    order = _Order(queryset, name if name in orders else default, orders)
    after, before = order.read(request.GET.get("after")), order.read(request.GET.get("before"))
    if after:
        rows = list(queryset.filter(order.beyond(after)).order_by(*order.columns)[: size + 1])
    elif before:
        rows = list(queryset.filter(order.short_of(before)).order_by(*order.backwards)[: size + 1])
        if len(rows) < size:  # rows were deleted meanwhile: rather a whole first page than a short one
            before = None
    if not after and not before:
        rows = list(queryset.order_by(*order.columns)[: size + 1])
    more, rows = len(rows) > size, rows[:size]
    if before:
        rows.reverse()
    has_next, has_previous = (True, more) if before else (more, bool(after))
    return Page(
        items=rows,
        next=_href(request, after=order.cursor(rows[-1])) if has_next else "",
        previous=_previous(request, order, rows) if has_previous else "",
        order=order.name,
        sort_urls={sort: _href(request, sort=sort) for sort in orders},
    )


def is_fragment(request: HttpRequest) -> bool:
    """Whether htmx wants the rows alone; a page that it restores from history is a whole one."""
    htmx = request.htmx  # type: ignore[attr-defined]
    return bool(htmx) and not htmx.boosted and not htmx.history_restore_request


def render_list(request: HttpRequest, *, page: str, rows: str, context: dict[str, Any]) -> HttpResponse:
    """Render the template ``page``, or for htmx the fragment ``rows`` alone; caches keep the two apart."""
    response = render(request, rows if is_fragment(request) else page, context)
    patch_vary_headers(response, ["HX-Request"])
    return response


class _Order(Generic[Row]):
    """One sort of one queryset: its columns, and the cursors that point into it."""

    def __init__(self, queryset: QuerySet[Row], name: str, orders: Mapping[str, Sequence[str]]) -> None:
        self.name, self.columns = name, list(orders[name])
        self.descending = self.columns[0].startswith("-")
        self.names = [column.removeprefix("-") for column in self.columns]
        if any(column.startswith("-") != self.descending for column in self.columns):
            raise ValueError(f"The columns of the sort {name!r} must all point the same way.")
        if self.names[-1] not in {"id", "pk"}:
            raise ValueError(f"The sort {name!r} must end with the id, or rows that tie could be lost.")
        self.backwards = self.names if self.descending else [f"-{column}" for column in self.names]
        self.fields = [_field(queryset, column) for column in self.names]
        # A cursor fits one sort of one kind of row, and nobody can make one up.
        self.signer = Signer(salt=f"crm.paging.{queryset.model._meta.label}.{name}")

    def cursor(self, row: Row) -> str:
        values = [_value(row, column) for column in self.names]
        words = [value.isoformat() if isinstance(value, date) else str(value) for value in values]
        return self.signer.sign_object(words)

    def read(self, cursor: str | None) -> list[Any] | None:
        """The values a cursor stands for; None for no cursor, or one that we did not write."""
        try:
            words = self.signer.unsign_object(cursor or "")
            return [field.to_python(word) for field, word in zip(self.fields, words, strict=True)]
        except (BadSignature, ValidationError, ValueError):
            return None

    def beyond(self, values: list[Any]) -> Expression:
        return self._compare("<" if self.descending else ">", values)

    def short_of(self, values: list[Any]) -> Expression:
        return self._compare(">" if self.descending else "<", values)

    def _compare(self, operator: str, values: list[Any]) -> Expression:
        columns = [F(column) for column in self.names]
        typed = [Value(value, output_field=field) for value, field in zip(values, self.fields, strict=True)]
        return _RowComparison(*columns, *typed, operator=operator)


class _RowComparison(Func):
    """``(a, b) > (x, y)``: unlike the same spelled with OR, both databases answer it from the index alone."""

    output_field = BooleanField()

    def __init__(self, *expressions: Any, operator: str) -> None:
        self.operator = operator
        super().__init__(*expressions)

    def as_sql(self, compiler: Any, connection: Any, **extra: Any) -> tuple[str, list[Any]]:  # type: ignore[override]
        compiled = [compiler.compile(expression) for expression in self.source_expressions]
        half = len(compiled) // 2
        left, right = (", ".join(sql for sql, _ in side) for side in (compiled[:half], compiled[half:]))
        return f"({left}) {self.operator} ({right})", [param for _, params in compiled for param in params]


def _field(queryset: QuerySet[Any], column: str) -> Field:
    """The model field behind a column, an annotation or a path such as ``contact__sort_name``."""
    if column in queryset.query.annotations:
        return queryset.query.annotations[column].output_field
    meta, *rest = queryset.model._meta, *column.split("__")
    field = meta.pk if rest == ["pk"] else meta.get_field(rest[0])
    for step in rest[1:]:
        field = field.related_model._meta.get_field(step)
    return field


def _value(row: Any, column: str) -> Any:
    for step in column.split("__"):
        row = getattr(row, step)
    return row


def _previous(request: HttpRequest, order: _Order[Any], rows: list[Any]) -> str:
    """Back from these rows; from behind the end, where there are none, back to the start."""
    return _href(request, before=order.cursor(rows[0])) if rows else _href(request)


def _href(request: HttpRequest, **changes: str) -> str:
    """This page's address with another place or sort in the list; filters stay."""
    query = request.GET.copy()
    for key in ("after", "before"):
        query.pop(key, None)
    for key, value in changes.items():
        query[key] = value
    return f"{request.path}?{query.urlencode()}"
