"""The page about webhooks: what was sent and what came of it, how they are sent, and what goes wrong on the way."""

from __future__ import annotations

import time
from collections.abc import Callable
from html import escape
from typing import TYPE_CHECKING

from . import control_parts as parts
from .courier import Delivery
from .delivery import MOST, Webhooks
from .envelopes import ENVELOPES
from .quickbooks.notices import Notice

if TYPE_CHECKING:
    from .stand_in import Sandbox

Form = dict[str, str]
CONTENT_TYPES = ("application/json; charset=utf-8", "application/json", "application/cloudevents+json")
LISTED = 50


def page(sandbox: Sandbox, query: dict[str, str]) -> str:
    """The last POSTs, and the switches."""
    which, company = parts.chosen(sandbox, query)
    hooks = sandbox.webhooks
    state = f"Changes are told to {hooks.url}." if hooks.url else "There is no address yet: nothing is told to anybody."
    if hooks.url and not hooks.enabled:
        state = "Switched off: what changes now is told to nobody."
    if sandbox.only_connected and not sandbox.tokens.is_connected(company.realm_id):
        state += f" No app is connected to {company.name}, so its changes are told to nobody."
    body = (
        f'<p>{escape(state)}</p><div class="columns">'
        f"<section><h2>How they are sent</h2>{parts.form('webhooks', which, _settings(hooks), 'Save')}</section>"
        f"<section><h2>What waits</h2>{_waiting(which, hooks)}</section></div>"
        f"<h2>Last deliveries</h2>{_deliveries(hooks)}"
    )
    return parts.framed(sandbox, "Webhooks", which, query, body)


def _settings(hooks: Webhooks) -> str:
    inside = parts.tick("Switched on", "enabled", hooks.enabled)
    inside += parts.field("Address on this machine", "url", hooks.url or "", "url")
    inside += parts.select("Shape", "envelope", [(one, one) for one in ENVELOPES], hooks.envelope)
    types = dict.fromkeys((*CONTENT_TYPES, hooks.content_type))
    inside += parts.select("Content type", "content_type", [(one, one) for one in types], hooks.content_type)
    inside += parts.field("Most events in one POST", "batch", str(hooks.batch), "number", f"min=1 max={MOST}")
    share = "min=0 max=1 step=any"
    inside += parts.field("Part of them lost (0 to 1)", "drop", f"{hooks.drop:g}", "number", share)
    inside += parts.field("Part of them sent twice (0 to 1)", "double", f"{hooks.double:g}", "number", share)
    inside += parts.field("Late by up to (seconds)", "delay", f"{hooks.delay:g}", "number", "min=0 step=any")
    return inside + parts.tick("In another order", "shuffle", hooks.shuffle)


def _waiting(which: str, hooks: Webhooks) -> str:
    count = hooks.waiting
    words = f"{count} POST{'s wait' if count != 1 else ' waits'} for the right time or for another attempt."
    return (
        f"<p>{words if count else 'Nothing waits.'} {len(hooks.dropped)} were lost on purpose.</p>"
        + parts.form("flush-webhooks", which, "", "Send what waits now", quiet=True)
        + parts.form("send-webhook-again", which, "", "Send the last one again", quiet=True)
        + parts.form("clear-webhooks", which, "", "Forget all of them", quiet=True)
    )


def _deliveries(hooks: Webhooks) -> str:
    rows = (
        (
            time.strftime("%H:%M:%S", time.localtime(one.at)),
            f"{one.status or 'no answer'}",
            str(one.attempt),
            escape(_told(one)),
            f"<code>{escape(one.body.decode()[:300])}</code>",
        )
        for one in list(hooks.deliveries)[-LISTED:][::-1]
    )
    return parts.table(("When", "Status", "Attempt", "What", "Body"), rows)


def _told(delivery: Delivery[Notice]) -> str:
    some = [f"{one.entity} {one.pk} {one.operation}" for one in delivery.notices[:5]]
    return ", ".join(some) + (f" and {len(delivery.notices) - 5} more" if len(delivery.notices) > 5 else "")


# -- buttons -----------------------------------------------------------------------------------------------------


def save(sandbox: Sandbox, form: Form) -> str:
    """Change how webhooks are sent; nothing is changed when one of the values is wrong."""
    hooks = sandbox.webhooks
    drop, double = (min(max(float(form.get(name) or 0), 0.0), 1.0) for name in ("drop", "double"))
    delay, batch = max(float(form.get("delay") or 0), 0.0), min(max(int(form.get("batch") or 1), 1), MOST)
    content_type = form.get("content_type") or hooks.content_type
    if content_type not in (*CONTENT_TYPES, hooks.content_type):
        raise ValueError(f"there is no content type {content_type!r}")
    hooks.url, hooks.envelope = form.get("url", "").strip() or None, form.get("envelope") or hooks.envelope
    hooks.content_type, hooks.batch, hooks.drop, hooks.double, hooks.delay = content_type, batch, drop, double, delay
    hooks.enabled, hooks.shuffle = form.get("enabled") == "on", form.get("shuffle") == "on"
    return f"Webhooks are {'on' if hooks.enabled else 'off'}."


def flush(sandbox: Sandbox, form: Form) -> str:
    """Send at once what waits."""
    sandbox.webhooks.flush()
    return "What was waiting is on its way."


def again(sandbox: Sandbox, form: Form) -> str:
    """Send the last one once more."""
    return "The last one is sent again." if sandbox.webhooks.send_again() else "Nothing has been sent so far."


def clear(sandbox: Sandbox, form: Form) -> str:
    """Forget what waits and what was sent."""
    sandbox.webhooks.clear()
    return f"All was forgotten at {time.strftime('%H:%M:%S')}."


ACTIONS: dict[str, Callable[[Sandbox, Form], str]] = {
    "webhooks": save,
    "flush-webhooks": flush,
    "send-webhook-again": again,
    "clear-webhooks": clear,
}
