"""The inbox: hints that a record changed are kept once, whoever tells them and however often."""

from collections.abc import Iterable, Sequence
from datetime import timedelta

from django.db import transaction
from django.utils import timezone
from django_q.tasks import async_task

from integrations.models import InboxEvent

PAGE = 500


@transaction.atomic
def accept(events: Sequence[InboxEvent]) -> None:
    """Keep events that are not kept yet, and wake a worker: its task is a row, and lands with them or not at all."""
    InboxEvent.objects.bulk_create(events, ignore_conflicts=True, batch_size=PAGE)
    if any(event.status == InboxEvent.Status.PENDING for event in events):
        wake()


def wake() -> None:
    """Have a worker look into the inbox. Cheap when there is nothing: the minute's sweep does the same."""
    async_task("integrations.tasks.drain_inbox", q_options={"save": False})


def try_again(events: Iterable[int]) -> int:
    """Put failed events (by pk) back to be tried at once; how many there were."""
    failed = InboxEvent.objects.filter(pk__in=list(events), status=InboxEvent.Status.STUCK)
    with transaction.atomic():
        number = failed.update(status=InboxEvent.Status.PENDING, attempts=0, not_before=None)
        wake()
    return number


def look_at(realm_id: str, entity: str, entity_id: str, *, why: str, after: timedelta = timedelta()) -> None:
    """Have one record looked at again; ``why`` tells this wish from others, and the time from earlier ones."""
    look_at_all(realm_id, entity, [entity_id], why=why, after=after)


def look_at_all(
    realm_id: str, entity: str, entity_ids: Iterable[str], *, why: str, after: timedelta = timedelta()
) -> None:
    now = timezone.now()
    accept(
        [
            InboxEvent(
                source=InboxEvent.Source.STAFF,
                external_id=f"{why}:{entity}:{entity_id}:{now.timestamp():.6f}",
                realm_id=realm_id,
                entity=entity,
                entity_id=entity_id,
                operation="updated",
                happened_at=now,
                not_before=now + after if after else None,
            )
            for entity_id in entity_ids
        ]
    )
