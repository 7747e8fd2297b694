"""Connections to vendors, the links between their records and ours, and the runs that import."""

from integrations.models.connections import ApiAllowance, ConnectionNotice, QuickBooksConnection
from integrations.models.links import CatalogueEntry, QuickBooksLink
from integrations.models.runs import ImportItem, ImportRun

__all__ = [
    "ApiAllowance",
    "CatalogueEntry",
    "ConnectionNotice",
    "ImportItem",
    "ImportRun",
    "QuickBooksConnection",
    "QuickBooksLink",
]
