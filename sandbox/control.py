"""The control page: play the bookkeeper inside QuickBooks, break things, and see what was asked."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from . import bookkeeper, control_edit, control_webhooks
from . import control_pages as pages
from .http import Request, Response
from .quickbooks.errors import Fault

if TYPE_CHECKING:
    from .stand_in import Sandbox

Form = dict[str, str]


def answer(sandbox: Sandbox, request: Request) -> Response | None:
    """The answer to a person's request; None when the path is not a page."""
    if request.method in ("GET", "HEAD") and request.path in PAGES:
        return Response.page(PAGES[request.path](sandbox, request.query))
    name = request.path.removeprefix("/do/")
    if request.method != "POST" or name not in ACTIONS:
        return None
    which = request.form.get("company", "us")
    try:
        back = {"company": which, "done": ACTIONS[name](sandbox, request.form)}
    except Fault as refused:
        back = {"company": which, "sorry": str(refused)}
    except (KeyError, ValueError) as error:
        back = {"company": which, "sorry": f"That cannot be: {error}"}
    where = "/trouble" if name in TROUBLE else "/webhooks" if name in control_webhooks.ACTIONS else "/"
    return Response.redirect(f"{where}?{urlencode(back)}")


PAGES: dict[str, Callable[[Sandbox, Form], str]] = {
    "/": pages.books,
    "/edit": control_edit.edit,
    "/trouble": pages.trouble,
    "/webhooks": control_webhooks.page,
    "/log": pages.log,
}


# -- trouble -----------------------------------------------------------------------------------------------------


def break_things(sandbox: Sandbox, form: Form) -> str:
    """Let the next answers go wrong."""
    kind = form["kind"] if form["kind"] != "fault" else f"fault({int(form.get('code') or 0)})"
    times = int(form.get("times") or 1)
    sandbox.faults.add(kind, times, form.get("match", ""), float(form.get("seconds") or 5))
    return f"The next {times} fitting answers: {kind}."


def slow_down(sandbox: Sandbox, form: Form) -> str:
    """Make every answer late."""
    sandbox.faults.latency = max(0.0, float(form.get("seconds") or 0))
    return f"Every answer comes {sandbox.faults.latency:g} seconds late."


def calm_down(sandbox: Sandbox, form: Form) -> str:
    """Call all trouble off."""
    sandbox.faults.clear()
    return "All is well again."


def expire_tokens(sandbox: Sandbox, form: Form) -> str:
    """Make access tokens too old."""
    sandbox.expire_access_tokens()
    return "Every access token has expired."


def disconnect(sandbox: Sandbox, form: Form) -> str:
    """Disconnect all apps from the company."""
    company = bookkeeper.company_of(sandbox, form)
    sandbox.revoke_all(company.realm_id)
    return f"No app is connected to {company.name} any more."


def clear_log(sandbox: Sandbox, form: Form) -> str:
    """Forget the requests so far."""
    sandbox.clear_log()
    return f"The log was emptied at {time.strftime('%H:%M:%S')}."


TROUBLE: dict[str, Callable[[Sandbox, Form], str]] = {
    "break": break_things,
    "slow-down": slow_down,
    "calm-down": calm_down,
    "expire-tokens": expire_tokens,
    "disconnect": disconnect,
    "clear-log": clear_log,
}
ACTIONS = bookkeeper.ACTIONS | control_webhooks.ACTIONS | TROUBLE
