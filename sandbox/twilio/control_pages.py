"""The frame of the pages, and those of trouble, of webhooks and of the log."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from .. import control_parts as parts
from .. import guest_pages as shared
from ..guest_pages import LISTED, form
from ..guests import Form
from .trouble import KINDS
from .webhooks import Post

if TYPE_CHECKING:
    from .stand_in import TwilioSandbox


def framed(sandbox: TwilioSandbox, title: str, query: Form, body: str, style: str = "") -> str:
    """A page under the links that all of them share, with what was just done."""
    return shared.framed(sandbox, title, query, body, home="Phones", style=style)


def trouble(sandbox: TwilioSandbox, query: Form) -> str:
    """Order trouble, and see what is waiting."""
    held = parts.tick("Texts wait, none is sent and none is reported", "held", sandbox.carrier.held)
    under_way = f"<h2>Texts under way</h2>{form(sandbox, 'hold', held, 'Save')}"
    return framed(sandbox, "Break things", query, shared.trouble(sandbox, KINDS) + under_way)


def webhooks(sandbox: TwilioSandbox, query: Form) -> str:
    """The switches, what waits, and the newest posts."""
    addresses = parts.field("Hears what phones write", "inbound_url", sandbox.inbound_url, "url")
    addresses += parts.field("Hears of texts that name no address", "status_url", sandbox.status_url, "url")
    inside = shared.switches(sandbox.webhooks, addresses)
    body = (
        "<p>Addresses are on this machine; others are never called. What nobody takes is not sent again.</p>"
        f"{form(sandbox, 'webhooks', inside, 'Save', quiet=False)}{shared.waiting(sandbox)}"
        f"<h2>Newest</h2>{_told(sandbox)}<h2>Last deliveries</h2>{shared.deliveries(sandbox, _what)}"
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


def _what(post: Post) -> str:
    state = escape(post.form.get("MessageStatus") or "received")
    return f"{state}<br><code>{escape(urlencode(post.form)[:300])}</code>"


def log(sandbox: TwilioSandbox, query: Form) -> str:
    """The last requests, newest first."""
    return framed(sandbox, "Request log", query, shared.log(sandbox))
