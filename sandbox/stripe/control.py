"""The control page of the Stripe account: buttons for what payers, banks and staff do, for trouble and for webhooks."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from .. import guests
from ..courier import checked
from ..http import Request, Response
from . import control_pages as shown
from .errors import Refused

if TYPE_CHECKING:
    from .stand_in import StripeSandbox

Form = dict[str, str]
Action = Callable[["StripeSandbox", Form], str]


def answer(sandbox: StripeSandbox, request: Request) -> Response | None:
    """The answer to a person's request; None when the path is not a page."""
    back_to = guests.back_to_group({"trouble": TROUBLE, "webhooks": WEBHOOKS})
    return guests.answer(sandbox, request, PAGES, ACTIONS, back_to, Refused)


PAGES: dict[str, Callable[[StripeSandbox, Form], str]] = {
    "/": shown.account,
    "/trouble": shown.trouble,
    "/webhooks": shown.webhooks,
    "/log": shown.log,
}


# -- payers and banks --------------------------------------------------------------------------------------------


def expire(sandbox: StripeSandbox, form: Form) -> str:
    """Let a session expire."""
    sandbox.expire(form["id"])
    return "The payment page has expired."


def bank_answers(sandbox: StripeSandbox, form: Form) -> str:
    """The bank decides about a debit."""
    sandbox.bank_answers(form["id"], form["paid"] == "yes")
    return "The bank has paid." if form["paid"] == "yes" else "The bank has refused."


def refund(sandbox: StripeSandbox, form: Form) -> str:
    """Refund a charge."""
    made = sandbox.refund(form["id"], int(form["amount"]) if form.get("amount") else None)
    return f"{made['amount']} {made['currency']} refunded: {made['status']}."


def settle_refund(sandbox: StripeSandbox, form: Form) -> str:
    """A refund arrives or comes back."""
    return f"The refund has {sandbox.settle_refund(form['id'], form['paid'] == 'yes')['status']}."


def dispute(sandbox: StripeSandbox, form: Form) -> str:
    """Open a dispute."""
    return f"Dispute {sandbox.dispute(form['id'], form.get('reason') or 'fraudulent')['id']} is open."


def close_dispute(sandbox: StripeSandbox, form: Form) -> str:
    """Decide a dispute."""
    return f"The dispute is {sandbox.close_dispute(form['id'], form['won'] == 'yes')['status']}."


# -- periods and money -------------------------------------------------------------------------------------------


def pass_period(sandbox: StripeSandbox, form: Form) -> str:
    """A period of a subscription passes."""
    invoice = sandbox.pass_period(form["id"], form.get("way") or "card")
    return f"Invoice {invoice['number']} is {invoice['status']}." if invoice else "The subscription has ended."


def try_again(sandbox: StripeSandbox, form: Form) -> str:
    """Try a failed invoice again."""
    invoice = sandbox.try_again(form["id"], form.get("way") or "card")
    return f"Invoice {invoice['number']} is {invoice['status']}."


def cancel_subscription(sandbox: StripeSandbox, form: Form) -> str:
    """End a subscription at once."""
    sandbox.cancel_subscription(form["id"], now=True)
    return "The subscription has ended."


def pay_out(sandbox: StripeSandbox, form: Form) -> str:
    """Pay out what is available, or everything."""
    if form.get("early"):
        sandbox.settle_money()
    made = sandbox.pay_out()
    return ", ".join(f"{one['amount']} {one['currency']} paid out" for one in made) or "There is nothing to pay out."


def advance(sandbox: StripeSandbox, form: Form) -> str:
    """Let time pass."""
    hours = int(form.get("hours") or 0)
    if hours < 0:
        raise ValueError("time goes forward only")
    sandbox.advance(hours=hours)
    return f"{hours} hours have passed."


# -- trouble and webhooks ----------------------------------------------------------------------------------------


def save_webhooks(sandbox: StripeSandbox, form: Form) -> str:
    """Change who is told and how; nothing is changed when one of the values is wrong."""
    url = checked(form.get("url", "").strip() or None)
    said = guests.set_switches(sandbox.webhooks, form)
    sandbox.webhooks.url = url
    sandbox.book.is_heard = bool(url)
    return said


def tell_again(sandbox: StripeSandbox, form: Form) -> str:
    """Send an event once more."""
    sandbox.tell_again(form["id"])
    return "The event is sent again."


TROUBLE: dict[str, Action] = {"break": guests.break_things, "calm-down": guests.calm_down}
WEBHOOKS: dict[str, Action] = {"webhooks": save_webhooks, "flush-webhooks": guests.flush, "tell-again": tell_again}
ACTIONS: dict[str, Action] = {
    "expire": expire,
    "bank-answers": bank_answers,
    "refund": refund,
    "settle-refund": settle_refund,
    "dispute": dispute,
    "close-dispute": close_dispute,
    "pass-period": pass_period,
    "try-again": try_again,
    "cancel-subscription": cancel_subscription,
    "pay-out": pay_out,
    "advance": advance,
    **TROUBLE,
    **WEBHOOKS,
}
