"""The connection to QuickBooks as an admin makes it, and makes it anew."""

from datetime import timedelta

from django.utils import timezone

from crm.models import Business
from integrations.models import QuickBooksConnection, SyncState
from sandbox import Company, Sandbox


def connect(sandbox: Sandbox, books: Company) -> None:
    """As after the first import: from now on every change comes by itself."""
    Business.load()
    Business.objects.update(country=books.country, currency=books.home)
    now = timezone.now()
    connection = QuickBooksConnection(
        realm_id=books.realm_id,
        company_name=books.name,
        country=books.country,
        home_currency=books.home,
        connected_at=now,
        contacts_imported_at=now,
    )
    sign_in(sandbox, connection)
    SyncState.objects.update_or_create(connection=connection, defaults={"poll_minutes": 1})


def sign_in(sandbox: Sandbox, connection: QuickBooksConnection) -> None:
    """What an admin does by Reconnect."""
    tokens, now = sandbox.issue_tokens(connection.realm_id), timezone.now()
    connection.access_token, connection.refresh_token = tokens["access_token"], tokens["refresh_token"]
    connection.access_expires_at = now + timedelta(seconds=tokens["expires_in"])
    connection.refresh_expires_at = now + timedelta(seconds=tokens["x_refresh_token_expires_in"])
    connection.status, connection.status_reason = QuickBooksConnection.Status.CONNECTED, ""
    connection.save()


def sign_in_if_needed(sandbox: Sandbox) -> None:
    connection = QuickBooksConnection.objects.get()
    if not connection.is_connected:
        sign_in(sandbox, connection)
