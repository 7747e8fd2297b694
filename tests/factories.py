"""Plain functions that make rows for tests. The cast: Ada (paid up), Ben (late), Cleo (opted out)."""

from typing import Any

from crm.models import Contact, User

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
