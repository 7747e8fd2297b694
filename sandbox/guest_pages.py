"""The frame and the parts of control pages that all vendors under QuickBooks' roof share."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from html import escape
from typing import Any
from urllib.parse import urlsplit

from . import control_parts as parts
from .courier import Courier
from .guests import Form, Guest
from .pages import page

LISTED = 25
SHARE = "min=0 max=1 step=any"


def framed(sandbox: Guest, title: str, query: Form, body: str, *, home: str = "Account", style: str = "") -> str:
    """A page under the links that all of them share, with what was just done. ``home`` is what the first page shows."""
    links = (("/", home), ("/trouble", "Break things"), ("/webhooks", "Webhooks"), ("/log", "Request log"))
    nav = "".join(f'<a href="{escape(sandbox.url)}{path}">{words}</a>' for path, words in links)
    if urlsplit(sandbox.url).path:
        nav += '<a href="/">QuickBooks</a>'  # it is a guest under the roof of that one
    note = f'<p class="note" role="status">{escape(query["done"])}</p>' if query.get("done") else ""
    sorry = f'<p class="note bad" role="alert">{escape(query["sorry"])}</p>' if query.get("sorry") else ""
    return page(title, f"<nav>{nav}</nav>{note}{sorry}{body}", style)


def form(sandbox: Guest, action: str, inside: str, button: str, quiet: bool = True) -> str:
    """A form that posts to one of the actions."""
    style = ' class="quiet"' if quiet else ""
    target = f"{escape(sandbox.url)}/do/{action}"
    return f'<form method="post" action="{target}">{inside}<button{style}>{escape(button)}</button></form>'


def trouble(sandbox: Guest, kinds: Iterable[str]) -> str:
    """Ordering trouble, what waits, and calling it off."""
    inside = parts.select("What", "kind", [(kind, kind.replace("_", " ")) for kind in kinds])
    inside += parts.field("How often", "times", "1", "number", "min=1")
    inside += parts.field("Only where this occurs (address or body)", "match")
    inside += parts.field("Seconds, for slow", "seconds", "5", "number", "min=0 step=any")
    waiting = ((escape(one.kind), str(one.times), escape(one.match)) for one in list(sandbox.faults.waiting))
    return (
        f"<h2>The next answers</h2>{form(sandbox, 'break', inside, 'Break', quiet=False)}"
        f"<h2>Waiting</h2>{parts.table(('What', 'How often', 'Where'), waiting)}"
        f"{form(sandbox, 'calm-down', '', 'Call everything off')}"
    )


def switches(hooks: Courier[Any], addresses: str = "") -> str:
    """The fields that ``guests.set_switches`` reads, with the vendor's own ``addresses`` among them."""
    return (
        parts.tick("Switched on", "enabled", hooks.enabled)
        + addresses
        + parts.field("Part of them lost (0 to 1)", "drop", f"{hooks.drop:g}", "number", SHARE)
        + parts.field("Part of them sent twice (0 to 1)", "double", f"{hooks.double:g}", "number", SHARE)
        + parts.field("Late by up to (seconds)", "delay", f"{hooks.delay:g}", "number", "min=0 step=any")
        + parts.tick("In another order", "shuffle", hooks.shuffle)
    )


def waiting(sandbox: Guest) -> str:
    """How many webhooks wait, and the button that sends them."""
    hooks = sandbox.webhooks
    return (
        f"<h2>What waits</h2><p>{hooks.waiting} to be sent, {len(hooks.dropped)} lost on purpose.</p>"
        f"{form(sandbox, 'flush-webhooks', '', 'Send what waits now')}"
    )


def deliveries(sandbox: Guest, what: Callable[[Any], str]) -> str:
    """The last POSTs; ``what`` says what a notice tells, as HTML."""
    rows = (
        (clock(one.at), f"{one.status or 'no answer'}", str(one.attempt), what(one.notices[0]))
        for one in list(sandbox.webhooks.deliveries)[-LISTED:][::-1]
    )
    return parts.table(("When", "Status", "Attempt", "What"), rows)


def log(sandbox: Guest, last: str = "", cell: Callable[[Any], str] = lambda one: "") -> str:
    """The last requests, newest first; the vendor may add a column named ``last``."""
    rows = (
        (
            clock(one.at),
            escape(one.method),
            f"<code>{escape(one.path)}</code><br><small>{escape((one.query_string or one.body)[:300])}</small>",
            f"{one.status or 'cut'} <small>{escape(one.trouble)}</small>",
            *([f"<small>{escape(cell(one))}</small>"] if last else []),
        )
        for one in list(sandbox.requests)[-100:][::-1]
    )
    return parts.table(("When", "", "What", "Status", *([last] if last else [])), rows)


def clock(at: float) -> str:
    return time.strftime("%H:%M:%S", time.localtime(at))
