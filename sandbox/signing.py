"""Intuit's signature under a webhook: base64 of the HMAC-SHA256 of the raw body, keyed with the verifier token."""

from __future__ import annotations

import base64
import hashlib
import hmac


def signature(body: bytes, token: str) -> str:
    """What goes into the header ``intuit-signature``."""
    return base64.b64encode(hmac.new(token.encode(), body, hashlib.sha256).digest()).decode("ascii")
