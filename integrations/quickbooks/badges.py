"""How a contact or an invoice stands with QuickBooks, in one word. See ``crm.badges``."""

from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple
from urllib.parse import urlencode

from django.urls import reverse

from crm.badges import Badge
from integrations.models import InboxEvent, QuickBooksLink
from invoicing.models import Invoice

State = QuickBooksLink.State
ENTITIES = {"contact": "customer", "invoice": "invoice"}
# The worst first: of a contact that stands for several customers, that is the one spoken of. That one of them was
# merged away is no news as long as another is here.
KINDS = {
    "Failed": ("late", "warn"),
    "Waiting": ("draft", "clock"),
    "Conflict": ("conflict", "conflict"),
    "Voided in QuickBooks": ("draft", "void"),
    "Synced": ("books", "check"),
    "Gone": ("draft", "archive"),
}
RANK = list(KINDS)


class _Linked(NamedTuple):
    pk: int
    realm_id: str
    external_id: str
    state: str
    invoice_status: str | None
    invoice_contact: int | None


def badges_of(subject: str, pks: Iterable[int]) -> dict[int, Badge]:
    """The badges of these contacts or invoices by pk, in two queries; what is not linked has none."""
    entity = ENTITIES[subject]
    links = QuickBooksLink.objects.filter(**{"entity": entity, f"{subject}__in": list(pks)})
    columns = ("connection__realm_id", "external_id", "state", "invoice__status", "invoice__contact")
    linked = [_Linked(*row) for row in links.order_by("id").values_list(subject, *columns)]
    events = _events(entity, linked)
    best: dict[int, tuple[int, str]] = {}
    for link in linked:
        label = _label(link, events[link.realm_id, link.external_id])
        if label and (link.pk not in best or RANK.index(label) < best[link.pk][0]):
            best[link.pk] = RANK.index(label), link.external_id
    return {pk: _badge(RANK[rank], entity, external_id) for pk, (rank, external_id) in best.items()}


def _events(entity: str, linked: list[_Linked]) -> dict[tuple[str, str], set[str]]:
    """The states of what the inbox holds about these records and is not done."""
    found: dict[tuple[str, str], set[str]] = defaultdict(set)
    if linked:
        ids = [link.external_id for link in linked]
        # The index has no events that are done, and SQLite has to be told.
        events = InboxEvent.objects.filter(entity=entity, entity_id__in=ids).exclude(status=InboxEvent.Status.DONE)
        for realm_id, entity_id, status in events.values_list("realm_id", "entity_id", "status"):
            found[realm_id, entity_id].add(status)
    return found


def _label(link: _Linked, events: set[str]) -> str:
    """The word for one link; "" for one whose import was undone, which nothing keeps in step."""
    if link.state == State.UNDONE:
        return ""
    if InboxEvent.Status.STUCK in events:
        return "Failed"
    if InboxEvent.Status.PENDING in events:
        return "Waiting"
    if link.state == State.GONE:
        return "Gone"
    if link.state == State.CONFLICT or (link.invoice_status is not None and link.invoice_contact is None):
        return "Conflict"
    return "Voided in QuickBooks" if link.invoice_status == Invoice.Status.VOID else "Synced"


def _badge(label: str, entity: str, external_id: str) -> Badge:
    query = urlencode({"record": f"{entity}:{external_id}"}, safe=":")
    kind, icon = KINDS[label]
    return Badge(label, kind, icon, f"{reverse('integrations:sync-log')}?{query}", "sync")
