"""What people change of their own login, told by allauth, kept in the audit trail."""

from typing import Any

from allauth.account.signals import email_changed, password_changed, password_reset
from allauth.mfa.signals import authenticator_added, authenticator_removed
from django.dispatch import receiver

from crm import audit
from crm.models import User


def _record(user: User, verb: str, changes: dict[str, list[Any]] | None = None) -> None:
    audit.record("user", user, verb=verb, actor=user, origin="staff", changes=changes)


@receiver(email_changed, dispatch_uid="people.email_changed")
def record_email(sender: Any, user: User, from_email_address: Any, to_email_address: Any, **kwargs: Any) -> None:
    before = from_email_address.email if from_email_address else None
    _record(user, "user.email_changed", {"email": [before, to_email_address.email]})


@receiver(password_changed, dispatch_uid="people.password_changed")
def record_password(sender: Any, user: User, **kwargs: Any) -> None:
    _record(user, "user.password_changed")


@receiver(password_reset, dispatch_uid="people.password_reset")
def record_password_reset(sender: Any, user: User, **kwargs: Any) -> None:
    _record(user, "user.password_reset")


@receiver(authenticator_added, dispatch_uid="people.second_factor_added")
def record_second_factor(sender: Any, user: User, authenticator: Any, **kwargs: Any) -> None:
    _record(user, "user.second_factor_added", {"second_factor": [None, authenticator.type]})


@receiver(authenticator_removed, dispatch_uid="people.second_factor_removed")
def record_second_factor_gone(sender: Any, user: User, authenticator: Any, **kwargs: Any) -> None:
    _record(user, "user.second_factor_removed", {"second_factor": [authenticator.type, None]})
