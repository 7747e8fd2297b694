"""Who works here: invitations, roles, and who may log in. Every change leaves its Activity in the same transaction.

Each function raises PeopleError with a sentence for the person who asked, and then has changed nothing.
"""

import hashlib
import secrets
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.contrib.sessions.models import Session
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from crm import audit
from crm.models import Invitation, User

INVITATION_LIFE = timedelta(days=7)
SECRET_BYTES = 32


class PeopleError(Exception):
    """It was not done; the text says why, in words for the page."""


def digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


@transaction.atomic
def invite(email: str, role: str, *, by: User) -> tuple[Invitation, str]:
    """Invite somebody; gives the invitation and the secret of its link, which is kept nowhere."""
    email = email.strip().lower()
    known = User.objects.filter(email__iexact=email).first()
    if known is not None:
        raise PeopleError(
            f"{email} works here already." if known.is_active else f"{email} was deactivated. Reactivate them instead."
        )
    secret = secrets.token_urlsafe(SECRET_BYTES)
    try:
        with transaction.atomic():
            invitation = Invitation.objects.create(
                email=email,
                role=role,
                secret_digest=digest(secret),
                invited_by=by,
                expires_at=timezone.now() + INVITATION_LIFE,
            )
    except IntegrityError as error:
        raise PeopleError(f"{email} is invited already. Send that invitation again instead.") from error
    _record("invitation", invitation, "invitation.sent", by, {"email": [None, email], "role": [None, role]})
    return invitation, secret


@transaction.atomic
def renew(invitation: Invitation, *, by: User) -> str:
    """A new secret and seven more days; the link sent before stops working."""
    secret = secrets.token_urlsafe(SECRET_BYTES)
    expires_at = timezone.now() + INVITATION_LIFE
    renewed = Invitation.objects.filter(pk=invitation.pk, accepted_at=None).update(
        secret_digest=digest(secret), expires_at=expires_at, invited_by=by
    )
    if not renewed:
        raise PeopleError("That invitation was accepted or withdrawn in the meantime.")
    _record("invitation", invitation, "invitation.renewed", by, {"email": [invitation.email, invitation.email]})
    invitation.expires_at = expires_at
    return secret


@transaction.atomic
def withdraw(invitation: Invitation, *, by: User) -> None:
    pk, email = invitation.pk, invitation.email
    gone, _ = Invitation.objects.filter(pk=pk, accepted_at=None).delete()
    if not gone:
        raise PeopleError("That invitation was accepted or withdrawn in the meantime.")
    audit.record(
        "invitation", pk, verb="invitation.withdrawn", actor=by, origin="staff", changes={"email": [email, None]}
    )


def find_invitation(secret: str) -> Invitation | None:
    """The open invitation of a link, or nothing for a wrong, used, withdrawn or old one."""
    wanted = digest(secret)
    invitation = Invitation.objects.filter(secret_digest=wanted).first()
    if invitation is None or not constant_time_compare(invitation.secret_digest, wanted):
        return None
    return invitation if invitation.is_open(timezone.now()) else None


@transaction.atomic
def accept(invitation: Invitation, *, name: str, password: str) -> User:
    """Make the login that an invitation promised. The link in the mail proves the address."""
    now = timezone.now()
    taken = Invitation.objects.filter(
        pk=invitation.pk, secret_digest=invitation.secret_digest, accepted_at=None, expires_at__gt=now
    ).update(accepted_at=now)
    if not taken:
        raise PeopleError("This invitation was used or withdrawn in the meantime.")
    if User.objects.filter(email__iexact=invitation.email).exists():
        raise PeopleError(f"{invitation.email} has a login already.")
    user = User.objects.create_user(invitation.email, password, name=name, role=invitation.role)
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    changes = {"email": [None, user.email], "name": [None, name], "role": [None, user.role]}
    _record("user", user, "user.joined", user, changes)
    return user


@transaction.atomic
def change_role(person: User, role: str, *, by: User) -> None:
    """Make an agent an admin or the other way round. An agent has no way into the Django admin either."""
    person = _lock(person)
    if person == by:
        raise PeopleError("You cannot change your own role. Ask another admin.")
    if person.role == role:
        return
    if role == User.Role.AGENT:
        _keep_an_admin(person)
    before, person.role = person.role, role
    if role == User.Role.AGENT:
        person.is_staff = person.is_superuser = False
    person.save(update_fields=["role", "is_staff", "is_superuser"])
    _record("user", person, "user.role_changed", by, {"role": [before, role]})


@transaction.atomic
def deactivate(person: User, *, by: User) -> None:
    """Shut somebody out at once: they cannot log in, and wherever they are logged in ends now."""
    person = _lock(person)
    if person == by:
        raise PeopleError("You cannot deactivate yourself. Ask another admin.")
    if not person.is_active:
        return
    _keep_an_admin(person)
    person.is_active = False
    person.save(update_fields=["is_active"])
    end_sessions(person)
    _record("user", person, "user.deactivated", by, {"is_active": [True, False]})


@transaction.atomic
def reactivate(person: User, *, by: User) -> None:
    person = _lock(person)
    if person.is_active:
        return
    person.is_active = True
    person.save(update_fields=["is_active"])
    _record("user", person, "user.reactivated", by, {"is_active": [False, True]})


@transaction.atomic
def reset_second_factor(person: User, *, by: User) -> None:
    """For who lost the phone and the recovery codes: the password alone opens the door until a new one is set up."""
    person = _lock(person)
    if person == by:
        raise PeopleError("You turn your own second factor off under your login.")
    gone, _ = Authenticator.objects.filter(user=person).delete()
    if not gone:
        raise PeopleError(f"{person} has no second factor.")
    end_sessions(person)
    _record("user", person, "user.second_factor_reset", by, {"second_factor": [True, False]})


def end_sessions(person: User) -> None:
    """Log somebody out everywhere. Sessions carry no user column, so the live ones are read through."""
    for session in Session.objects.filter(expire_date__gt=timezone.now()).iterator():
        if session.get_decoded().get("_auth_user_id") == str(person.pk):
            session.delete()


def _lock(person: User) -> User:
    """The person as the database has them, with every admin's row held until the end of the transaction.

    Two admins who demote each other at the same moment must not both win. (SQLite: the transaction is the lock.)
    """
    list(User.objects.select_for_update().filter(role=User.Role.ADMIN).order_by("pk").values_list("pk", flat=True))
    return User.objects.select_for_update().get(pk=person.pk)


def _keep_an_admin(person: User) -> None:
    others = User.objects.filter(role=User.Role.ADMIN, is_active=True).exclude(pk=person.pk)
    if person.is_admin and not others.exists():
        raise PeopleError(f"{person} is the last admin. Make somebody else an admin first.")


def _record(subject_type: str, row: User | Invitation, verb: str, by: User, changes: Mapping[str, list[Any]]) -> None:
    audit.record(subject_type, row, verb=verb, actor=by, origin="staff", changes=changes)
