"""What the queue runs. A task is a name and a pk; rows carry the state, so each may run twice or not at all."""

import logging
import time

from django.db import transaction
from django.utils import timezone
from django_q.tasks import async_task

from integrations import gateway_events, outbox
from integrations.errors import IntegrationError
from integrations.models import ImportRun, QuickBooksConnection
from integrations.quickbooks import notices, push
from integrations.quickbooks.imports import runs
from integrations.quickbooks.sync import drain, first_import, log, poll
from integrations.quickbooks.tokens import refresh_due_tokens
from integrations.stripe import fees, payouts, refunds
from invoicing import refund_asking
from invoicing.gateways import known_gateways
from invoicing.models import Invoice

logger = logging.getLogger(__name__)

LONG_QUEUE = "long"
SECONDS = 5  # one task goes on for so long, then makes room for others


def wake(run: ImportRun) -> None:
    """Have a worker take the next step once what we just wrote is there to be read."""
    transaction.on_commit(lambda: enqueue(run.pk))


def enqueue(run_pk: int) -> None:
    async_task("integrations.tasks.advance", run_pk, cluster=LONG_QUEUE)


def advance(run_pk: int) -> None:
    """Take steps of an import, a page each, and leave the rest to the next task."""
    until = time.monotonic() + SECONDS
    more = True
    while more and time.monotonic() < until:
        more = runs.step(run_pk)
    if more:
        enqueue(run_pk)


def sweep() -> None:
    """Every minute: wake runs whose waiting is over, or whose worker was lost."""
    now = timezone.now()
    for run in ImportRun.objects.active():
        is_due = run.not_before is None or run.not_before <= now
        is_idle = run.status in {ImportRun.Status.QUEUED, ImportRun.Status.WAITING} and not run.lease_id
        if is_due and (is_idle or run.is_lost(now)):
            enqueue(run.pk)


def refresh_tokens() -> None:
    """Every five minutes: renew a sign-in that would run out soon, so that nobody has to wait for it."""
    refresh_due_tokens()


def warn_about_connections() -> None:
    """Every quarter of an hour, and at once when a sign-in has failed: mail the admins what they do not know yet."""
    notices.warn()


def drain_inbox() -> None:
    """Take over what waits in the inbox."""
    connection = QuickBooksConnection.objects.current()
    if connection is not None and connection.is_connected:
        drain.drain(connection)


def poll_quickbooks() -> None:
    """Now and then, and when a person asks: look for changes if it is time, then take over what was found."""
    connection = QuickBooksConnection.objects.current()
    if connection is not None and connection.is_connected:
        try:
            poll.poll_if_due(connection)
        except Exception:
            # What was found before need not wait for what is wrong with the look.
            logger.exception("Looking for changes went wrong on our side")
        first_import.start_if_wanted(connection)
        drain.drain(connection)


def drain_outbox() -> None:
    """Each minute, and at once when something is to be booked: send what waits."""
    connection = QuickBooksConnection.objects.current()
    if connection is not None and connection.is_connected:
        outbox.drain(connection, push.PUSHES)


def take_gateway_events() -> None:
    """At once when a gateway tells something, and each minute: take it over, and look after what nobody told of."""
    gateway_events.take_over()
    gateway_events.look_after_pages()
    refund_asking.sweep()


def look_back_for_refunds() -> None:
    """Hourly: refunds and disputes that no webhook told of."""
    try:
        refunds.look_back()
    except IntegrationError as error:
        logger.warning("Stripe could not be asked for refunds: %s", error.in_full)


def look_back_for_payouts() -> None:
    """Hourly: fees that were not known when the money came, and payouts that no webhook told of."""
    for look_back in (fees.look_back, payouts.look_back):
        try:
            look_back()
        except IntegrationError as error:
            logger.warning("Stripe could not be asked for fees or payouts: %s", error.in_full)


def close_pay_pages(invoice_pk: int) -> None:
    """What is owed has changed: open pages over the old amount end."""
    invoice = Invoice.objects.filter(pk=invoice_pk).first()
    if invoice is not None:
        for gateway in known_gateways(invoice.currency).values():
            try:
                gateway.close(invoice)
            except Exception:
                # The others need not stay open for what is wrong with this one; over another amount none is handed out.
                logger.exception("The pages of %s could not be ended", gateway.name)


def prune_sync() -> None:
    """Nightly: forget what the log need not keep any longer."""
    log.prune()
