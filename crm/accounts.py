"""How allauth works here: email login, no open sign-up, second-factor secrets encrypted at rest."""

import time
from functools import lru_cache
from typing import Any

from allauth.account import app_settings as account_settings
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.models import EmailAddress
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings
from django.http import HttpRequest

from crm.models import Business, User


class AccountAdapter(DefaultAccountAdapter):
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Nobody signs up by themselves: an admin invites by email."""
        return False

    def login(self, request: HttpRequest, user: User) -> None:
        super().login(request, user)
        request.session["logged_in_at"] = time.time()
        # Who was made by a command or in the Django admin has no row here yet, and without one allauth would empty
        # the user's address as soon as they ask for another. Whoever made them vouched for the address.
        if not EmailAddress.objects.filter(user=user).exists():
            EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)

    def is_reauthentication_required(self, *, app: str, **facts: Any) -> bool:
        """Whoever logged in a moment ago, in this very session, is not asked for the password a second time."""
        logged_in_at = self.request.session.get("logged_in_at", 0)
        return time.time() - logged_in_at > account_settings.REAUTHENTICATION_TIMEOUT


@lru_cache(maxsize=4)
def _fernet(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(key) for key in keys])


class SecondFactorAdapter(DefaultMFAAdapter):
    """Keeps authenticator secrets and recovery codes encrypted, and a required second factor where it is."""

    def encrypt(self, text: str) -> str:
        return _fernet(tuple(settings.FIELD_ENCRYPTION_KEYS)).encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """Raises cryptography.fernet.InvalidToken when no key of the installation fits."""
        return _fernet(tuple(settings.FIELD_ENCRYPTION_KEYS)).decrypt(encrypted_text.encode()).decode()

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        return not Business.load().second_factor_required


def has_second_factor(user: User) -> bool:
    return Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP).exists()
