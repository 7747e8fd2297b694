"""The pages of the account, of trouble, of webhooks and of the log."""

from __future__ import annotations

import time
from html import escape
from typing import TYPE_CHECKING

from .. import control_parts as parts
from .. import guest_pages as shared
from ..guest_pages import LISTED, form, framed
from ..guests import Form
from . import currencies, money
from .book import Book, Obj
from .disputes import REASONS
from .trouble import KINDS

if TYPE_CHECKING:
    from .stand_in import StripeSandbox

WAYS = (("card", "paid"), ("declined", "declined"), ("insufficient_funds", "without enough money"))


def newest(book: Book, kind: str) -> list[Obj]:
    """The objects made last, newest first."""
    return book.all(kind)[-LISTED:][::-1]


def sum_of(obj: Obj, name: str = "amount") -> str:
    return f'<span class="amount">{currencies.figure(obj[name], obj["currency"])}</span>'


def when(obj: Obj) -> str:
    return time.strftime("%d %b %H:%M", time.localtime(obj["created"]))


# -- the account -------------------------------------------------------------------------------------------------


def account(sandbox: StripeSandbox, query: Form) -> str:
    """What is in the account, with the buttons of payers, banks and staff."""
    with sandbox.book.lock:
        body = (
            "<p>This page is the inside of Stripe: payers and their banks act here, and so does time. Apps hear of it "
            "as they would of the real thing.</p>"
            f"{_money(sandbox)}<h2>Payment pages</h2>{_sessions(sandbox)}<h2>Payments</h2>{_charges(sandbox)}"
            f"<h2>Refunds</h2>{_refunds(sandbox)}<h2>Disputes</h2>{_disputes(sandbox)}"
            f"<h2>Subscriptions</h2>{_subscriptions(sandbox)}<h2>Invoices</h2>{_invoices(sandbox)}"
            f"<h2>Payouts</h2>{_payouts(sandbox)}"
        )
    return framed(sandbox, "Stripe account", query, body)


def _money(sandbox: StripeSandbox) -> str:
    known = money.balance(sandbox.book)
    words = "; ".join(
        f"{name}: " + ", ".join(currencies.figure(one["amount"], one["currency"]) for one in known[name])
        for name in ("available", "pending")
    )
    hours = parts.field("Hours", "hours", "24", "number", "min=0 required")
    early = parts.tick("With what is still pending", "early", True)
    return (
        f'<p>{escape(words.capitalize())}.</p><div class="columns">'
        f"<section><h2>Pay out</h2>{form(sandbox, 'pay-out', early, 'Pay out')}</section>"
        f"<section><h2>Time passes</h2>{form(sandbox, 'advance', hours, 'Let it pass')}</section></div>"
    )


def _sessions(sandbox: StripeSandbox) -> str:
    rows = (
        (
            f'<a href="{escape(one["url"])}">Pay</a>' if one["url"] else "",
            escape(one["client_reference_id"] or one["_line_items"][0]["description"]),
            sum_of(one, "amount_total"),
            f"{one['status']}, {one['payment_status']}",
            when(one),
            form(sandbox, "expire", parts.hidden(id=one["id"]), "Expire") if one["status"] == "open" else "",
        )
        for one in newest(sandbox.book, "checkout.session")
    )
    return parts.table(("", "For", "Total", "Status", "Made", ""), rows)


def _charges(sandbox: StripeSandbox) -> str:
    rows = (
        (
            f"<code>{one['id']}</code>",
            one["payment_method_details"]["type"].replace("_", " "),
            sum_of(one),
            one["status"] + (", disputed" if one["disputed"] else ""),
            sum_of(one, "amount_refunded") if one["amount_refunded"] else "",
            _charge_buttons(sandbox, one),
        )
        for one in newest(sandbox.book, "charge")
    )
    return parts.table(("Charge", "How", "Amount", "Status", "Refunded", ""), rows)


def _charge_buttons(sandbox: StripeSandbox, charge: Obj) -> str:
    if charge["status"] == "pending":
        inside = parts.hidden(id=charge["payment_intent"])
        yes = form(sandbox, "bank-answers", inside + parts.hidden(paid="yes"), "The bank pays")
        return yes + form(sandbox, "bank-answers", inside + parts.hidden(paid="no"), "The bank refuses")
    if charge["status"] != "succeeded" or charge["disputed"] or charge["refunded"]:
        return ""
    inside = parts.hidden(id=charge["id"])
    amount = parts.field("Minor units (empty: all)", "amount", extra="inputmode=numeric")
    reasons = parts.select("Why", "reason", [(one, one.replace("_", " ")) for one in REASONS])
    return (
        f"<details><summary>Refund</summary>{form(sandbox, 'refund', inside + amount, 'Refund')}</details>"
        f"<details><summary>Dispute</summary>{form(sandbox, 'dispute', inside + reasons, 'Dispute')}</details>"
    )


def _refunds(sandbox: StripeSandbox) -> str:
    rows = (
        (f"<code>{one['id']}</code>", sum_of(one), one["status"], when(one), _refund_buttons(sandbox, one))
        for one in newest(sandbox.book, "refund")
    )
    return parts.table(("Refund", "Amount", "Status", "Made", ""), rows)


def _refund_buttons(sandbox: StripeSandbox, refund: Obj) -> str:
    if refund["status"] != "pending":
        return ""
    inside = parts.hidden(id=refund["id"])
    yes = form(sandbox, "settle-refund", inside + parts.hidden(paid="yes"), "It arrives")
    return yes + form(sandbox, "settle-refund", inside + parts.hidden(paid="no"), "It comes back")


def _disputes(sandbox: StripeSandbox) -> str:
    rows = (
        (f"<code>{one['charge']}</code>", sum_of(one), one["reason"], one["status"], _dispute_buttons(sandbox, one))
        for one in newest(sandbox.book, "dispute")
    )
    return parts.table(("Charge", "Amount", "Why", "Status", ""), rows)


def _dispute_buttons(sandbox: StripeSandbox, dispute: Obj) -> str:
    if dispute["status"] in ("won", "lost"):
        return ""
    inside = parts.hidden(id=dispute["id"])
    won = form(sandbox, "close-dispute", inside + parts.hidden(won="yes"), "Won")
    return won + form(sandbox, "close-dispute", inside + parts.hidden(won="no"), "Lost")


def _subscriptions(sandbox: StripeSandbox) -> str:
    rows = (
        (
            f"<code>{one['id']}</code>",
            one["status"] + (", ends" if one["cancel_at"] and one["status"] != "canceled" else ""),
            _subscription_buttons(sandbox, one),
        )
        for one in newest(sandbox.book, "subscription")
    )
    return parts.table(("Subscription", "Status", ""), rows)


def _subscription_buttons(sandbox: StripeSandbox, subscription: Obj) -> str:
    if subscription["status"] == "canceled":
        return ""
    inside = parts.hidden(id=subscription["id"])
    passes = form(sandbox, "pass-period", inside + parts.select("Next payment", "way", WAYS), "A period passes")
    return passes + form(sandbox, "cancel-subscription", inside, "End at once")


def _invoices(sandbox: StripeSandbox) -> str:
    rows = (
        (
            escape(one["number"] or one["id"]),
            sum_of(one, "total"),
            one["status"],
            when(one),
            form(sandbox, "try-again", parts.hidden(id=one["id"]) + parts.select("Payment", "way", WAYS), "Try again")
            if one["status"] == "open" and one["next_payment_attempt"]
            else "",
        )
        for one in newest(sandbox.book, "invoice")
    )
    return parts.table(("Invoice", "Total", "Status", "Made", ""), rows)


def _payouts(sandbox: StripeSandbox) -> str:
    rows = (
        (f"<code>{one['id']}</code>", sum_of(one), one["status"], when(one)) for one in newest(sandbox.book, "payout")
    )
    return parts.table(("Payout", "Amount", "Status", "Made"), rows)


# -- trouble, webhooks, the log ----------------------------------------------------------------------------------


def trouble(sandbox: StripeSandbox, query: Form) -> str:
    """Order trouble, and see what is waiting."""
    return framed(sandbox, "Break things", query, shared.trouble(sandbox, KINDS))


def webhooks(sandbox: StripeSandbox, query: Form) -> str:
    """The switches, what waits, and the newest events."""
    url = sandbox.webhooks.url or ""
    state = f"Events are told to {url}." if url else "There is no address yet: nobody is told."
    inside = shared.switches(sandbox.webhooks, parts.field("Address on this machine", "url", url, "url"))
    body = (
        f"<p>{escape(state)}</p>{form(sandbox, 'webhooks', inside, 'Save', quiet=False)}{shared.waiting(sandbox)}"
        f"<h2>Newest events</h2>{_events(sandbox)}"
        f"<h2>Last deliveries</h2>{shared.deliveries(sandbox, lambda notice: notice.event['type'])}"
    )
    return framed(sandbox, "Webhooks", query, body)


def _events(sandbox: StripeSandbox) -> str:
    with sandbox.book.lock:
        rows = [
            (
                when(one),
                one["type"],
                f"<code>{one['data']['object'].get('id', '')}</code>",
                "on its way" if one["pending_webhooks"] else "",
                form(sandbox, "tell-again", parts.hidden(id=one["id"]), "Send again"),
            )
            for one in newest(sandbox.book, "event")
        ]
    return parts.table(("When", "What", "Object", "", ""), rows)


def log(sandbox: StripeSandbox, query: Form) -> str:
    """The last requests, newest first."""
    return framed(
        sandbox, "Request log", query, shared.log(sandbox, "Idempotency key", lambda one: one.idempotency_key)
    )
