"""What the pages of an import have in common: who imports, and the tally of what became of each record."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from crm.models import User
from integrations.models import ImportItem, ImportRun, QuickBooksConnection

Outcome = ImportItem.Outcome


@dataclass(frozen=True, slots=True)
class Context:
    """On whose behalf a page is written. ``run`` is empty where no import by button is under way."""

    connection: QuickBooksConnection
    now: datetime
    origin: str = "import"
    actor: User | None = None
    run: ImportRun | None = None

    @property
    def is_preview(self) -> bool:
        return self.run is not None and self.run.is_preview


@dataclass(slots=True)
class Tally:
    """What became of the records of one entity; ``items`` are those a person may want to see, or undo."""

    entity: str
    counts: Counter[str] = field(default_factory=Counter)
    items: list[ImportItem] = field(default_factory=list)

    def count(self, outcome: str, number: int = 1) -> None:
        self.counts[outcome] += number

    def note(self, outcome: str, record: Any, **facts: Any) -> None:
        """Count a record and keep it as an item of the run."""
        self.counts[outcome] += 1
        name = record.name[:500]
        self.items.append(
            ImportItem(entity=self.entity, external_id=record.external_id, outcome=outcome, name=name, **facts)
        )


def save_items(run: ImportRun | None, tallies: Iterable[Tally]) -> None:
    """Keep what became of each record; the latest word counts where a record is met twice in a run."""
    if run is None:
        return
    items = [item for tally in tallies for item in tally.items]
    for item in items:
        item.run_id = run.pk
    ImportItem.objects.bulk_create(
        items,
        update_conflicts=True,
        unique_fields=["run", "entity", "external_id"],
        update_fields=["outcome", "name", "reason", "before"],
    )
