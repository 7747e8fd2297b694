"""The control page of the Twilio account: phones to read and to write on, buttons for trouble and for webhooks."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from .. import guests
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

    def back_to(name: str, told: Form) -> str:
        number = request.form.get("number", "").strip()
        if name in PHONES and is_number(number):
            return f"/phone?{urlencode({'number': number, **told})}#newest"
        return guests.back_to_group({"trouble": TROUBLE, "webhooks": WEBHOOKS})(name, told)

    return guests.answer(sandbox, request, PAGES, ACTIONS, back_to)


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


def calm_down(sandbox: TwilioSandbox, form: Form) -> str:
    """Call all trouble off."""
    sandbox.carrier.held = False
    return guests.calm_down(sandbox, form)


def hold(sandbox: TwilioSandbox, form: Form) -> str:
    """Let nothing move, or let it move again."""
    sandbox.carrier.held = form.get("held") == "on"
    return "Texts wait." if sandbox.carrier.held else "Texts move."


def save_webhooks(sandbox: TwilioSandbox, form: Form) -> str:
    """Change who is told and how; nothing is changed when one of the values is wrong."""
    inbound, status = (checked(form.get(name, "").strip()) or "" for name in ("inbound_url", "status_url"))
    said = guests.set_switches(sandbox.webhooks, form)
    sandbox.inbound_url, sandbox.status_url = inbound, status
    return said


def tell_again(sandbox: TwilioSandbox, form: Form) -> str:
    """Send a form once more."""
    told = next((one for one in sandbox.webhooks.told if one.id == form["id"]), None)
    if told is None:
        raise ValueError("it is no longer known")
    if not sandbox.webhooks.bring(told):
        raise ValueError(f"{told.url} is not on this machine")
    return "It is sent again."


PHONES: dict[str, Action] = {"reply": reply, "trait": trait, "report": report}
TROUBLE: dict[str, Action] = {"break": guests.break_things, "calm-down": calm_down, "hold": hold}
WEBHOOKS: dict[str, Action] = {"webhooks": save_webhooks, "flush-webhooks": guests.flush, "tell-again": tell_again}
ACTIONS: dict[str, Action] = {**PHONES, **TROUBLE, **WEBHOOKS}
