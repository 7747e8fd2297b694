"""The words that Twilio listens to in what a phone writes, and what it answers by itself."""

from __future__ import annotations

STOP, START, HELP = "STOP", "START", "HELP"
KINDS = {
    **dict.fromkeys(("STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT"), STOP),
    **dict.fromkeys(("START", "UNSTOP", "YES"), START),
    **dict.fromkeys(("HELP", "INFO"), HELP),
}
ANSWERS = {
    STOP: "You have successfully been unsubscribed. You will not receive any more messages from this number. "
    "Reply START to resubscribe.",
    START: "You have successfully been re-subscribed to messages from this number. Reply HELP for help. "
    "Reply STOP to unsubscribe. Msg&Data Rates May Apply.",
    HELP: "Reply STOP to unsubscribe. Msg&Data Rates May Apply.",
}


def kind_of(body: str, is_opted_out: bool) -> str:
    """STOP, START, HELP or "": only a word that stands alone counts, in capitals or not.

    YES is an answer to all kinds of questions; it counts only where there is something to take back.
    """
    word = body.strip().upper()
    return "" if word == "YES" and not is_opted_out else KINDS.get(word, "")
