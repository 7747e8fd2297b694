"""Fetching and keeping the names that documents only point to, of what is no longer in use as well."""

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any

from integrations.errors import Rejected
from integrations.models import CatalogueEntry, QuickBooksConnection
from integrations.quickbooks.client import QuickBooksClient
from integrations.quickbooks.mapping.catalogue import Catalogue, Entry, entry_from_qbo
from integrations.quickbooks.mapping.values import Doc, decimal

# QuickBooks' entity and the word used here, rates before the codes that add them up.
ENTITIES = {
    "TaxRate": "taxrate",
    "TaxCode": "taxcode",
    "Item": "item",
    "Term": "term",
    "PaymentMethod": "paymentmethod",
    "Account": "account",
}
# How documents point to them.
POINTERS = {
    "ItemRef": "Item",
    "GroupItemRef": "Item",
    "TaxCodeRef": "TaxCode",
    "TaxRateRef": "TaxRate",
    "SalesTermRef": "Term",
    "PaymentMethodRef": "PaymentMethod",
    "DepositToAccountRef": "Account",
}
PAGE = 1000
EVERY = "Active IN (true, false)"
# All that is kept of a document: there may be tens of thousands of items, and their descriptions are long.
READ = ("Id", "Name", "FullyQualifiedName", "Sku", "RateValue", "SalesTaxRateList")


def fetch(client: QuickBooksClient) -> dict[str, list[Doc]]:
    """All names. An entity that a company does not let us ask for stays empty: documents then show ids' own names."""
    return {entity: _all(client, entity) for entity in ENTITIES}


def _all(client: QuickBooksClient, entity: str) -> list[Doc]:
    for where in (EVERY, ""):
        try:
            return _pages(client, entity, where)
        except Rejected:
            continue
    return []


def _pages(client: QuickBooksClient, entity: str, where: str) -> list[Doc]:
    found: list[Doc] = []
    while True:
        docs = client.page(entity, where=where, start=len(found) + 1, size=PAGE)
        found += [{name: doc[name] for name in READ if name in doc} for doc in docs]
        if len(docs) < PAGE:
            return found


def fetch_unknown(
    client: QuickBooksClient, connection: QuickBooksConnection, docs: Iterable[Doc]
) -> dict[str, list[Doc]]:
    """The names that these documents point to and that are not kept yet; no question where all are known."""
    missing: dict[str, set[str]] = {}
    known = set(CatalogueEntry.objects.filter(connection=connection).values_list("entity", "external_id"))
    for entity, external_id in _pointed_to(docs):
        if external_id.isdigit() and (ENTITIES[entity], external_id) not in known:
            missing.setdefault(entity, set()).add(external_id)
    found = {entity: _by_ids(client, entity, ids) for entity, ids in missing.items() if entity != "TaxCode"}
    if "TaxCode" in missing:
        found |= {"TaxRate": _all(client, "TaxRate"), "TaxCode": _all(client, "TaxCode")}
    return found


def _by_ids(client: QuickBooksClient, entity: str, ids: set[str]) -> list[Doc]:
    """Kept without a name where QuickBooks has none, so that it is not asked again for every document."""
    found = {str(doc["Id"]): doc for doc in client.by_ids(entity, sorted(ids), where=EVERY)}
    return [found.get(external_id, {"Id": external_id}) for external_id in sorted(ids)]


def _pointed_to(value: Any) -> Iterator[tuple[str, str]]:
    """(entity, id) of every reference inside documents, at any depth."""
    if isinstance(value, dict):
        for name, inside in value.items():
            if name in POINTERS and isinstance(inside, dict):
                yield POINTERS[name], str(inside.get("value") or "")
            elif isinstance(inside, dict | list):
                yield from _pointed_to(inside)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _pointed_to(one)


def store(connection: QuickBooksConnection, docs: dict[str, list[Doc]]) -> None:
    rates = {str(doc["Id"]): decimal(doc.get("RateValue")) for doc in docs.get("TaxRate", []) if doc.get("Id")}
    # By id: PostgreSQL writes no row twice in one statement.
    rows = {
        (entity, str(doc["Id"])): _row(connection, ENTITIES[entity], doc, rates)
        for entity, documents in docs.items()
        for doc in documents
        if doc.get("Id")
    }
    CatalogueEntry.objects.bulk_create(
        rows.values(),
        update_conflicts=True,
        unique_fields=["connection", "entity", "external_id"],
        update_fields=["name", "code", "percent"],
    )


def _row(connection: QuickBooksConnection, entity: str, doc: Doc, rates: dict[str, Decimal]) -> CatalogueEntry:
    entry = entry_from_qbo(entity, doc, rates)
    return CatalogueEntry(
        connection=connection,
        entity=entity,
        external_id=str(doc["Id"]),
        name=entry.name,
        code=entry.code,
        percent=entry.percent,
    )


def load(connection: QuickBooksConnection) -> Catalogue:
    rows = CatalogueEntry.objects.filter(connection=connection)
    columns = ("entity", "external_id", "name", "code", "percent")
    return Catalogue(
        {(entity, pk): Entry(name, code, percent) for entity, pk, name, code, percent in rows.values_list(*columns)}
    )


def id_of(connection: QuickBooksConnection, entity: str, name: str) -> str:
    """The id behind a name, "" where there is none; of several the oldest."""
    entries = CatalogueEntry.objects.filter(connection=connection, entity=entity, name__iexact=name)
    return entries.order_by("id").values_list("external_id", flat=True).first() or "" if name else ""
