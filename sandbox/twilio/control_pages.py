"""The frame of the pages, and those of trouble, of webhooks and of the log."""

from __future__ import annotations

import time
from html import escape
from typing import TYPE_CHECKING

from .. import control_parts as parts
from ..pages import page
from .trouble import KINDS

if TYPE_CHECKING:
    from .stand_in import TwilioSandbox

Form = dict[str, str]
LISTED = 25


def framed(sandbox: TwilioSandbox, title: str, query: Form, body: str, style: str = "") -> str:
    """A page under the links that all of them share, with what was just done."""
    links = (("/", "Phones"), ("/trouble", "Break things"), ("/webhooks", "Webhooks"), ("/log", "Request log"))
    nav = "".join(f'<a href="{escape(sandbox.url)}{path}">{words}</a>' for path, words in links)
    note = f'<p class="note" role="status">{escape(query["done"])}</p>' if query.get("done") else ""
    sorry = f'<p class="note bad" role="alert">{escape(query["sorry"])}</p>' if query.get("sorry") else ""
    return page(title, f"<nav>{nav}</nav>{note}{sorry}{body}", style)


def form(sandbox: TwilioSandbox, action: str, inside: str, button: str, quiet: bool = True) -> str:
    """A form that posts to one of the actions."""
    style = ' class="quiet"' if quiet else ""
    target = f"{escape(sandbox.url)}/do/{action}"
    return f'<form method="post" action="{target}">{inside}<button{style}>{escape(button)}</button></form>'


def trouble(sandbox: TwilioSandbox, query: Form) -> str:
    """Order trouble, and see what is waiting."""
    inside = parts.select("What", "kind", [(kind, kind.replace("_", " ")) for kind in KINDS])
    inside += parts.field("How often", "times", "1", "number", "min=1")
    inside += parts.field("Only where this occurs (address or body)", "match")
    inside += parts.field("Seconds, for slow", "seconds", "5", "number", "min=0 step=any")
    waiting = ((escape(one.kind), str(one.times), escape(one.match)) for one in list(sandbox.faults.waiting))
    held = parts.tick("Texts wait, none is sent and none is reported", "held", sandbox.carrier.held)
    body = (
        f"<h2>The next answers</h2>{form(sandbox, 'break', inside, 'Break', quiet=False)}"
        f"<h2>Waiting</h2>{parts.table(('What', 'How often', 'Where'), waiting)}"
        f"<h2>Texts under way</h2>{form(sandbox, 'hold', held, 'Save')}"
        f"{form(sandbox, 'calm-down', '', 'Call everything off')}"
    )
    return framed(sandbox, "Break things", query, body)


def webhooks(sandbox: TwilioSandbox, query: Form) -> str:
    """The switches, what waits, and the newest posts."""
    hooks = sandbox.webhooks
    share = "min=0 max=1 step=any"
    inside = parts.tick("Switched on", "enabled", hooks.enabled)
    inside += parts.field("Hears what phones write", "inbound_url", sandbox.inbound_url, "url")
    inside += parts.field("Hears of texts that name no address", "status_url", sandbox.status_url, "url")
    inside += parts.field("Part of them lost (0 to 1)", "drop", f"{hooks.drop:g}", "number", share)
    inside += parts.field("Part of them sent twice (0 to 1)", "double", f"{hooks.double:g}", "number", share)
    inside += parts.field("Late by up to (seconds)", "delay", f"{hooks.delay:g}", "number", "min=0 step=any")
    inside += parts.tick("In another order", "shuffle", hooks.shuffle)
    body = (
        "<p>Addresses are on this machine; others are never called. What nobody takes is not sent again.</p>"
        f"{form(sandbox, 'webhooks', inside, 'Save', quiet=False)}"
        f"<h2>What waits</h2><p>{hooks.waiting} to be sent, {len(hooks.dropped)} lost on purpose.</p>"
        f"{form(sandbox, 'flush-webhooks', '', 'Send what waits now')}"
        f"<h2>Newest</h2>{_told(sandbox)}<h2>Last deliveries</h2>{_deliveries(sandbox)}"
    )
    return framed(sandbox, "Webhooks", query, body)


def _told(sandbox: TwilioSandbox) -> str:
    rows = (
        (
            escape(one.form.get("MessageStatus") or "received"),
            escape(one.form.get("Body", one.form["To"])[:80]),
            f"<small>{escape(one.url)}</small>",
            form(sandbox, "tell-again", parts.hidden(id=one.id), "Send again"),
        )
        for one in list(sandbox.webhooks.told)[-LISTED:][::-1]
    )
    return parts.table(("What", "Of", "To", ""), rows)


def _deliveries(sandbox: TwilioSandbox) -> str:
    rows = (
        (
            time.strftime("%H:%M:%S", time.localtime(one.at)),
            f"{one.status or 'no answer'}",
            escape(one.notices[0].form.get("MessageStatus") or "received"),
            f"<code>{escape(one.body.decode()[:300])}</code>",
        )
        for one in list(sandbox.webhooks.deliveries)[-LISTED:][::-1]
    )
    return parts.table(("When", "Status", "What", "Body"), rows)


def log(sandbox: TwilioSandbox, query: Form) -> str:
    """The last requests, newest first."""
    rows = (
        (
            time.strftime("%H:%M:%S", time.localtime(one.at)),
            escape(one.method),
            f"<code>{escape(one.path)}</code><br><small>{escape((one.query_string or one.body)[:300])}</small>",
            f"{one.status or 'cut'} <small>{escape(one.trouble)}</small>",
        )
        for one in list(sandbox.requests)[-100:][::-1]
    )
    return framed(sandbox, "Request log", query, parts.table(("When", "", "What", "Status"), rows))
