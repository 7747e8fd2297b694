"""What /healthz tells: database, worker and connections apart, and nothing secret."""

import logging
from typing import Any

from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.utils.module_loading import import_string
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from crm import heartbeats

log = logging.getLogger(__name__)


@require_GET
@never_cache
def healthz(request: HttpRequest) -> JsonResponse:
    """200 while database and worker are well, else 503. A connection that needs a person is told, and no illness."""
    database = check_database()
    worker = check_worker() if database["ok"] else {"ok": False, "beats": {}}
    is_well = database["ok"] and worker["ok"]
    report = {
        "status": "ok" if is_well else "bad",
        "database": database,
        "worker": worker,
        "connections": check_connections() if database["ok"] else {},
    }
    return JsonResponse(report, status=200 if is_well else 503)


@require_GET
@never_cache
def worker(request: HttpRequest) -> JsonResponse:
    """The worker alone, for whoever restarts it."""
    report = check_worker() if check_database()["ok"] else {"ok": False, "beats": {}}
    return JsonResponse(report, status=200 if report["ok"] else 503)


def check_database() -> dict[str, Any]:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            cursor.fetchone()
            is_migrated = "crm_heartbeat" in connection.introspection.table_names(cursor)
    except (DatabaseError, InterfaceError) as error:
        log.error("The database does not answer: %s", error)
        return {"ok": False, "problem": "does not answer"}
    return {"ok": True} if is_migrated else {"ok": False, "problem": "not migrated"}


def check_worker() -> dict[str, Any]:
    """Each beat's age and limit in seconds; ``ok`` when none is missing or too old."""
    beats = {}
    for name, age in heartbeats.ages(timezone.now()).items():
        limit = heartbeats.limit_of(name)
        beats[name] = {"seconds_ago": age and round(age, 1), "limit": limit, "ok": age is not None and age <= limit}
    # A plain qcluster works without the runner: its absence is told, and is no illness by itself.
    return {"ok": all(beat["ok"] for name, beat in beats.items() if name != heartbeats.RUNNER), "beats": beats}


def check_connections() -> dict[str, Any]:
    """What the upper floors tell of their vendors; one that fails is "unknown" and hurts nobody else."""
    found = {}
    for name, function in settings.HEALTH_CHECKS.items():
        try:
            found[name] = import_string(function)()
        except Exception:
            log.exception("The health check %s failed", name)
            found[name] = {"state": "unknown"}
    return found
