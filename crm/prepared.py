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
# What a question is about while it is put into SQL; nothing that anybody asks for.
A_TEXT = "the text stands here"
A_NUMBER = 4_611_686_018_427_387_847
_WORD = re.compile(r"\w+", re.ASCII)


class Prepared:
    """``make`` is given A_TEXT or A_NUMBER, and gives the question as ``values_list`` asks it."""

    def __init__(self, make: Callable[[Any], QuerySet[Any, Any]], place: str | int) -> None:
        self.make, self.place = make, place

    def ask(self, about: str | int) -> Rows:
        """What the database says, in its own types: good for nothing but to compare, and to be read."""
        sql, values = self._words
        with connection.cursor() as cursor:
            cursor.execute(sql, [about if value == self.place else value for value in values])
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
        compiler = self.make(self.place).query.get_compiler(connection=connection)
        compiler.setup_query()
        return compiler.get_converters([expression for expression, *_ in compiler.select])

    @cached_property
    def _words(self) -> tuple[str, list[Any]]:
        sql, values = self.make(self.place).query.get_compiler(connection=connection).as_sql()
        first, *others = sql.split("%s")
        written, left = [first], []
        for value, words in zip(values, others, strict=True):
            literal = None if value == self.place else _literal(value)
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
