"""The sync log, what failed, and looking for changes at once."""

from datetime import datetime
from urllib.parse import urlencode

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.views.decorators.http import require_GET, require_POST
from django_q.tasks import async_task

from crm.audit import actor_of
from crm.csv_export import stream_csv
from crm.paging import is_fragment, paginate, render_list
from crm.roles import allowed
from integrations import bookings, inbox, outbox, sync_log, sync_trouble
from integrations.forms import SyncForm
from integrations.models import QuickBooksConnection, SyncLogEntry, SyncState
from integrations.quickbooks import card, following
from integrations.quickbooks.views import may_leave
from integrations.sync_log import LogFilters


@require_GET
@allowed("sync")
def log(request: HttpRequest) -> HttpResponse:
    """What came of each record, newest first, below what waits and what failed."""
    connection = QuickBooksConnection.objects.current()
    filters = LogFilters.read(request.GET)
    page = paginate(request, filters.entries(connection), orders={"newest": ("-id",)}, default="newest")
    context = {"page": page, "rows": sync_log.rows(page.items), "filters": filters}
    if not is_fragment(request):
        context |= {
            "trouble": sync_trouble.of(connection),
            "bookings": bookings.of(connection),
            "doors": {"": "Any way", **dict(SyncLogEntry.Door.choices)},
            "outcomes": {"": "Any outcome", **dict(SyncLogEntry.Outcome.choices)},
            "entities": {"": "Any record", **sync_log.ENTITIES},
        }
    response = render_list(
        request, page="integrations/sync_log.html", rows="integrations/_sync_rows.html", context=context
    )
    if request.htmx and "after" not in request.GET and "before" not in request.GET:  # type: ignore[attr-defined]
        response["HX-Replace-Url"] = request.path + filters.query
    return response


@require_GET
@allowed("sync")
def log_export(request: HttpRequest) -> StreamingHttpResponse:
    """The log as it is filtered, as CSV."""
    zone = request.business.zone  # type: ignore[attr-defined]
    entries = LogFilters.read(request.GET).entries(QuickBooksConnection.objects.current())
    return stream_csv("sync-log.csv", sync_log.HEADER, sync_log.csv_rows(entries, zone))


@require_POST
@allowed("sync")
def try_again(request: HttpRequest) -> HttpResponse:
    """One failed record (``event``), or all of a kind (``entity``)."""
    connection = QuickBooksConnection.objects.current()
    number = inbox.try_again(_chosen(request, connection)) if connection else 0
    if number:
        records = "1 record is" if number == 1 else f"{number:,} records are"
        messages.success(request, f"{records} tried again now. What comes of it will stand in the log.")
    else:
        messages.info(request, "Nothing was left to try: somebody pressed this already.")
    return redirect("integrations:sync-log")


@require_POST
@allowed("sync")
def outbox_try_again(request: HttpRequest) -> HttpResponse:
    """Everything that QuickBooks did not take."""
    connection = QuickBooksConnection.objects.current()
    number = outbox.try_again(connection) if connection else 0
    if number:
        records = "1 record is" if number == 1 else f"{number:,} records are"
        messages.success(request, f"{records} tried again now. What comes of it will stand in the log.")
    else:
        messages.info(request, "Nothing was left to try: somebody pressed this already.")
    return redirect("integrations:sync-log")


def _chosen(request: HttpRequest, connection: QuickBooksConnection) -> list[int]:
    failed = sync_trouble.stuck(connection)
    if entity := request.POST.get("entity"):
        return list(failed.filter(entity=entity).values_list("pk", flat=True))
    pk = request.POST.get("event", "")
    return list(failed.filter(pk=int(pk)).values_list("pk", flat=True)) if pk.isdecimal() and len(pk) < 19 else []


@require_POST
@allowed("sync")
def sync_now(request: HttpRequest) -> HttpResponse:
    """Have a worker look for changes at once, and show that it does."""
    connection = QuickBooksConnection.objects.current()
    if connection is None or not connection.is_connected:
        messages.error(request, "QuickBooks is not connected, so nothing was looked for. Connect it first.")
        return redirect("integrations:settings")
    pressed_at = timezone.now()
    state = SyncState.of(connection)
    with transaction.atomic():
        SyncState.objects.filter(pk=state.pk).update(next_pass_at=pressed_at)
        transaction.on_commit(lambda: async_task("integrations.tasks.poll_quickbooks", q_options={"save": False}))
    if is_fragment(request):
        return _progress(request, connection, pressed_at)
    query = urlencode({"pressed": pressed_at.isoformat()})
    return redirect(f"{reverse('integrations:settings')}?{query}#sync")


@require_GET
@allowed("sync")
def sync_progress(request: HttpRequest) -> HttpResponse:
    """How far the look is that began at ``pressed``, asked for every second."""
    connection = QuickBooksConnection.objects.current()
    pressed_at = moment(request)
    if connection is None or pressed_at is None:
        return redirect("integrations:settings")
    return _progress(request, connection, pressed_at)


def _progress(request: HttpRequest, connection: QuickBooksConnection, pressed_at: datetime) -> HttpResponse:
    context = {"following": following.of(connection, pressed_at)}
    return render(request, "integrations/_sync_facts.html", context)


@require_POST
@allowed("sync")
def sync_settings(request: HttpRequest) -> HttpResponse:
    """How often the books are looked at, and what is kept."""
    connection = QuickBooksConnection.objects.current()
    if connection is None:
        return redirect("integrations:settings")
    form = SyncForm(request.POST, instance=SyncState.of(connection))
    if not form.is_valid():
        context = {"card": card.current(), "following": following.of(connection), "sync_form": form}
        return may_leave(render(request, "integrations/integrations.html", context, status=422))
    with transaction.atomic():
        form.apply(actor_of(request))
    messages.success(request, "How changes are followed is saved.")
    return redirect("integrations:settings")


def moment(request: HttpRequest) -> datetime | None:
    """When *Sync now* was pressed, as the address says; None where it says no time."""
    try:
        read = parse_datetime(request.GET.get("pressed", ""))
    except ValueError:
        return None
    return read if read is not None and timezone.is_aware(read) else None
