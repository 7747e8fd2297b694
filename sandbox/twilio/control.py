"""The control page of the Twilio account: phones to read and to write on, buttons for trouble and for webhooks."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from ..courier import checked
from ..http import Request, Response
from . import control_pages as shown
from . import phone_pages
from .numbers import TRAITS, is_number

if TYPE_CHECKING:
    from .stand_in import TwilioSandbox

Form = dict[str, str]
Action = Callable[["TwilioSandbox", Form], str]


def answer(sandbox: TwilioSandbox, request: Request) -> Response | None:
    """The answer to a person's request; None when the path is not a page."""
    if request.path == "":
        return Response.redirect(f"{sandbox.url}/")
    if request.method in ("GET", "HEAD") and request.path in PAGES:
        return Response.page(PAGES[request.path](sandbox, request.query))
    name = request.path.removeprefix("/do/")
    if request.method != "POST" or name not in ACTIONS:
        return None
    form = request.form
    try:
        back = {"done": ACTIONS[name](sandbox, form)}
    except (KeyError, ValueError) as error:
        back = {"sorry": f"That cannot be: {error}"}
    number = form.get("number", "").strip()
    if name in PHONES and is_number(number):
        return Response.redirect(f"{sandbox.url}/phone?{urlencode({'number': number, **back})}#newest")
    where = "trouble" if name in TROUBLE else "webhooks" if name in WEBHOOKS else ""
    return Response.redirect(f"{sandbox.url}/{where}?{urlencode(back)}")


PAGES: dict[str, Callable[[TwilioSandbox, Form], str]] = {
    "/": phone_pages.phones,
    "/phone": phone_pages.phone,
    "/trouble": shown.trouble,
    "/webhooks": shown.webhooks,
    "/log": shown.log,
}


# -- phones ------------------------------------------------------------------------------------------------------


def reply(sandbox: TwilioSandbox, form: Form) -> str:
    """A phone writes."""
    heard = sandbox.phone(form["number"].strip()).reply(form.get("body", "").strip(), form.get("to", ""))
    words = {"STOP": "Twilio has taken it as an opt-out", "START": "Twilio has taken it as an opt-in"}
    return f"Sent. {words[heard.opt_out_type]}." if heard.opt_out_type in words else "Sent."


def trait(sandbox: TwilioSandbox, form: Form) -> str:
    """What becomes of texts to a phone."""
    number = form["number"].strip()
    if not is_number(number):
        raise ValueError(f"{number} is no phone number; write it like +14155550100")
    sandbox.phone(number).trait(form.get("trait") or "mobile")
    return f"From now on: {TRAITS[form.get('trait') or 'mobile'].words}."


def report(sandbox: TwilioSandbox, form: Form) -> str:
    """A carrier reports at last."""
    status = form["status"]
    if status not in ("delivered", "undelivered"):
        raise ValueError(f"carriers do not report {status!r}")
    sandbox.report(form["sid"], status, None if status == "delivered" else 30008)
    return f"The carrier has reported: {status}."


# -- trouble and webhooks ----------------------------------------------------------------------------------------


def break_things(sandbox: TwilioSandbox, form: Form) -> str:
    """Let the next answers go wrong."""
    times = int(form.get("times") or 1)
    sandbox.faults.add(form["kind"], times, form.get("match", ""), float(form.get("seconds") or 5))
    return f"The next {times} fitting answers: {form['kind']}."


def calm_down(sandbox: TwilioSandbox, form: Form) -> str:
    """Call all trouble off."""
    sandbox.faults.clear()
    sandbox.carrier.held = False
    return "All is well again."


def hold(sandbox: TwilioSandbox, form: Form) -> str:
    """Let nothing move, or let it move again."""
    sandbox.carrier.held = form.get("held") == "on"
    return "Texts wait." if sandbox.carrier.held else "Texts move."


def save_webhooks(sandbox: TwilioSandbox, form: Form) -> str:
    """Change how webhooks are sent; nothing is changed when one of the values is wrong."""
    hooks = sandbox.webhooks
    drop, double = (min(max(float(form.get(name) or 0), 0.0), 1.0) for name in ("drop", "double"))
    delay = max(float(form.get("delay") or 0), 0.0)
    inbound, status = (checked(form.get(name, "").strip()) or "" for name in ("inbound_url", "status_url"))
    sandbox.inbound_url, sandbox.status_url = inbound, status
    hooks.drop, hooks.double, hooks.delay = drop, double, delay
    hooks.enabled, hooks.shuffle = form.get("enabled") == "on", form.get("shuffle") == "on"
    return f"Webhooks are {'on' if hooks.enabled else 'off'}."


def flush(sandbox: TwilioSandbox, form: Form) -> str:
    """Send at once what waits."""
    sandbox.webhooks.flush()
    return "What was waiting is on its way."


def tell_again(sandbox: TwilioSandbox, form: Form) -> str:
    """Send a form once more."""
    told = next((one for one in sandbox.webhooks.told if one.id == form["id"]), None)
    if told is None:
        raise ValueError("it is no longer known")
    if not sandbox.webhooks.bring(told):
        raise ValueError(f"{told.url} is not on this machine")
    return "It is sent again."


PHONES: dict[str, Action] = {"reply": reply, "trait": trait, "report": report}
TROUBLE: dict[str, Action] = {"break": break_things, "calm-down": calm_down, "hold": hold}
WEBHOOKS: dict[str, Action] = {"webhooks": save_webhooks, "flush-webhooks": flush, "tell-again": tell_again}
ACTIONS: dict[str, Action] = {**PHONES, **TROUBLE, **WEBHOOKS}
