"""Asking QuickBooks about one invoice while a customer waits."""

import logging
from contextlib import closing

from integrations import inbox
from integrations.models import QuickBooksLink
from integrations.quickbooks.client import client_for
from integrations.quickbooks.sync import drain
from invoicing.models import Invoice

PATIENCE = 5.0  # seconds

logger = logging.getLogger(__name__)


class QuickBooksBooks:
    def refresh(self, invoice: Invoice) -> bool:
        """By the inbox, like everything: the hint is taken over at once, and stays for later where it cannot be."""
        link = QuickBooksLink.objects.filter(invoice=invoice).select_related("connection").first()
        if link is None or not link.connection.is_connected:
            return False
        try:
            inbox.look_at(link.connection.realm_id, "invoice", link.external_id, why="pay")
            with closing(client_for(link.connection, interactive=True)) as client:
                return drain.drain(link.connection, seconds=PATIENCE, client=client) > 0
        except Exception:
            logger.exception("QuickBooks could not be asked about an invoice before it is paid")
            return False
