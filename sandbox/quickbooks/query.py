"""The query language: read it as strictly as QuickBooks does, then answer from a table.

``SELECT * | count(*) FROM Entity [WHERE p op v [AND ...]] [ORDERBY p [ASC|DESC], ...] [STARTPOSITION n]
[MAXRESULTS n]``. There is no OR, no JOIN, no GROUP BY. Keywords, names and values ignore case; a quote inside a
value is escaped with a backslash.
"""

from __future__ import annotations

import operator
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from .clock import pacific, parse_moment
from .errors import Fault
from .schema import ENTITIES, Entity

TOKEN = re.compile(
    r"\s+|(?P<text>'(?:[^'\\]|\\.)*')|(?P<number>-?\d+(?:\.\d+)?(?![\w.]))"
    r"|(?P<word>[A-Za-z_][\w]*(?:\.[A-Za-z_]\w*)*)|(?P<sign><=|>=|[=<>(),*])",
    re.DOTALL,
)
CLAUSES = {"where", "order", "orderby", "startposition", "maxresults"}
OPERATORS = {"=", "<", ">", "<=", ">=", "in", "like"}
MOST = 1000


@dataclass(frozen=True)
class Token:
    """One word, value or sign, and the column it starts at."""

    kind: str
    value: str
    column: int


@dataclass(frozen=True)
class Condition:
    """``field op value``; IN has several values."""

    path: str
    kind: str
    operator: str
    values: tuple[str, ...]


@dataclass(frozen=True)
class Query:
    """A statement that was understood."""

    entity: Entity
    counting: bool
    conditions: tuple[Condition, ...]
    order: tuple[tuple[str, str, bool], ...]  # path, kind, descending
    start: int
    limit: int

    @property
    def shape(self) -> tuple[Any, ...]:
        """What decides which rows come in which order: the same for all pages of one reading."""
        return (self.conditions, self.order)


def _lexed(sql: str) -> Iterator[Token]:
    position = 0
    while position < len(sql):
        match = TOKEN.match(sql, position)
        if not match:
            raise _lexical_error(sql, position)
        if match.lastgroup:
            value = match.group()
            if match.lastgroup == "text":
                value = re.sub(r"\\(.)", r"\1", value[1:-1], flags=re.DOTALL)
            yield Token(match.lastgroup, value, position + 1)
        position = match.end()
    yield Token("end", "<EOF>", position + 1)


def _lexical_error(sql: str, position: int) -> Fault:
    letter = sql[position]
    shown = letter if letter.isascii() else f"\\u{ord(letter):04x}"
    return Fault(
        4000,
        f'QueryParserError: Lexical error at line 1, column {position + 1}.  Encountered: "{shown}" '
        f'({ord(letter)}), after : ""',
    )


class Reader:
    """Walks over the words of one statement."""

    def __init__(self, sql: str) -> None:
        self.tokens = list(_lexed(sql))
        self.at = 0

    @property
    def next(self) -> Token:
        return self.tokens[self.at]

    def take(self) -> Token:
        token = self.next
        self.at += 1
        return token

    def sees(self, *words: str) -> bool:
        return self.next.kind in ("word", "sign") and self.next.value.lower() in words

    def skip(self, *words: str) -> bool:
        if self.sees(*words):
            self.at += 1
            return True
        return False

    def expect(self, *words: str) -> Token:
        if not self.sees(*words):
            raise self.unexpected(*(f'"{word}" ...' for word in words))
        return self.take()

    def name(self) -> str:
        if self.next.kind != "word" or self.next.value.lower() in CLAUSES | {"and", "from", "select"}:
            raise self.unexpected("<IDENTIFIER> ...")
        return self.take().value

    def unexpected(self, *wanted: str) -> Fault:
        expecting = "\n    ".join(wanted)
        token = self.next
        return Fault(
            4000,
            f'QueryParserError: Encountered " <{token.kind.upper()}> "{token.value} "" at line 1, '
            f"column {token.column}.\nWas expecting:\n    {expecting}\n    ",
        )


def parse(sql: str) -> Query:
    """Read a statement, or say what is wrong with it: 4000 for grammar, 4001 for meaning."""
    reader = Reader(sql.strip())
    reader.expect("select")
    counting = _projection(reader)
    reader.expect("from")
    name = reader.name()
    entity = ENTITIES.get(name.lower())
    if entity is None:
        raise Fault(4001, f"QueryValidationError: invalid context declaration: {name}")
    conditions = _where(reader, entity) if reader.skip("where") else ()
    order = _order(reader, entity)
    start, limit = _window(reader)
    if reader.next.kind != "end":
        raise reader.unexpected("<EOF>", '"and" ...', '"order" ...', '"orderby" ...', '"startposition" ...')
    return Query(entity, counting, conditions, order, start, limit)


def _projection(reader: Reader) -> bool:
    """``*``, ``count(*)`` or a list of fields; real companies accept ``*, Sku`` and answer whole documents."""
    if reader.skip("count"):
        reader.expect("(")
        reader.expect("*")
        reader.expect(")")
        return True
    while True:
        if not reader.skip("*"):
            reader.name()
        if not reader.skip(","):
            return False


def _where(reader: Reader, entity: Entity) -> tuple[Condition, ...]:
    found = [_condition(reader, entity)]
    while reader.skip("and"):
        found.append(_condition(reader, entity))
    return tuple(found)


def _filterable(entity: Entity, name: str) -> tuple[str, str]:
    known = entity.filters.get(name.lower())
    if known:
        return known
    if any(name.lower() == field.lower() for field in entity.known):
        raise Fault(4001, f"QueryValidationError: property '{name}' is not queryable")
    raise Fault(4001, f"QueryValidationError: Property {name} not found for Entity {entity.name}")


def _condition(reader: Reader, entity: Entity) -> Condition:
    path, kind = _filterable(entity, reader.name())
    sign = reader.take().value.lower() if reader.next.value.lower() in OPERATORS else ""
    if not sign:
        raise reader.unexpected(*(f'"{one}" ...' for one in sorted(OPERATORS)))
    if kind == "id" and sign not in ("=", "in"):
        raise Fault(4001, f"QueryValidationError: Operator {sign} is not supported for property Id")
    if sign == "in":
        values = _in_list(reader)
    else:
        values = (_value(reader),)
    for value in values:
        _check_value(path, kind, sign, value)
    return Condition(path, kind, sign, values)


def _in_list(reader: Reader) -> tuple[str, ...]:
    reader.expect("(")
    values = [_value(reader)]
    while reader.skip(","):
        values.append(_value(reader))
    reader.expect(")")
    return tuple(values)


def _value(reader: Reader) -> str:
    if reader.next.kind in ("text", "number"):
        return reader.take().value
    if reader.sees("true", "false"):
        return reader.take().value.lower()
    if reader.sees("current_date"):
        reader.take()
        return pacific(time.time()).date().isoformat()
    raise reader.unexpected("<STRING> ...", "<NUMBER> ...", '"true" ...', '"false" ...')


def _check_value(path: str, kind: str, sign: str, value: str) -> None:
    try:
        if kind == "number" and value.strip() and sign != "like":
            float(value)
        elif kind in ("moment", "date") and value.strip() and sign != "like":
            parse_moment(value)
        elif kind == "bool" and value.lower() not in ("true", "false"):
            raise ValueError(value)
    except ValueError:
        raise Fault(4001, f"QueryValidationError: invalid value '{value}' for property {path}") from None


def _order(reader: Reader, entity: Entity) -> tuple[tuple[str, str, bool], ...]:
    if reader.skip("order"):
        reader.expect("by")
    elif not reader.skip("orderby"):
        return ()
    order = []
    while True:
        path, kind = _filterable(entity, reader.name())
        descending = reader.skip("desc")
        if not descending:
            reader.skip("asc")
        order.append((path, kind, descending))
        if not reader.skip(","):
            return tuple(order)


def _window(reader: Reader) -> tuple[int, int]:
    """STARTPOSITION and MAXRESULTS, in either order, both from 1, a page never over 1000."""
    window = {"startposition": 1, "maxresults": 100}
    while reader.sees(*window):
        word = reader.take().value.lower()
        if reader.next.kind != "number" or not reader.next.value.lstrip("-").isdigit():
            raise reader.unexpected("<INTEGER> ...")
        window[word] = int(reader.take().value)
    for word, number in window.items():
        if number < 1:
            raise Fault(4001, f"QueryValidationError: value {number} is too small. Min allowed value is 1")
        if word == "maxresults" and number > MOST:
            raise Fault(4001, f"QueryValidationError: value {number} is too large. Max allowed value is {MOST}")
    return window["startposition"], window["maxresults"]


# -- answering ---------------------------------------------------------------------------------------------------


Getter = Callable[[dict[str, Any]], Any]
INSIDE = {"ref": "value", "email": "Address", "phone": "FreeFormNumber"}


def getter(path: str, kind: str) -> Getter:
    """A function that gives what stands under a filterable name, ready to be compared; None when nothing does."""
    if kind == "moment":
        name = path.partition(".")[2]
        return lambda document: parse_moment(document["MetaData"][name])
    if kind in INSIDE:
        inner = INSIDE[kind]
        return lambda document: _lowered((document.get(path) or {}).get(inner))
    if kind == "text":
        return lambda document: _lowered(document.get(path))
    return lambda document: document.get(path)


def _lowered(found: Any) -> str | None:
    return None if found is None else str(found).lower()


def _wanted(kind: str, value: str) -> Any:
    """A value of the statement in the form a getter gives."""
    if kind in ("moment", "number", "date", "bool") and not value.strip():
        return None
    if kind == "moment":
        return parse_moment(value)
    if kind == "number":
        return float(value)
    if kind == "bool":
        return value.lower() == "true"
    if kind == "date":
        return value[:10]
    return value.lower() if value.strip() else None


def _like(pattern: str) -> Callable[[Any], bool]:
    regex = re.compile(".*".join(re.escape(part) for part in pattern.split("%")), re.IGNORECASE | re.DOTALL)
    return lambda found: found is not None and regex.fullmatch(str(found)) is not None


COMPARE = {"<": operator.lt, ">": operator.gt, "<=": operator.le, ">=": operator.ge}


def matcher(condition: Condition) -> Callable[[dict[str, Any]], bool]:
    """A function that tells whether a document meets the condition."""
    get, sign = getter(condition.path, condition.kind), condition.operator
    if sign == "like":
        like = _like(condition.values[0])
        return lambda document: like(get(document))
    if sign in ("=", "in"):
        wanted = {_wanted(condition.kind, value) for value in condition.values}
        return lambda document: get(document) in wanted
    edge, compare = _wanted(condition.kind, condition.values[0]), COMPARE[sign]
    if edge is None:
        return lambda document: False
    return lambda document: (found := get(document)) is not None and compare(found, edge)


def sort_key(path: str, kind: str) -> Callable[[dict[str, Any]], Any]:
    """How to sort by one field; Ids sort as numbers, and documents without a value come first."""
    get = getter(path, kind)

    def key(document: dict[str, Any]) -> Any:
        found = get(document)
        if kind == "id":
            return (found.isdigit(), int(found) if found.isdigit() else 0, found)
        return (found is not None, found if found is not None else 0)

    return key
