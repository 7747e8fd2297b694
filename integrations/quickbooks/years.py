"""Which years have invoices in QuickBooks, and how many."""

from django.core.cache import cache
from django.utils import timezone

from integrations.models import QuickBooksConnection
from integrations.quickbooks.client import QuickBooksClient, client_for

KEPT_SECONDS = 300
MOST_YEARS = 40  # a date typed wrongly may lie centuries off, on either side


def years_of(connection: QuickBooksConnection) -> list[tuple[int, int]]:
    """(year, number of invoices), newest first, years without any left out. Raises IntegrationError.

    Asked at most every five minutes: one question a year, and two for the first and the last. Between years far
    apart, those up to next year are looked at, and the two themselves.
    """
    key = f"quickbooks-years-{connection.realm_id}"
    years = cache.get(key)
    if years is None:
        years = _ask(client_for(connection, interactive=True))
        cache.set(key, years, KEPT_SECONDS)
    return years


def _ask(client: QuickBooksClient) -> list[tuple[int, int]]:
    client.start_step(30)
    first, last = _edge(client, "ASC"), _edge(client, "DESC")
    if first is None or last is None:
        return []
    newest = min(last, timezone.now().year + 1)
    years = {first, last, *range(max(first, newest - MOST_YEARS), newest + 1)}
    counted = [(year, _count(client, year)) for year in sorted(years, reverse=True)]
    return [(year, number) for year, number in counted if number]


def _edge(client: QuickBooksClient, direction: str) -> int | None:
    docs = client.page("Invoice", order=f"TxnDate {direction}", size=1)
    return int(str(docs[0]["TxnDate"])[:4]) if docs else None


def _count(client: QuickBooksClient, year: int) -> int:
    return client.count("Invoice", f"TxnDate >= '{year}-01-01' AND TxnDate <= '{year}-12-31'")
