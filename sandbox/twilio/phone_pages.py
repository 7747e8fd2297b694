"""The phones: a list of them, and what is on each one's screen."""

from __future__ import annotations

import re
import time
from html import escape
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from .. import control_parts as parts
from .book import Message
from .control_pages import form, framed
from .numbers import TRAITS, is_number

if TYPE_CHECKING:
    from .stand_in import TwilioSandbox

Form = dict[str, str]
LINK = re.compile(r"https?://[^\s<>\"]+[^\s<>\".,;:!?)\]']")
STYLE = """
.phone { max-width: 24rem; margin: 1rem auto; border: .5rem solid var(--edge); border-radius: 1.75rem; padding: .75rem;
  background: var(--paper); }
.phone h2 { margin: 0 0 .5rem; text-align: center; font-size: 1rem; }
.phone ol { list-style: none; margin: 0; padding: 0; max-height: 60vh; overflow-y: auto; display: flex;
  flex-direction: column; gap: .5rem; }
.bubble { max-width: 85%; padding: .5rem .75rem; border: 1px solid var(--edge); border-radius: 1rem;
  overflow-wrap: anywhere; white-space: pre-wrap; align-self: flex-start; }
.bubble.mine { align-self: flex-end; background: var(--leaf); border-color: var(--leaf); color: var(--paper); }
.bubble.lost { border-style: dashed; opacity: .75; } .bubble small { display: block; white-space: normal; }
.phone textarea { width: 100%; } .phone .quick { display: flex; gap: .5rem; flex-wrap: wrap; }
.phone .quick form { margin: 0; } .threads { list-style: none; padding: 0; }
.threads a { display: block; padding: .6rem 0; border-bottom: 1px solid var(--edge); overflow-wrap: anywhere;
  text-decoration: none; color: inherit; } .threads b { color: var(--leaf); } .threads small { display: block; }
"""


def phones(sandbox: TwilioSandbox, query: Form) -> str:
    """All phones, those with the newest text first."""
    rows = "".join(_row(sandbox, number) for number in sandbox.book.phones())
    inside = parts.field("Number", "number", "+1", "tel", "required") + _traits("mobile")
    body = (
        "<p>These are the phones that texts go to. Read them here, write back, and say what becomes of texts to each. "
        f"Texts come from {escape(', '.join(sandbox.account.numbers))}.</p>"
        f'<ul class="threads">{rows}</ul>{"" if rows else "<p>No text has been sent yet.</p>"}'
        f"<h2>Another phone</h2>{form(sandbox, 'trait', inside, 'Take it out')}"
    )
    return framed(sandbox, "Phones", query, body, STYLE)


def _row(sandbox: TwilioSandbox, number: str) -> str:
    thread = sandbox.book.thread(number)
    last = thread[-1].body[:80] if thread else "Nothing yet."
    notes = [] if sandbox.book.trait_name(number) == "mobile" else [sandbox.book.trait_name(number).replace("_", " ")]
    notes += ["opted out"] if sandbox.phone(number).has_opted_out else []
    note = f" ({', '.join(notes)})" if notes else ""
    return f'<li><a href="{_address(sandbox, number)}"><b>{number}</b>{note}<small>{escape(last)}</small></a></li>'


def _address(sandbox: TwilioSandbox, number: str) -> str:
    return escape(f"{sandbox.url}/phone?{urlencode({'number': number})}#newest")


def _traits(chosen: str) -> str:
    return parts.select("Texts to it", "trait", [(name, trait.words) for name, trait in TRAITS.items()], chosen)


def phone(sandbox: TwilioSandbox, query: Form) -> str:
    """One phone's screen, with a field to write in, and what becomes of texts to it."""
    number = query.get("number", "").strip()
    if not is_number(number):
        return framed(sandbox, "Phones", {"sorry": f"{number} is no phone number."}, "")
    thread = sandbox.book.thread(number)
    bubbles = "".join(_bubble(sandbox, one, one is thread[-1]) for one in thread)
    keep = parts.hidden(number=number)
    words = '<label>Write<textarea name="body" rows="2" required></textarea></label>'
    quick = "".join(form(sandbox, "reply", keep + parts.hidden(body=word), word) for word in ("STOP", "START", "HELP"))
    screen = (
        f'<section class="phone"><h2>{number}</h2><ol>{bubbles}</ol>{"" if thread else "<p>Nothing yet.</p>"}'
        f"{form(sandbox, 'reply', keep + _to(sandbox) + words, 'Send', quiet=False)}"
        f'<div class="quick">{quick}</div></section>'
    )
    out = "<p>This phone has opted out: texts to it are refused with 21610.</p>"
    body = (
        f"{out if sandbox.phone(number).has_opted_out else ''}{screen}"
        f'<p><a href="{_address(sandbox, number)}">Look again</a></p><h2>What becomes of texts</h2>'
        f"{form(sandbox, 'trait', keep + _traits(sandbox.book.trait_name(number)), 'Save')}"
    )
    return framed(sandbox, "Phone", query, body, STYLE)


def _to(sandbox: TwilioSandbox) -> str:
    """To whom: there is no choice as long as the account has one number."""
    ours = sandbox.account.numbers
    choices = [("", "who wrote last"), *((one, one) for one in ours)]
    return parts.select("To", "to", choices) if len(ours) > 1 else ""


def _bubble(sandbox: TwilioSandbox, one: Message, is_newest: bool) -> str:
    style = "mine" if one.is_inbound else "" if one.has_arrived else "lost"
    state = "" if one.is_inbound else f", {one.status}" + (f" {one.error_code}" if one.error_code else "")
    at = time.strftime("%d %b %H:%M", time.localtime(one.created))
    inside = f"{linked(one.body)}<small>{at}{state}</small>"
    if one.status == "sent" and not sandbox.book.trait(one.to).status:
        keep = parts.hidden(number=one.phone, sid=one.sid)
        for status, words in (("delivered", "Report: delivered"), ("undelivered", "Report: lost")):
            inside += form(sandbox, "report", keep + parts.hidden(status=status), words)
    return f'<li class="bubble {style}"{" id=newest" if is_newest else ""}>{inside}</li>'


def linked(text: str) -> str:
    """A text as HTML, with its links to tap."""
    made, end = "", 0
    for found in LINK.finditer(text):
        url = escape(found[0])
        made += f'{escape(text[end : found.start()])}<a href="{url}" target="_blank" rel="noopener">{url}</a>'
        end = found.end()
    return made + escape(text[end:])
