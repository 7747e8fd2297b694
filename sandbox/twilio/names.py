"""Ids, as long as Twilio's and as random."""

from __future__ import annotations

import secrets


def new(prefix: str) -> str:
    """An id of a kind: ``new("SM")`` for a message."""
    return f"{prefix}{secrets.token_hex(16)}"
