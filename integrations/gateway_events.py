"""What gateways told us: kept once, and taken over by whoever is woken; the minute's sweep guarantees it."""

import logging
from collections.abc import Iterable
from datetime import timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.module_loading import import_string
from django_q.tasks import async_task

from integrations.errors import IntegrationError, Transient
from integrations.models import GatewayEvent, PaySession, PaySessionShare

logger = logging.getLogger(__name__)

# By gateway: what takes one of its pages over.
TAKES = {"stripe": "integrations.stripe.payments.take", "crezco": "integrations.crezco.payments.take"}
# By gateway and kind of event, where it is not about a page.
TAKES_KIND = {
    ("stripe", "charge.refunded"): "integrations.stripe.refunds.take_charge",
    ("stripe", "refund.updated"): "integrations.stripe.refunds.take_refund",
    ("stripe", "refund.failed"): "integrations.stripe.refunds.take_refund",
    ("stripe", "charge.dispute.created"): "integrations.stripe.refunds.take_dispute",
    ("stripe", "charge.dispute.funds_withdrawn"): "integrations.stripe.refunds.take_dispute",
    ("stripe", "charge.dispute.funds_reinstated"): "integrations.stripe.refunds.take_dispute",
    ("stripe", "charge.dispute.closed"): "integrations.stripe.refunds.take_dispute",
    ("stripe", "payout.paid"): "integrations.stripe.payouts.take",
    ("stripe", "payout.failed"): "integrations.stripe.payouts.take",
    ("stripe", "payout.canceled"): "integrations.stripe.payouts.take",
    ("stripe", "payout.reconciliation_completed"): "integrations.stripe.payouts.take",
}
CLAIM = timedelta(minutes=2)
LONGEST_WAIT = timedelta(minutes=30)
LONGEST_REST = timedelta(days=1)  # between two looks at an old page that nobody pays
LINGERS = timedelta(days=30)
Status = GatewayEvent.Status


@transaction.atomic
def accept(gateway: str, external_id: str, kind: str, object_id: str) -> None:
    GatewayEvent.objects.bulk_create(
        [GatewayEvent(gateway=gateway, external_id=external_id[:200], kind=kind[:80], object_id=object_id[:200])],
        ignore_conflicts=True,
    )
    async_task("integrations.tasks.take_gateway_events", q_options={"save": False})


def take_over() -> int:
    """Take over what is due; how many events ended."""
    ended = 0
    while event := _claim():
        try:
            take = TAKES_KIND.get((event.gateway, event.kind)) or TAKES[event.gateway]
            import_string(take)(event.object_id)
        except Transient as error:
            _pause(event, error)
        except Exception as error:
            _give_up(event, error)
        else:
            GatewayEvent.objects.filter(pk=event.pk).update(status=Status.DONE, ended_at=timezone.now(), last_error="")
            ended += 1
    return ended


def look_after_pages() -> None:
    """Ask for pages whose time is over, or whose bank answers late: a webhook may have been lost."""
    for gateway in TAKES:
        _look_after(gateway)


def _look_after(gateway: str) -> None:
    """One gateway that is away keeps no other waiting, and one page that cannot be read no other page."""
    for session in PaySession.objects.to_look_after(timezone.now()).filter(gateway=gateway)[:20]:
        try:
            import_string(TAKES[gateway])(session.reference)
        except IntegrationError as error:
            logger.warning("A page of %s could not be asked for: %s", gateway, error.in_full)
            if isinstance(error, Transient):
                return
        except Exception:
            logger.exception("Page %s of %s could not be looked after", session.pk, gateway)
        _look_again_later(session)


def _look_again_later(session: PaySession) -> None:
    """A bank that has yet to answer is asked again within the hour, a page that nobody pays less and less often."""
    now = timezone.now()
    age = now - session.created_at
    rows = PaySession.objects.filter(pk=session.pk)
    if age > LINGERS:
        rows.filter(status=PaySession.Status.LINGERING).update(status=PaySession.Status.CLOSED)
    rows.filter(status=PaySession.Status.WAITING).update(expires_at=now + LONGEST_WAIT)
    rest = min(max(LONGEST_WAIT, age / 4), LONGEST_REST)
    rows.exclude(status=PaySession.Status.WAITING).update(expires_at=now + rest)


def end_pages(invoices: Iterable[int]) -> None:
    """What is owed on these has changed: have open pages over the old amount ended. The task lands with the change."""
    pks = list(invoices)
    open_pages = PaySession.objects.filter(status=PaySession.Status.OPEN)
    touched = dict(
        PaySessionShare.objects.filter(session__in=open_pages, invoice__in=pks).values_list("session", "invoice")
    )
    touched |= dict(open_pages.filter(invoice__in=pks).values_list("pk", "invoice"))
    for pk in sorted(set(touched.values())):  # one invoice of a page is enough
        async_task("integrations.tasks.close_pay_pages", pk, q_options={"save": False})


def _claim() -> GatewayEvent | None:
    now = timezone.now()
    due = GatewayEvent.objects.filter(status=Status.PENDING).exclude(not_before__gt=now)
    for event in due.order_by("id")[:10]:
        if due.filter(pk=event.pk).update(not_before=now + CLAIM) == 1:
            return event
    return None


def _pause(event: GatewayEvent, error: Transient) -> None:
    event.pauses = min(event.pauses + 1, 1000)
    event.not_before = timezone.now() + min(LONGEST_WAIT, timedelta(seconds=5 * 2 ** min(event.pauses, 9)))
    event.last_error = str(error)[:600]
    event.save(update_fields=["pauses", "not_before", "last_error"])


def _give_up(event: GatewayEvent, error: Exception) -> None:
    if not isinstance(error, IntegrationError):
        logger.exception("%s could not be taken over", event)
    event.postpone(getattr(error, "in_full", type(error).__name__), timezone.now())
    event.save(update_fields=["status", "attempts", "not_before", "last_error"])
