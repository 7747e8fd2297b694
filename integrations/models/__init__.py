"""Connections to vendors, the links between their records and ours, what imports, and what follows the books."""

from integrations.models.connections import ApiAllowance, ConnectionNotice, QuickBooksConnection
from integrations.models.gateways import GatewayEvent, PaySession, PaySessionShare
from integrations.models.links import CatalogueEntry, QuickBooksLink
from integrations.models.outbox import BookingSettings, OutboxEntry
from integrations.models.payouts import GatewayFee, Payout, PayoutLine
from integrations.models.runs import ImportItem, ImportRun
from integrations.models.sync import InboxEvent, SyncLogEntry, SyncState

__all__ = [
    "ApiAllowance",
    "BookingSettings",
    "CatalogueEntry",
    "ConnectionNotice",
    "GatewayEvent",
    "GatewayFee",
    "ImportItem",
    "ImportRun",
    "InboxEvent",
    "OutboxEntry",
    "PaySession",
    "PaySessionShare",
    "Payout",
    "PayoutLine",
    "QuickBooksConnection",
    "QuickBooksLink",
    "SyncLogEntry",
    "SyncState",
]
