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

    @property
    def is_more(self) -> bool:
        """Whether the list of looks says more than the last one."""
        return self.times > 1


LISTED = 30


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


def looks_at(invoice: Invoice) -> list[datetime]:
    """When it was looked at, the newest first; the latest of them."""
    return list(InvoiceView.objects.filter(invoice=invoice).order_by("-at").values_list("at", flat=True)[:LISTED])
