"""The demo that `make run` starts with: one business, one admin, one agent."""

import secrets

from allauth.account.models import EmailAddress
from django.conf import settings
from django.db import transaction

from crm.models import Business, Contact, User

ADMIN_EMAIL = "admin@demo.example"
AGENT_EMAIL = "agent@demo.example"
LOGINS = {ADMIN_EMAIL: ("Ada Admin", User.Role.ADMIN), AGENT_EMAIL: ("Ben Agent", User.Role.AGENT)}


class NotADemo(Exception):
    """There is a real business here, and a demo would mix with it."""


def is_untouched() -> bool:
    """Nobody has worked here yet: no business, no people, no contacts."""
    return not (Business.objects.exists() or User.objects.exists() or Contact.objects.exists())


@transaction.atomic
def seed() -> str:
    """Make or complete the demo; gives the password of both logins. Raises NotADemo where a real business is."""
    if not is_untouched() and not Business.load().is_demo:
        raise NotADemo("This installation holds a business of its own; the demo is not added to it.")
    Business.objects.update_or_create(
        pk=1, defaults={"is_demo": True}, create_defaults={"name": "Demo", "is_demo": True}
    )
    password = settings.DEMO_PASSWORD or secrets.token_urlsafe(9)
    for email, (name, role) in LOGINS.items():
        is_admin = role == User.Role.ADMIN
        user, created = User.objects.get_or_create(
            email=email, defaults={"name": name, "role": role, "is_staff": is_admin, "is_superuser": is_admin}
        )
        if created or not user.check_password(password):
            user.set_password(password)
            user.save()
        verify(user)
    return password


def verify(user: User) -> None:
    """Count the user's address as confirmed: we know it, or an admin vouches for it."""
    EmailAddress.objects.update_or_create(user=user, email=user.email, defaults={"verified": True, "primary": True})
