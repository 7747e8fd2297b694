"""A question to the database that is put into SQL once and asked often.

Django takes ten times as long to put a long question into SQL as a database takes to answer it. The words stay the same
from one asking to the next, so they are kept; the answer never is.
"""

import re
from collections.abc import Callable
from functools import cached_property
from typing import Any

from django.db import connection
from django.db.models import QuerySet

Rows = tuple[tuple[Any, ...], ...]
_PLACE = "the text stands here"
_WORD = re.compile(r"\w+", re.ASCII)


class Prepared:
    """``make(text)`` is the question about a text, as ``values_list`` asks it; nothing else in it may change."""

    def __init__(self, make: Callable[[str], QuerySet[Any, Any]]) -> None:
        self.make = make

    def ask(self, text: str) -> Rows:
        """What the database says, in its own types: good for nothing but to compare, and to be read."""
        sql, values = self._words
        with connection.cursor() as cursor:
            cursor.execute(sql, [text if value == _PLACE else value for value in values])
            return tuple(cursor.fetchall())

    def read(self, rows: Rows) -> list[list[Any]]:
        """The same in Python's types, as Django reads them."""
        found = [list(row) for row in rows]
        for place, (converters, expression) in self._converters.items():
            for row in found:
                for convert in converters:
                    row[place] = convert(row[place], expression, connection)
        return found

    @cached_property
    def _converters(self) -> dict[int, tuple[list[Callable[..., Any]], Any]]:
        compiler = self.make(_PLACE).query.get_compiler(connection=connection)
        compiler.setup_query()
        return compiler.get_converters([expression for expression, *_ in compiler.select])

    @cached_property
    def _words(self) -> tuple[str, list[Any]]:
        sql, values = self.make(_PLACE).query.get_compiler(connection=connection).as_sql()
        first, *others = sql.split("%s")
        written, left = [first], []
        for value, words in zip(values, others, strict=True):
            literal = _literal(value)
            written.extend([literal or "%s", words])
            if literal is None:
                left.append(value)
        return "".join(written), left


def _literal(value: Any) -> str | None:
    """A plain word or number as SQL. Where a condition could lead to a partial index, SQLite plans the whole question
    anew for each asking unless the value stands in its text.
    """
    if isinstance(value, str) and _WORD.fullmatch(value):
        return f"'{value!s}'"
    return str(value) if type(value) is int else None
