"""The pages of the account, of trouble, of webhooks and of the log."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from .. import control_parts as parts
from .. import guest_pages as shared
from ..guest_pages import LISTED, form, framed
from ..guests import Form
from .book import Book, Obj
from .paying import PENDING
from .trouble import KINDS

if TYPE_CHECKING:
    from .stand_in import CrezcoSandbox

OPEN = {
    "id_alone": "A new demand is answered with its id alone",
    "by_user": "A demand is read under its user",
    "status_within": "The demand tells its status, and nobody lists its payments",
    "numbers": "Amounts are numbers",
    "pays_again": "A page that was paid takes another payment",
}


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
    ways = "".join(parts.tick(words, name, getattr(sandbox.open, name)) for name, words in OPEN.items())
    silent = f"<h2>Where the guides are silent</h2>{form(sandbox, 'answer-otherwise', ways, 'Answer like that')}"
    return framed(sandbox, "Break things", query, shared.trouble(sandbox, KINDS) + silent)


def webhooks(sandbox: CrezcoSandbox, query: Form) -> str:
    """Who is told, the switches, what waits, and what was sent."""
    hooks = sandbox.webhooks
    inside = shared.switches(hooks)
    inside += parts.tick("Each in a list of one", "in_lists", hooks.in_lists)
    inside += parts.tick("An answer that is no yes switches nothing off", "forgives", hooks.forgives)
    more = parts.field("Callback on this machine", "callback", "", "url", "required")
    body = (
        f"<h2>Who is told</h2>{_registered(sandbox)}{form(sandbox, 'register', more, 'Register')}"
        f"<h2>How</h2>{form(sandbox, 'webhooks', inside, 'Save', quiet=False)}"
        f"{shared.waiting(sandbox)}{form(sandbox, 'send-again', '', 'Send again')}"
        f"<h2>Last deliveries</h2>{shared.deliveries(sandbox, lambda notice: notice.event['eventType'])}"
    )
    return framed(sandbox, "Webhooks", query, body)


def _registered(sandbox: CrezcoSandbox) -> str:
    rows = (
        (escape(one["callback"]), one["eventType"], "on" if one["_is_on"] else "switched off")
        for one in sandbox.book.all("webhook", _is_gone=False)
    )
    return parts.table(("Callback", "What", ""), rows)


def log(sandbox: CrezcoSandbox, query: Form) -> str:
    """The last requests, newest first."""
    return framed(sandbox, "Request log", query, shared.log(sandbox))
