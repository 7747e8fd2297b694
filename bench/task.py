"""One measurement in a process of its own: ``python -m bench.task ours``, the place of the books on standard input.

Prints seconds, peak memory and the rows of each table as JSON. Starting Django is not counted.
"""

import json
import resource
import sys
import time
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import django

from bench.books import Place

if TYPE_CHECKING:
    from integrations.models import QuickBooksConnection

TABLES = (
    "crm.Contact",
    "crm.Activity",
    "invoicing.Invoice",
    "invoicing.InvoiceLine",
    "invoicing.Payment",
    "invoicing.Allocation",
    "integrations.QuickBooksLink",
    "integrations.CatalogueEntry",
    "integrations.ImportRun",
    "integrations.ImportItem",
)


def main(way: str) -> None:
    place = Place(**json.load(sys.stdin))
    django.setup()
    # Models can be imported only now.
    from bench import events, floor, ours, plain

    ways = {"floor": floor.bring_in, "ours": ours.bring_in, "plain": plain.bring_in}
    bring_in = {**ways, "together": events.together, "one_by_one": events.one_by_one}[way]
    connection = connect(place)
    start, cpu = time.perf_counter(), time.process_time()
    bring_in(connection, place)
    seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
    json.dump({"seconds": seconds, "cpu_seconds": cpu, "peak_bytes": peak_bytes(), "rows": rows()}, sys.stdout)


def connect(place: Place) -> "QuickBooksConnection":
    from django.utils import timezone

    from integrations.models import QuickBooksConnection

    now = timezone.now()
    return QuickBooksConnection.objects.create(
        realm_id=place.realm_id,
        company_name=place.company,
        country=place.country,
        home_currency=place.currency,
        access_token=place.access_token,
        access_expires_at=now + timedelta(minutes=50),
        refresh_token=place.refresh_token,
        refresh_expires_at=now + timedelta(days=100),
        connected_at=now,
    )


def rows() -> dict[str, int]:
    from django.apps import apps

    return {table: apps.get_model(table)._default_manager.count() for table in TABLES}


def peak_bytes() -> int:
    """The most memory this process ever held."""
    status = Path("/proc/self/status")
    if status.exists():
        peak = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(peak.split()[1]) * 1024
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


if __name__ == "__main__":
    main(sys.argv[1])
