"""A company that is followed: its books, and one look at them."""

import os
from collections.abc import Callable

import pytest
from django.utils import timezone

from integrations.models import InboxEvent, QuickBooksConnection
from integrations.quickbooks.sync import drain, poll
from sandbox import Company, Sandbox

# Recorded documents are other people's data and no part of the project: their tests exist where they do.
collect_ignore = [] if os.environ.get("QUICKBOOKS_PAYLOADS") else ["test_recorded.py"]


@pytest.fixture
def books(quickbooks: Sandbox) -> Company:
    """The US company, as its bookkeeper has it."""
    return quickbooks.company("us")


@pytest.fixture
def followed(connection: QuickBooksConnection) -> QuickBooksConnection:
    """A company whose contacts were imported, so that everything else comes by itself."""
    connection.contacts_imported_at = timezone.now()
    connection.save(update_fields=["contacts_imported_at"])
    return connection


@pytest.fixture
def look(followed: QuickBooksConnection) -> Callable[[], None]:
    """One look for changes, and the inbox emptied: what happens every two minutes."""

    def once() -> None:
        assert poll.poll(followed) == ""
        drain.drain(followed)
        assert not InboxEvent.objects.exclude(status="done").exists()

    return once
