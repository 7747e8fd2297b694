"""What Twilio posts to an app: reports about a text, and texts that phones have written."""

from __future__ import annotations

import time

from .account import VERSION, Account
from .book import Message


def report(account: Account, one: Message) -> dict[str, str]:
    """The state a text is in now."""
    form = {
        "AccountSid": account.sid,
        "ApiVersion": VERSION,
        "From": one.sender,
        "MessageSid": one.sid,
        "MessageStatus": one.status,
        "SmsSid": one.sid,
        "SmsStatus": one.status,
        "To": one.to,
    }
    if one.service:
        form["MessagingServiceSid"] = one.service
    if one.error_code:
        form["ErrorCode"] = str(one.error_code)
    if one.status in ("delivered", "undelivered"):
        form["RawDlrDoneDate"] = time.strftime("%y%m%d%H%M", time.gmtime(one.updated))
    return form


def arrival(account: Account, one: Message) -> dict[str, str]:
    """A text that a phone has written."""
    form = {
        "AccountSid": account.sid,
        "ApiVersion": VERSION,
        "Body": one.body,
        "From": one.sender,
        "MessageSid": one.sid,
        "NumMedia": "0",
        "NumSegments": str(one.segments),
        "SmsMessageSid": one.sid,
        "SmsSid": one.sid,
        "SmsStatus": "received",
        "To": one.to,
    }
    if one.service:
        form["MessagingServiceSid"] = one.service
    if one.opt_out_type:
        form["OptOutType"] = one.opt_out_type
    return form
