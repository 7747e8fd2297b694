"""What /healthz tells of the connections. Nothing secret, and no names: anybody may read it."""

from typing import Any

from integrations.quickbooks import card


def quickbooks() -> dict[str, Any]:
    """``{"ok": ..., "state": ...}``, and ``ends_in_days`` while connected; the states are those of the card.

    Not connected at all is no fault.
    """
    shown = card.current()
    ok = shown.state not in {card.State.NEEDS_RECONNECT, card.State.UNREADABLE}
    report: dict[str, Any] = {"ok": ok, "state": str(shown.state)}
    if shown.connection is not None and shown.state is card.State.CONNECTED:
        report["ends_in_days"] = shown.connection.ends_in_days
    return report
