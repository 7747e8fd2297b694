"""The control page of the Stripe account: buttons for what payers, banks and staff do, for trouble and for webhooks."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from ..http import Request, Response
from . import control_pages as shown
from .errors import Refused

if TYPE_CHECKING:
    from .stand_in import StripeSandbox

Form = dict[str, str]
Action = Callable[["StripeSandbox", Form], str]


def answer(sandbox: StripeSandbox, request: Request) -> Response | None:
    """The answer to a person's request; None when the path is not a page."""
    if request.path == "":
        return Response.redirect(f"{sandbox.url}/")
    if request.method in ("GET", "HEAD") and request.path in PAGES:
        return Response.page(PAGES[request.path](sandbox, request.query))
    name = request.path.removeprefix("/do/")
    if request.method != "POST" or name not in ACTIONS:
        return None
    try:
        back = {"done": ACTIONS[name](sandbox, request.form)}
    except Refused as refused:
        back = {"sorry": str(refused)}
    except (KeyError, ValueError) as error:
        back = {"sorry": f"That cannot be: {error}"}
    where = "trouble" if name in TROUBLE else "webhooks" if name in WEBHOOKS else ""
    return Response.redirect(f"{sandbox.url}/{where}?{urlencode(back)}")


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


def break_things(sandbox: StripeSandbox, form: Form) -> str:
    """Let the next answers go wrong."""
    times = int(form.get("times") or 1)
    sandbox.faults.add(form["kind"], times, form.get("match", ""), float(form.get("seconds") or 5))
    return f"The next {times} fitting answers: {form['kind']}."


def calm_down(sandbox: StripeSandbox, form: Form) -> str:
    """Call all trouble off."""
    sandbox.faults.clear()
    return "All is well again."


def save_webhooks(sandbox: StripeSandbox, form: Form) -> str:
    """Change how webhooks are sent; nothing is changed when one of the values is wrong."""
    hooks = sandbox.webhooks
    drop, double = (min(max(float(form.get(name) or 0), 0.0), 1.0) for name in ("drop", "double"))
    delay = max(float(form.get("delay") or 0), 0.0)
    hooks.url = form.get("url", "").strip() or None
    sandbox.book.is_heard = bool(hooks.url)
    hooks.drop, hooks.double, hooks.delay = drop, double, delay
    hooks.enabled, hooks.shuffle = form.get("enabled") == "on", form.get("shuffle") == "on"
    return f"Webhooks are {'on' if hooks.enabled else 'off'}."


def flush(sandbox: StripeSandbox, form: Form) -> str:
    """Send at once what waits."""
    sandbox.webhooks.flush()
    return "What was waiting is on its way."


def tell_again(sandbox: StripeSandbox, form: Form) -> str:
    """Send an event once more."""
    sandbox.tell_again(form["id"])
    return "The event is sent again."


TROUBLE: dict[str, Action] = {"break": break_things, "calm-down": calm_down}
WEBHOOKS: dict[str, Action] = {"webhooks": save_webhooks, "flush-webhooks": flush, "tell-again": tell_again}
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
