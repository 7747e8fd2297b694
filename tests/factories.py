"""Plain functions that make rows for tests. The cast: Ada (paid up), Ben (late), Cleo (opted out)."""

from datetime import timedelta
from typing import Any

from django.utils import timezone

from crm.models import Contact, User
from integrations.models import QuickBooksConnection
from sandbox import Sandbox

PASSWORD = "correct horse battery staple"  # noqa: S105


def make_user(email: str = "jo@example.com", **fields: Any) -> User:
    """A member of staff: an admin unless another role is given."""
    fields = {"name": "Jo Bloggs", "role": User.Role.ADMIN, **fields}
    return User.objects.create_user(email, fields.pop("password", PASSWORD), **fields)


def make_agent(email: str = "sam@example.com", **fields: Any) -> User:
    return make_user(email, **{"name": "Sam Agent", "role": User.Role.AGENT, **fields})


def make_contact(name: str = "Ada Lovelace", **fields: Any) -> Contact:
    """A contact as services leave it: what was typed stands beside what it is recognised by."""
    fields.setdefault("email_typed", fields.get("email", ""))
    fields.setdefault("phone_typed", fields.get("phone", ""))
    return Contact.objects.create(name=name, **fields)


def make_connection(sandbox: Sandbox, company: str = "us", **fields: Any) -> QuickBooksConnection:
    """A company of the sandbox, connected with living tokens."""
    books = sandbox.company(company)
    tokens = sandbox.issue_tokens(books.realm_id)
    now = timezone.now()
    fields = {
        "company_name": books.name,
        "country": books.country,
        "home_currency": books.home,
        "access_token": tokens["access_token"],
        "refresh_token": tokens["refresh_token"],
        "access_expires_at": now + timedelta(seconds=tokens["expires_in"]),
        "refresh_expires_at": now + timedelta(seconds=tokens["x_refresh_token_expires_in"]),
        "connected_at": now,
        **fields,
    }
    return QuickBooksConnection.objects.create(realm_id=books.realm_id, **fields)
