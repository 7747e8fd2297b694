"""Asking QuickBooks about invoices while a customer waits."""

import logging
from collections.abc import Sequence
from contextlib import closing

from integrations import inbox
from integrations.models import QuickBooksLink
from integrations.quickbooks.client import client_for
from integrations.quickbooks.payers import payer_of
from integrations.quickbooks.sync import drain
from invoicing.models import Invoice

PATIENCE = 5.0  # seconds

logger = logging.getLogger(__name__)


class QuickBooksBooks:
    def refresh(self, invoices: Sequence[Invoice]) -> bool:
        """By the inbox, like everything: the hints are taken over at once, and stay for later where they cannot be."""
        links = list(QuickBooksLink.objects.filter(invoice__in=invoices).select_related("connection"))
        connection = links[0].connection if links else None
        if connection is None or not connection.is_connected:
            return False
        try:
            ids = [link.external_id for link in links if link.connection_id == connection.pk]
            inbox.look_at_all(connection.realm_id, "invoice", ids, why="pay")
            with closing(client_for(connection, interactive=True)) as client:
                return drain.drain(connection, seconds=PATIENCE, client=client) > 0
        except Exception:
            logger.exception("QuickBooks could not be asked about an invoice before it is paid")
            return False

    def together(self, invoices: Sequence[Invoice]) -> bool:
        """All of them or none are QuickBooks', and there is a customer that may pay for all."""
        links = list(QuickBooksLink.objects.filter(invoice__in=invoices).select_related("connection").defer("document"))
        if not links:
            return True
        customers = sorted({link.customer_id for link in links})
        is_mixed = len(links) < len(invoices) or not all(customers)
        return not is_mixed and payer_of(links[0].connection, invoices[0].contact_id, customers) != ""
