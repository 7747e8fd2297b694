"""Telling staff by mail what customers did: each as they like, several facts in one mail.

A line is marked once its mail has left, so that a crash in between may double it but never loses it.
"""

import logging
from datetime import timedelta

from django.conf import settings
from django.core.mail import EmailMessage
from django.db.models import Q
from django.template.loader import render_to_string
from django.utils import timezone
from django_q.tasks import async_task

from crm.models import Business, User
from messaging.models import NoticeChoice, StaffNotice

logger = logging.getLogger(__name__)

MOST = 50  # lines of one mail
LEASE = timedelta(minutes=5)
KEEP = timedelta(days=30)
Which = NoticeChoice.Which


def tell(kind: str, fact: str, words: str, path: str, *, owner_id: int | None) -> None:
    """Note it for everybody who wants to hear of it. ``kind`` is a field of NoticeChoice, ``owner_id`` whose it is."""
    choices = dict(NoticeChoice.objects.values_list("user", kind))
    usual = getattr(NoticeChoice(), kind)
    words = " ".join(words.split())[:300]  # a mail's subject is one line, whatever a mail server says in several
    rows = [
        StaffNotice(user_id=pk, fact=fact[:60], words=words, path=path[:200])
        for pk in User.objects.filter(is_active=True).values_list("pk", flat=True)
        if _wants(choices.get(pk, usual), pk, owner_id)
    ]
    if rows:
        StaffNotice.objects.bulk_create(rows, ignore_conflicts=True)
        async_task("messaging.tasks.mail_staff", q_options={"save": False})


def mail_waiting() -> int:
    """Mail what waits, one mail a person; how many mails left. What a mail server refuses is tried again."""
    waiting = StaffNotice.objects.filter(sent_at=None).order_by().values_list("user", flat=True).distinct()
    return sum(_mail(user) for user in User.objects.filter(pk__in=list(waiting), is_active=True))


def prune() -> None:
    StaffNotice.objects.filter(created_at__lt=timezone.now() - KEEP).delete()


def _wants(which: str, pk: int, owner_id: int | None) -> bool:
    return which == Which.ALL or (which == Which.MINE and owner_id in {None, pk})


def _mail(user: User) -> bool:
    now = timezone.now()
    free = StaffNotice.objects.filter(Q(claimed_at=None) | Q(claimed_at__lt=now - LEASE), user=user, sent_at=None)
    pks = list(free.order_by("pk").values_list("pk", flat=True)[:MOST])
    # Of two workers one gets all of them: the first to write.
    if not pks or free.filter(pk__in=pks).update(claimed_at=now) != len(pks):
        return False
    rows = StaffNotice.objects.filter(pk__in=pks)
    notices = list(rows.order_by("pk"))
    business = Business.load()
    subject = notices[0].words if len(notices) == 1 else f"{len(notices)} things happened at {business.name}"
    facts = {"notices": notices, "site": settings.SITE_URL, "business": business}
    body = render_to_string("messaging/mail/staff.txt", facts)
    try:
        EmailMessage(subject, body, to=[user.email]).send()
    except Exception as error:  # noqa: BLE001 - each kind of backend fails in its own way
        logger.warning("Staff could not be mailed: %s", type(error).__name__)
        return False
    rows.update(sent_at=timezone.now())
    return True
