"""Warnings that the connection ends or has failed: mailed to the admins, each once, and anew for a new end.

A row stands for a mail before it is sent. It is claimed by compare-and-set with a lease, so that of two workers one
sends; marked once the mail has left, so that a crash in between may double it but never loses it.
"""

import logging
from datetime import datetime, timedelta

from django.conf import settings
from django.core.mail import send_mail
from django.db.models import Q
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from crm.models import Business, User
from integrations.models import ConnectionNotice, QuickBooksConnection
from integrations.quickbooks import card

Kind = ConnectionNotice.Kind
# How long before the end; the shortest first.
BEFORE_THE_END = (
    (timedelta(days=2), Kind.TWO_DAYS),
    (timedelta(days=7), Kind.ONE_WEEK),
    (timedelta(days=14), Kind.TWO_WEEKS),
)
# Longer than a task may run, so that nobody else sends what is still being sent.
LEASE = timedelta(minutes=10)
# Every renewal may move the end a little. Ends as near to each other as this are one, and warned of once.
SAME_END = timedelta(days=14)

logger = logging.getLogger(__name__)


def warn() -> bool:
    """Mail what is due and was not mailed yet; True when a mail left. What a mail server refuses is tried again."""
    shown = card.current()
    connection, kind = shown.connection, due(shown, timezone.now())
    admins = list(
        User.objects.filter(role=User.Role.ADMIN, is_active=True).order_by("pk").values_list("email", flat=True)
    )
    if connection is None or kind is None or not admins:
        return False
    notice, _ = ConnectionNotice.objects.get_or_create(
        connection_id=connection.pk, kind=kind, about=_about(connection, kind)
    )
    return _claim(notice) and _send(notice, connection, admins)


def due(shown: card.Card, now: datetime) -> ConnectionNotice.Kind | None:
    """The warning that fits how things stand. A company disconnected by hand needs none."""
    if shown.state is card.State.NEEDS_RECONNECT:
        return Kind.FAILED
    if shown.state is card.State.UNREADABLE:
        return Kind.UNREADABLE
    if shown.connection is None or shown.state is not card.State.CONNECTED:
        return None
    left = shown.connection.ends_at - now
    # After the end the next request finds out, and that is told.
    return next((kind for before, kind in BEFORE_THE_END if timedelta(0) < left <= before), None)


def _about(connection: QuickBooksConnection, kind: ConnectionNotice.Kind) -> datetime:
    """What makes this warning another than the last of its kind."""
    if kind in {Kind.FAILED, Kind.UNREADABLE}:
        return connection.connected_at
    end = connection.ends_at
    known = ConnectionNotice.objects.filter(
        connection_id=connection.pk,
        kind=kind,
        about__range=(end - SAME_END, end + SAME_END),
        created_at__gte=connection.connected_at,
    )
    return known.order_by("-about").values_list("about", flat=True).first() or end


def _claim(notice: ConnectionNotice) -> bool:
    now = timezone.now()
    free = ConnectionNotice.objects.filter(Q(lease_until=None) | Q(lease_until__lt=now), pk=notice.pk, sent_at=None)
    return free.update(lease_until=now + LEASE) == 1


def _send(notice: ConnectionNotice, connection: QuickBooksConnection, admins: list[str]) -> bool:
    """One mail to all admins, so that it leaves for all or for none."""
    row = ConnectionNotice.objects.filter(pk=notice.pk)
    subject, text = _words(notice, connection)
    try:
        send_mail(subject, text, None, admins)
    except OSError as error:  # smtplib's errors are OSErrors
        logger.warning("The warning about QuickBooks could not be mailed: %s", type(error).__name__)
        row.update(lease_until=None)
        return False
    row.update(sent_at=timezone.now(), lease_until=None)
    return True


def _words(notice: ConnectionNotice, connection: QuickBooksConnection) -> tuple[str, str]:
    """Subject and text, with days as the business counts them."""
    business = Business.load()
    context = {
        "business": business,
        "connection": connection,
        "link": settings.SITE_URL + reverse("integrations:settings"),
        "is_unreadable": notice.kind == Kind.UNREADABLE,
    }
    name = "failed" if notice.kind in {Kind.FAILED, Kind.UNREADABLE} else "ending"
    with timezone.override(business.zone):
        subject = render_to_string(f"integrations/mail/{name}_subject.txt", context)
        return " ".join(subject.split()), render_to_string(f"integrations/mail/{name}.txt", context)
