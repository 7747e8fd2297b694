"""What the control pages of all vendors under QuickBooks' roof do alike: the way in, trouble and webhooks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol, TypeVar
from urllib.parse import urlencode

from .courier import Courier
from .faults import Faults
from .http import Request, Response

Form = dict[str, str]


class Guest(Protocol):
    """A stand-in with control pages of its own, below ``url``."""

    @property
    def url(self) -> str: ...
    @property
    def faults(self) -> Faults: ...
    @property
    def webhooks(self) -> Courier[Any]: ...
    @property
    def requests(self) -> Iterable[Any]: ...


SomeGuest = TypeVar("SomeGuest", bound=Guest)
Page = Callable[[SomeGuest, Form], str]
Action = Callable[[SomeGuest, Form], str]


def answer(
    sandbox: SomeGuest,
    request: Request,
    pages: Mapping[str, Page[SomeGuest]],
    actions: Mapping[str, Action[SomeGuest]],
    back_to: Callable[[str, Form], str],
    refused: type[Exception] | tuple[()] = (),
) -> Response | None:
    """The answer to a person's request; None when the path is not a page.

    ``back_to`` says where an action leads, from its name and the query that tells what came of it. An error that is
    ``refused`` has words of its own for people.
    """
    if request.path == "":
        return Response.redirect(f"{sandbox.url}/")
    if request.method in ("GET", "HEAD") and request.path in pages:
        return Response.page(pages[request.path](sandbox, request.query))
    name = request.path.removeprefix("/do/")
    if request.method != "POST" or name not in actions:
        return None
    try:
        told = {"done": actions[name](sandbox, request.form)}
    except refused as error:
        told = {"sorry": str(error)}
    except (KeyError, ValueError) as error:
        told = {"sorry": f"That cannot be: {error}"}
    return Response.redirect(f"{sandbox.url}{back_to(name, told)}")


def back_to_group(groups: Mapping[str, Iterable[str]]) -> Callable[[str, Form], str]:
    """The way back for ``answer``: to the page whose group has the action, else to the first page."""

    def back_to(name: str, told: Form) -> str:
        page = next((page for page, names in groups.items() if name in names), "")
        return f"/{page}?{urlencode(told)}"

    return back_to


def break_things(sandbox: Guest, form: Form) -> str:
    """Let the next answers go wrong."""
    times = int(form.get("times") or 1)
    sandbox.faults.add(form["kind"], times, form.get("match", ""), float(form.get("seconds") or 5))
    return f"The next {times} fitting answers: {form['kind']}."


def calm_down(sandbox: Guest, form: Form) -> str:
    """Call all trouble off."""
    sandbox.faults.clear()
    return "All is well again."


def set_switches(hooks: Courier[Any], form: Form) -> str:
    """Change how webhooks are sent; nothing is changed when one of the values is wrong."""
    drop, double = (min(max(float(form.get(name) or 0), 0.0), 1.0) for name in ("drop", "double"))
    delay = max(float(form.get("delay") or 0), 0.0)
    hooks.drop, hooks.double, hooks.delay = drop, double, delay
    hooks.enabled, hooks.shuffle = form.get("enabled") == "on", form.get("shuffle") == "on"
    return f"Webhooks are {'on' if hooks.enabled else 'off'}."


def flush(sandbox: Guest, form: Form) -> str:
    """Send at once what waits."""
    sandbox.webhooks.flush()
    return "What was waiting is on its way."
