"""Looks at an invoice: each is kept, but not each reload of the page."""

from datetime import datetime, timedelta
from typing import NamedTuple

from django.db import transaction
from django.db.models import Count, Max
from django.utils import timezone

from invoicing.models import Invoice, InvoiceView

# A page loaded again within this is the same look; more looks than these say nothing more.
SAME_LOOK = timedelta(minutes=5)
MOST = 500


class Seen(NamedTuple):
    times: int
    last: datetime | None


@transaction.atomic
def note_view(invoice: Invoice) -> bool:
    """Keep that a person has seen it; False where this look is kept already."""
    Invoice.objects.select_for_update().get(pk=invoice.pk)
    seen = seen_of(invoice)
    if seen.times >= MOST or (seen.last is not None and timezone.now() - seen.last < SAME_LOOK):
        return False
    InvoiceView.objects.create(invoice=invoice)
    Invoice.objects.filter(pk=invoice.pk, viewed_at=None).update(viewed_at=timezone.now())
    return True


def seen_of(invoice: Invoice) -> Seen:
    found = InvoiceView.objects.filter(invoice=invoice).aggregate(times=Count("pk"), last=Max("at"))
    return Seen(found["times"], found["last"])
