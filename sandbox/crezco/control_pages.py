"""The pages of the account, of trouble, of webhooks and of the log."""

from __future__ import annotations

import time
from html import escape
from typing import TYPE_CHECKING

from .. import control_parts as parts
from ..pages import page
from .book import Book, Obj
from .paying import PENDING
from .trouble import KINDS

if TYPE_CHECKING:
    from .stand_in import CrezcoSandbox

Form = dict[str, str]
LISTED = 25
OPEN = {
    "id_alone": "A new demand is answered with its id alone",
    "by_user": "A demand is read under its user",
    "status_within": "The demand tells its status, and nobody lists its payments",
    "numbers": "Amounts are numbers",
    "pays_again": "A page that was paid takes another payment",
}


def framed(sandbox: CrezcoSandbox, title: str, query: Form, body: str) -> str:
    """A page under the links that all of them share, with what was just done."""
    links = (("/", "Account"), ("/trouble", "Break things"), ("/webhooks", "Webhooks"), ("/log", "Request log"))
    nav = "".join(f'<a href="{escape(sandbox.url)}{path}">{words}</a>' for path, words in links)
    note = f'<p class="note" role="status">{escape(query["done"])}</p>' if query.get("done") else ""
    sorry = f'<p class="note bad" role="alert">{escape(query["sorry"])}</p>' if query.get("sorry") else ""
    return page(title, f"<nav>{nav}</nav>{note}{sorry}{body}")


def form(sandbox: CrezcoSandbox, action: str, inside: str, button: str, quiet: bool = True) -> str:
    """A form that posts to one of the actions."""
    style = ' class="quiet"' if quiet else ""
    target = f"{escape(sandbox.url)}/do/{action}"
    return f'<form method="post" action="{target}">{inside}<button{style}>{escape(button)}</button></form>'


def newest(book: Book, kind: str) -> list[Obj]:
    """The records made last, newest first."""
    return book.all(kind)[-LISTED:][::-1]


def account(sandbox: CrezcoSandbox, query: Form) -> str:
    """Demands and payments, with the buttons of payers and banks."""
    with sandbox.book.lock:
        body = (
            "<p>This page is the inside of Crezco: payers and their banks act here. Apps hear of it as they would of "
            f"the real thing. The user is <code>{escape(sandbox.user_id)}</code>.</p>"
            f"<h2>Pay demands</h2>{_demands(sandbox)}<h2>Payments</h2>{_payments(sandbox)}"
        )
    return framed(sandbox, "Crezco account", query, body)


def _demands(sandbox: CrezcoSandbox) -> str:
    rows = (
        (
            f'<a href="{escape(one["paymentUri"])}">Pay</a>',
            escape(one["reference"]),
            f'<span class="amount">{one["amount"]} {one["currency"]}</span>',
            f"<code>{one['payDemandId']}</code>",
        )
        for one in newest(sandbox.book, "demand")
    )
    return parts.table(("", "Reference", "Amount", "Demand"), rows)


def _payments(sandbox: CrezcoSandbox) -> str:
    rows = (
        (
            escape(one["reference"]),
            f'<span class="amount">{one["amount"]} {one["currency"]}</span>',
            escape(one["_bank"]),
            one["status"]["code"],
            _buttons(sandbox, one),
        )
        for one in newest(sandbox.book, "payment")
    )
    return parts.table(("Reference", "Amount", "Bank", "Status", ""), rows)


def _buttons(sandbox: CrezcoSandbox, payment: Obj) -> str:
    if payment["status"]["code"] != PENDING:
        return ""
    inside = parts.hidden(id=payment["id"])
    yes = form(sandbox, "bank-answers", inside + parts.hidden(paid="yes"), "The bank pays")
    return yes + form(sandbox, "bank-answers", inside + parts.hidden(paid="no"), "The bank refuses")


# -- trouble, webhooks, the log ----------------------------------------------------------------------------------


def trouble(sandbox: CrezcoSandbox, query: Form) -> str:
    """Order trouble, see what is waiting, and choose how it answers where the guides are silent."""
    inside = parts.select("What", "kind", [(kind, kind.replace("_", " ")) for kind in KINDS])
    inside += parts.field("How often", "times", "1", "number", "min=1")
    inside += parts.field("Only where this occurs (address or body)", "match")
    inside += parts.field("Seconds, for slow", "seconds", "5", "number", "min=0 step=any")
    waiting = ((escape(one.kind), str(one.times), escape(one.match)) for one in list(sandbox.faults.waiting))
    ways = "".join(parts.tick(words, name, getattr(sandbox.open, name)) for name, words in OPEN.items())
    body = (
        f"<h2>The next answers</h2>{form(sandbox, 'break', inside, 'Break', quiet=False)}"
        f"<h2>Waiting</h2>{parts.table(('What', 'How often', 'Where'), waiting)}"
        f"{form(sandbox, 'calm-down', '', 'Call everything off')}"
        f"<h2>Where the guides are silent</h2>{form(sandbox, 'answer-otherwise', ways, 'Answer like that')}"
    )
    return framed(sandbox, "Break things", query, body)


def webhooks(sandbox: CrezcoSandbox, query: Form) -> str:
    """Who is told, the switches, what waits, and what was sent."""
    hooks = sandbox.webhooks
    share = "min=0 max=1 step=any"
    inside = parts.tick("Switched on", "enabled", hooks.enabled)
    inside += parts.field("Part of them lost (0 to 1)", "drop", f"{hooks.drop:g}", "number", share)
    inside += parts.field("Part of them sent twice (0 to 1)", "double", f"{hooks.double:g}", "number", share)
    inside += parts.field("Late by up to (seconds)", "delay", f"{hooks.delay:g}", "number", "min=0 step=any")
    inside += parts.tick("In another order", "shuffle", hooks.shuffle)
    inside += parts.tick("Each in a list of one", "in_lists", hooks.in_lists)
    inside += parts.tick("An answer that is no yes switches nothing off", "forgives", hooks.forgives)
    more = parts.field("Callback on this machine", "callback", "", "url", "required")
    flush = form(sandbox, "flush-webhooks", "", "Send what waits now") + form(sandbox, "send-again", "", "Send again")
    body = (
        f"<h2>Who is told</h2>{_registered(sandbox)}{form(sandbox, 'register', more, 'Register')}"
        f"<h2>How</h2>{form(sandbox, 'webhooks', inside, 'Save', quiet=False)}"
        f"<h2>What waits</h2><p>{hooks.waiting} to be sent, {len(hooks.dropped)} lost on purpose.</p>{flush}"
        f"<h2>Last deliveries</h2>{_deliveries(sandbox)}"
    )
    return framed(sandbox, "Webhooks", query, body)


def _registered(sandbox: CrezcoSandbox) -> str:
    rows = (
        (escape(one["callback"]), one["eventType"], "on" if one["_is_on"] else "switched off")
        for one in sandbox.book.all("webhook", _is_gone=False)
    )
    return parts.table(("Callback", "What", ""), rows)


def _deliveries(sandbox: CrezcoSandbox) -> str:
    rows = (
        (
            time.strftime("%H:%M:%S", time.localtime(one.at)),
            f"{one.status or 'no answer'}",
            str(one.attempt),
            one.notices[0].event["eventType"],
        )
        for one in list(sandbox.webhooks.deliveries)[-LISTED:][::-1]
    )
    return parts.table(("When", "Status", "Attempt", "What"), rows)


def log(sandbox: CrezcoSandbox, query: Form) -> str:
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
