"""What /healthz tells of the connections. Nothing secret, and no names: anybody may read it."""

from typing import Any

from integrations.quickbooks import card


def quickbooks() -> dict[str, Any]:
    """``{"ok": ..., "state": ...}``; the states are those of the card. Not connected at all is no fault."""
    state = card.current().state
    return {"ok": state not in {card.State.NEEDS_RECONNECT, card.State.UNREADABLE}, "state": str(state)}
