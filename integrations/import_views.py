"""Importing by button: preview, progress, result, undo."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from crm.audit import actor_of
from crm.csv_export import stream_csv
from crm.paging import paginate
from crm.roles import allowed
from integrations import tasks
from integrations.errors import IntegrationError
from integrations.models import ImportItem, ImportRun, QuickBooksConnection
from integrations.quickbooks import card
from integrations.quickbooks.imports import runs
from integrations.quickbooks.imports.shown import Shown
from integrations.quickbooks.years import years_of

SHOWN_DROPPED = 50


@require_http_methods(["GET", "POST"])
@allowed("imports")
def import_contacts(request: HttpRequest) -> HttpResponse:
    """What importing contacts does; POST starts it, as a preview or for good."""
    if request.method == "POST":
        return _start(request, ImportRun.Kind.CONTACTS, back="integrations:import-contacts")
    return render(request, "integrations/import_contacts.html", _standing())


@require_http_methods(["GET", "POST"])
@allowed("imports")
def import_invoices(request: HttpRequest) -> HttpResponse:
    """Choose a year; POST starts its import. The years come by a request of their own: QuickBooks is asked."""
    if request.method == "POST":
        year = request.POST.get("year", "")
        if not (year.isascii() and year.isdigit() and 1900 <= int(year) <= 2200):
            messages.error(request, "Choose the year whose invoices should come in.")
            return redirect("integrations:import-invoices")
        return _start(request, ImportRun.Kind.INVOICES, back="integrations:import-invoices", year=int(year))
    return render(request, "integrations/import_invoices.html", _standing())


@require_GET
@allowed("imports")
def import_years(request: HttpRequest) -> HttpResponse:
    """The years that have invoices, with their counts: a fragment, or the whole page without script."""
    context = _standing()
    connection = context["connection"]
    if isinstance(connection, QuickBooksConnection):
        try:
            context["years"] = years_of(connection)
        except IntegrationError as error:
            context["problem"] = str(error)
    whole = "integrations/import_invoices.html"
    template = "integrations/_years.html" if request.htmx else whole  # type: ignore[attr-defined]
    return render(request, template, context)


@require_GET
@allowed("imports")
def import_list(request: HttpRequest) -> HttpResponse:
    """All imports, newest first."""
    queryset = ImportRun.objects.select_related("started_by")
    page = paginate(request, queryset, orders={"newest": ("-id",)}, default="newest", size=25)
    return render(request, "integrations/import_list.html", {"page": page, "runs": [Shown(run) for run in page.items]})


@require_GET
@allowed("imports")
def run_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One import: its progress while it runs, then its result."""
    run = get_object_or_404(ImportRun.objects.select_related("started_by", "connection"), pk=pk)
    dropped = run.items.filter(outcome=ImportItem.Outcome.DROPPED).order_by("id")
    shown = list(dropped[: SHOWN_DROPPED + 1])
    context = {"shown": Shown(run), "run": run, "dropped": shown[:SHOWN_DROPPED], "more": len(shown) > SHOWN_DROPPED}
    return render(request, "integrations/run.html", context)


@require_GET
@allowed("imports")
def run_progress(request: HttpRequest, pk: int) -> HttpResponse:
    """The bar alone, asked for every second; when the run has ended the whole page is loaded anew."""
    run = get_object_or_404(ImportRun, pk=pk)
    shown = Shown(run)
    response = render(request, "integrations/_progress.html", {"shown": shown, "run": run})
    if not shown.is_active:
        response["HX-Refresh"] = "true"
    return response


@require_GET
@allowed("imports")
def run_dropped(request: HttpRequest, pk: int) -> StreamingHttpResponse:
    """What was left out, with the reasons, as CSV."""
    run = get_object_or_404(ImportRun, pk=pk)
    items = run.items.filter(outcome=ImportItem.Outcome.DROPPED).order_by("id").iterator()
    rows = ((item.entity, item.external_id, item.name, item.reason) for item in items)
    return stream_csv(f"left-out-{run.pk}.csv", ["Record", "QuickBooks ID", "Name", "Reason"], rows)


@require_POST
@allowed("imports")
def run_cancel(request: HttpRequest, pk: int) -> HttpResponse:
    run = get_object_or_404(ImportRun, pk=pk)
    runs.cancel(run)
    messages.info(request, "The import stops after the page it is writing. What came in stays.")
    return redirect("integrations:run", pk)


@require_POST
@allowed("imports")
def run_resume(request: HttpRequest, pk: int) -> HttpResponse:
    run = get_object_or_404(ImportRun.objects.select_related("connection"), pk=pk)
    try:
        runs.resume(run)
    except runs.CannotDo as error:
        messages.error(request, str(error))
    else:
        tasks.wake(run)
    return redirect("integrations:run", pk)


@require_http_methods(["GET", "POST"])
@allowed("imports")
def run_undo(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask first, naming the numbers; then undo in the background."""
    run = get_object_or_404(ImportRun, pk=pk)
    if request.method == "GET":
        return render(request, "integrations/run_undo.html", {"shown": Shown(run), "run": run})
    try:
        runs.start_undo(run)
    except runs.CannotDo as error:
        messages.error(request, str(error))
    else:
        tasks.wake(run)
    return redirect("integrations:run", pk)


@require_POST
@allowed("imports")
def run_dismiss(request: HttpRequest, pk: int) -> HttpResponse:
    """Close the confirmation in the menu and show the result it speaks of."""
    runs.dismiss(pk)
    return redirect("integrations:run", pk)


@require_GET
@allowed("imports")
def menu(request: HttpRequest) -> HttpResponse:
    """What the left-hand menu says of imports: the one that runs, or the numbers of the last one.

    Every page asks for it, so it brings the strip about a connection that ends as well; not ``again`` while an
    import is followed, for that would take the focus away from it.
    """
    run = runs.for_menu()
    context = {"shown": Shown(run) if run else None, "card": None if "again" in request.GET else card.current()}
    return render(request, "integrations/_menu.html", context)


def _start(request: HttpRequest, kind: str, *, back: str, year: int | None = None) -> HttpResponse:
    connection = QuickBooksConnection.objects.current()
    if connection is None:
        messages.error(request, "Connect QuickBooks first.")
        return redirect("integrations:settings")
    preview = request.POST.get("preview") == "yes"
    try:
        run = runs.start(connection, kind, actor=actor_of(request), year=year, preview=preview)
    except runs.CannotDo as error:
        messages.error(request, str(error))
        return redirect(back)
    tasks.wake(run)
    return redirect("integrations:run", run.pk)


def _standing() -> dict[str, object]:
    """How far the installation is: the connection, and the import that runs, if one does."""
    active = ImportRun.objects.active().first()
    connection = QuickBooksConnection.objects.current()
    if connection and connection.status == QuickBooksConnection.Status.DISCONNECTED:
        connection = None
    return {"connection": connection, "active": Shown(active) if active else None}
