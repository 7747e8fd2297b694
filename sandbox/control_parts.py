"""The parts that control pages are made of. Everything that comes from outside goes through ``escape``."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import TYPE_CHECKING

from .pages import page
from .quickbooks.company import Company
from .quickbooks.store import Document

if TYPE_CHECKING:
    from .stand_in import Sandbox

SHOWN = 25


def options(choices: Iterable[tuple[str, str]], chosen: str = "") -> str:
    """The choices of a list; the one that is chosen now is marked."""
    return "".join(
        f'<option value="{escape(value)}"{" selected" if value == chosen else ""}>{escape(text)}</option>'
        for value, text in choices
    )


def select(label: str, name: str, choices: Iterable[tuple[str, str]], chosen: str = "") -> str:
    """A list to choose from."""
    return f'<label>{label}<select name="{name}">{options(choices, chosen)}</select></label>'


def field(label: str, name: str, value: str = "", kind: str = "text", extra: str = "") -> str:
    """A field to write in."""
    return f'<label>{label}<input type="{kind}" name="{name}" value="{escape(value)}" {extra}></label>'


def tick(label: str, name: str, on: bool) -> str:
    """A box to tick."""
    return f'<label><input type="checkbox" name="{name}"{" checked" if on else ""}> {label}</label>'


def form(action: str, which: str, inside: str, button: str, quiet: bool = False) -> str:
    """A form that posts to ``/do/<action>``."""
    style = ' class="quiet"' if quiet else ""
    return (
        f'<form method="post" action="/do/{action}"><input type="hidden" name="company" value="{escape(which)}">'
        f"{inside}<button{style}>{escape(button)}</button></form>"
    )


def hidden(**values: str) -> str:
    """Values that go along unseen."""
    return "".join(f'<input type="hidden" name="{name}" value="{escape(value)}">' for name, value in values.items())


def table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A table; the cells are HTML already."""
    body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
    head = "".join(f"<th>{escape(text)}</th>" for text in heads)
    return f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def framed(sandbox: Sandbox, title: str, which: str, query: dict[str, str], body: str) -> str:
    """A page under the links that all of them share, with what was just done."""
    companies = "".join(
        f'<a href="/?company={key}"{" aria-current=page" if key == which else ""}>{escape(company.name)}</a>'
        for key, company in sandbox.companies.items()
    )
    suffix = f"?company={escape(which)}"
    nav = (
        f'<nav>{companies}<a href="/trouble{suffix}">Break things</a>'
        f'<a href="/webhooks{suffix}">Webhooks</a><a href="/log{suffix}">Request log</a>{_others(sandbox)}</nav>'
    )
    note = f'<p class="note" role="status">{escape(query["done"])}</p>' if query.get("done") else ""
    sorry = f'<p class="note bad" role="alert">{escape(query["sorry"])}</p>' if query.get("sorry") else ""
    return page(title, nav + note + sorry + body)


def _others(sandbox: Sandbox) -> str:
    """Links to the stand-ins of other vendors under the same roof."""
    return "".join(f'<a href="{prefix}/">{prefix[1:].capitalize()}</a>' for prefix in sandbox.mounted)


def chosen(sandbox: Sandbox, query: dict[str, str]) -> tuple[str, Company]:
    """The company the address asks for, or the first."""
    which = query.get("company", "us")
    if which not in sandbox.companies:
        which = next(iter(sandbox.companies))
    return which, sandbox.companies[which]


def newest(company: Company, entity: str, most: int = SHOWN) -> list[Document]:
    """The documents made last, newest first."""
    with company.store.lock:
        records = list(company.store.tables[entity].values())[-most:]
    return [record.document for record in reversed(records)]


def label(document: Document) -> str:
    """What a sale is called in a list."""
    return f"{document.get('DocNumber') or '#' + document['Id']} {document['CustomerRef']['name'][:40]}"


def edit_link(which: str, entity: str, document: Document, text: str) -> str:
    """A link to the page where one document is changed."""
    return f'<a href="/edit?company={escape(which)}&amp;entity={entity}&amp;id={document["Id"]}">{escape(text)}</a>'
