"""Which replies stop texts, bring them back, or ask for help. Pure.

Source: the CTIA's messaging principles and the FCC's rule of April 2025 name the words; a sentence that merely holds
one of them ("Don't stop by today") is for a person to read.
"""

import re

STOP = frozenset({"stop", "stopall", "unsubscribe", "cancel", "end", "quit", "revoke", "optout"})
START = frozenset({"start", "unstop"})
HELP = frozenset({"help", "info"})
COURTESY = frozenset({"please", "pls", "thanks", "thank", "you", "now", "all", "texts", "messages"})
MOST_WORDS = 3
LINE = "Reply STOP to opt out."
_WORDS = re.compile(r"[^\W_]+(?:'[^\W_]+)?")


def read_reply(body: str) -> str:
    """ "stop", "start", "help", or "" for a message to be read by a person."""
    words = _WORDS.findall(body.replace("’", "'").casefold())
    joined = _joined(words)
    if not 0 < len(words) <= MOST_WORDS:
        return ""
    for meaning, keywords in (("stop", STOP), ("start", START), ("help", HELP)):
        if keywords.intersection(joined) and keywords.union(COURTESY).issuperset(joined):
            return meaning
    return ""


def _joined(words: list[str]) -> list[str]:
    """ "opt out" is one word, as is "stop all"."""
    text = " ".join(words).replace("opt out", "optout")
    return text.split()
