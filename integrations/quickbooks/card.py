"""What the QuickBooks card on Settings > Integrations shows."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from django.conf import settings
from django.utils import timezone

from integrations.fields import CannotDecrypt
from integrations.models import QuickBooksConnection
from integrations.quickbooks import methods, oauth

# How long before its end a connection is spoken of, and from when on there is no time to lose.
SOON, AT_ONCE = timedelta(days=14), timedelta(days=2)


class State(StrEnum):
    NOT_SET_UP = "not_set_up"
    NOT_CONNECTED = "not_connected"
    CONNECTED = "connected"
    NEEDS_RECONNECT = "needs_reconnect"
    DISCONNECTED = "disconnected"
    UNREADABLE = "unreadable"


@dataclass(frozen=True)
class Card:
    """The connection, if there ever was one, and how it stands."""

    state: State
    connection: QuickBooksConnection | None
    missing: tuple[str, ...] = ()

    @property
    def alarm(self) -> str:
        """ "warn" when the connection ends soon, "bad" when at once or when it has failed, else ""."""
        if self.state in {State.NEEDS_RECONNECT, State.UNREADABLE}:
            return "bad"
        if self.connection is None or self.state is not State.CONNECTED:
            return ""
        left = self.connection.ends_at - timezone.now()
        return "bad" if left <= AT_ONCE else "warn" if left <= SOON else ""

    @property
    def methods(self) -> list[str]:
        """How staff may say that money came."""
        return methods.chosen()

    @property
    def redirect_uri(self) -> str:
        """What the operator registers at Intuit."""
        return oauth.redirect_uri()


def current() -> Card:
    """The card as it stands now. Makes no network call."""
    missing = missing_settings()
    connection = QuickBooksConnection.objects.current()
    if missing:
        return Card(State.NOT_SET_UP, connection, missing)
    if connection is None:
        return Card(State.NOT_CONNECTED, None)
    if connection.is_connected and not _readable(connection):
        return Card(State.UNREADABLE, connection)
    return Card(State(connection.status), connection)


def missing_settings() -> tuple[str, ...]:
    """The environment variables without which nobody can sign in."""
    needed = ("QUICKBOOKS_CLIENT_ID", "QUICKBOOKS_CLIENT_SECRET")
    return tuple(name for name in needed if not getattr(settings, name))


def _readable(connection: QuickBooksConnection) -> bool:
    """Whether the stored tokens can be read with the keys of this installation."""
    try:
        return bool(connection.refresh_token)
    except CannotDecrypt:
        return False
