"""The control page of the Crezco account: buttons for what payers and banks do, for trouble and for webhooks."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from ..http import Request, Response
from . import control_pages as shown
from .errors import Refused

if TYPE_CHECKING:
    from .stand_in import CrezcoSandbox

Form = dict[str, str]
Action = Callable[["CrezcoSandbox", Form], str]


def answer(sandbox: CrezcoSandbox, request: Request) -> Response | None:
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


def break_things(sandbox: CrezcoSandbox, form: Form) -> str:
    """Let the next answers go wrong."""
    times = int(form.get("times") or 1)
    sandbox.faults.add(form["kind"], times, form.get("match", ""), float(form.get("seconds") or 5))
    return f"The next {times} fitting answers: {form['kind']}."


def calm_down(sandbox: CrezcoSandbox, form: Form) -> str:
    """Call all trouble off."""
    sandbox.faults.clear()
    return "All is well again."


def answer_otherwise(sandbox: CrezcoSandbox, form: Form) -> str:
    """Choose how it answers where the guides are silent."""
    for name in vars(sandbox.open):
        setattr(sandbox.open, name, form.get(name) == "on")
    return "From now on it answers like that."


def save_webhooks(sandbox: CrezcoSandbox, form: Form) -> str:
    """Change how webhooks are sent; nothing is changed when one of the values is wrong."""
    hooks = sandbox.webhooks
    drop, double = (min(max(float(form.get(name) or 0), 0.0), 1.0) for name in ("drop", "double"))
    hooks.delay = max(float(form.get("delay") or 0), 0.0)
    hooks.drop, hooks.double = drop, double
    hooks.enabled, hooks.shuffle = form.get("enabled") == "on", form.get("shuffle") == "on"
    hooks.in_lists, hooks.forgives = form.get("in_lists") == "on", form.get("forgives") == "on"
    return f"Webhooks are {'on' if hooks.enabled else 'off'}."


def register(sandbox: CrezcoSandbox, form: Form) -> str:
    """Register a callback, or switch it on again."""
    return f"{sandbox.register(form['callback'].strip())['callback']} is told of payments."


def flush(sandbox: CrezcoSandbox, form: Form) -> str:
    """Send at once what waits."""
    sandbox.webhooks.flush()
    return "What was waiting is on its way."


def send_again(sandbox: CrezcoSandbox, form: Form) -> str:
    """Send the last one once more."""
    return "It is sent again." if sandbox.webhooks.send_again() else "Nothing was sent so far."


TROUBLE: dict[str, Action] = {"break": break_things, "calm-down": calm_down, "answer-otherwise": answer_otherwise}
WEBHOOKS: dict[str, Action] = {
    "webhooks": save_webhooks,
    "register": register,
    "flush-webhooks": flush,
    "send-again": send_again,
}
ACTIONS: dict[str, Action] = {"bank-answers": bank_answers, **TROUBLE, **WEBHOOKS}
