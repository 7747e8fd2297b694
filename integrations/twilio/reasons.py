"""Twilio's error numbers in words for staff, and what follows from each. Pure.

Source: https://www.twilio.com/docs/api/errors
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Reason:
    """``suppress``: a Suppression.Reason where no later text will reach this number either."""

    words: str
    suppress: str = ""


REASONS = {
    20003: Reason("Twilio does not accept TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN."),
    21211: Reason("This is no valid number.", "not_mobile"),
    21212: Reason("TWILIO_FROM is no number that Twilio can send from."),
    21408: Reason("Texts to this country are switched off in your Twilio account."),
    21602: Reason("The text was empty."),
    21606: Reason("TWILIO_FROM does not belong to your Twilio account, or cannot send texts."),
    21610: Reason("This number has asked for no more messages.", "opted_out"),
    21612: Reason("Twilio cannot send from your number to this one."),
    21614: Reason("This number cannot get texts: it is no mobile.", "not_mobile"),
    21617: Reason("The text is too long."),
    30001: Reason("Twilio's queue was full."),
    30002: Reason("Your Twilio account is suspended."),
    30003: Reason("The phone could not be reached: it may be switched off or out of reach."),
    30004: Reason("The phone or its network blocks this text."),
    30005: Reason("The network does not know this number. It may no longer be in use."),
    30006: Reason("This number cannot get texts: it is a landline, or its network cannot be reached.", "not_mobile"),
    30007: Reason("The network filtered this text as unwanted. Say who you are, and leave out shortened links."),
    30008: Reason("The network gave no reason."),
    30034: Reason(
        "Your number is not registered for business texts in the United States (A2P 10DLC). Register it in Twilio's "
        "console; until then networks there drop your texts."
    ),
}


def reason_of(code: int | str | None) -> Reason:
    digits = str(code or "")
    number = int(digits) if digits.isascii() and digits.isdigit() else 0
    return REASONS.get(number) or Reason("It was not delivered.")
