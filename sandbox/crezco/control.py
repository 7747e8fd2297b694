"""The control page of the Crezco account: buttons for what payers and banks do, for trouble and for webhooks."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from .. import guests
from ..http import Request, Response
from . import control_pages as shown
from .errors import Refused

if TYPE_CHECKING:
    from .stand_in import CrezcoSandbox

Form = dict[str, str]
Action = Callable[["CrezcoSandbox", Form], str]


def answer(sandbox: CrezcoSandbox, request: Request) -> Response | None:
    """The answer to a person's request; None when the path is not a page."""
    back_to = guests.back_to_group({"trouble": TROUBLE, "webhooks": WEBHOOKS})
    return guests.answer(sandbox, request, PAGES, ACTIONS, back_to, Refused)


PAGES: dict[str, Callable[[CrezcoSandbox, Form], str]] = {
    "/": shown.account,
    "/trouble": shown.trouble,
    "/webhooks": shown.webhooks,
    "/log": shown.log,
}


def bank_answers(sandbox: CrezcoSandbox, form: Form) -> str:
    """The bank decides about a payment that waits."""
    sandbox.bank_answers(form["id"], form["paid"] == "yes")
    return "The bank has paid." if form["paid"] == "yes" else "The bank has refused."


# -- trouble and webhooks ----------------------------------------------------------------------------------------


def answer_otherwise(sandbox: CrezcoSandbox, form: Form) -> str:
    """Choose how it answers where the guides are silent."""
    for name in vars(sandbox.open):
        setattr(sandbox.open, name, form.get(name) == "on")
    return "From now on it answers like that."


def save_webhooks(sandbox: CrezcoSandbox, form: Form) -> str:
    """Change how webhooks are sent; nothing is changed when one of the values is wrong."""
    said = guests.set_switches(sandbox.webhooks, form)
    hooks = sandbox.webhooks
    hooks.in_lists, hooks.forgives = form.get("in_lists") == "on", form.get("forgives") == "on"
    return said


def register(sandbox: CrezcoSandbox, form: Form) -> str:
    """Register a callback, or switch it on again."""
    return f"{sandbox.register(form['callback'].strip())['callback']} is told of payments."


def send_again(sandbox: CrezcoSandbox, form: Form) -> str:
    """Send the last one once more."""
    return "It is sent again." if sandbox.webhooks.send_again() else "Nothing was sent so far."


TROUBLE: dict[str, Action] = {
    "break": guests.break_things,
    "calm-down": guests.calm_down,
    "answer-otherwise": answer_otherwise,
}
WEBHOOKS: dict[str, Action] = {
    "webhooks": save_webhooks,
    "register": register,
    "flush-webhooks": guests.flush,
    "send-again": send_again,
}
ACTIONS: dict[str, Action] = {"bank-answers": bank_answers, **TROUBLE, **WEBHOOKS}
