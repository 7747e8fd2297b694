"""What the pages of an import have in common: who imports, and the tally of what became of each record."""

import logging
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from crm.models import User
from integrations.models import ImportItem, ImportRun, QuickBooksConnection, SyncLogEntry
from integrations.quickbooks.mapping.values import Doc

Outcome = ImportItem.Outcome
Record = TypeVar("Record")
# What mapping a document raises when the document is not what QuickBooks promises.
UNREADABLE = (ArithmeticError, AttributeError, KeyError, TypeError, ValueError)

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Context:
    """On whose behalf a page is written. ``run`` is empty where no import by button is under way."""

    connection: QuickBooksConnection
    now: datetime
    origin: str = "import"
    actor: User | None = None
    run: ImportRun | None = None
    door: str = SyncLogEntry.Door.IMPORT

    @property
    def is_preview(self) -> bool:
        return self.run is not None and self.run.is_preview

    @property
    def is_import(self) -> bool:
        """Whether a person asked for these records; else they came by themselves."""
        return self.door == SyncLogEntry.Door.IMPORT


@dataclass(slots=True)
class Tally:
    """What became of the records of one entity; ``items`` are those a person may want to see, or undo.

    ``told`` is the same for the sync log, with the fields that changed.
    """

    entity: str
    counts: Counter[str] = field(default_factory=Counter)
    items: list[ImportItem] = field(default_factory=list)
    told: list[SyncLogEntry] = field(default_factory=list)

    def count(self, outcome: str, number: int = 1) -> None:
        self.counts[outcome] += number

    def note(self, outcome: str, record: Any, *, changes: dict[str, Any] | None = None, **facts: Any) -> None:
        """Count a record and keep it as an item of the run and as a line of the log."""
        self.counts[outcome] += 1
        name = record.name[:500]
        self.items.append(
            ImportItem(entity=self.entity, external_id=record.external_id, outcome=outcome, name=name, **facts)
        )
        if outcome != Outcome.UNCHANGED:
            self.tell(outcome, record.external_id, name, facts.get("reason", ""), changes)

    def tell(self, outcome: str, external_id: str, name: str, text: str, changes: dict[str, Any] | None = None) -> None:
        """A line of the log alone: what was done about a record, or why not."""
        self.told.append(
            SyncLogEntry(
                entity=self.entity,
                external_id=external_id,
                name=name,
                outcome=outcome,
                text=text,
                changes=changes or {},
            )
        )

    def read(self, docs: Iterable[Doc], record_of: Callable[[Doc], Record]) -> dict[str, Record]:
        """The records of a page by id, in its order; one that comes twice counts once.

        What cannot be read is left out and listed, so that one odd record does not hold up the whole books.
        """
        records = {}
        for doc in docs:
            try:
                records[str(doc["Id"])] = record_of(doc)
            except UNREADABLE as error:
                self._leave_out(doc, error)
        return records

    def _leave_out(self, doc: Doc, error: Exception) -> None:
        external_id = str(doc.get("Id") or "")[:40]
        why = f"{type(error).__name__}: {error}"
        logger.warning("QuickBooks %s %s could not be read: %s", self.entity, external_id, why)
        self.counts[Outcome.DROPPED] += 1
        name = str(doc.get("DocNumber") or doc.get("DisplayName") or external_id)[:500]
        reason = f"Tallybook cannot read this record. Correct it in QuickBooks, or report it ({why})."[:600]
        self.items.append(
            ImportItem(entity=self.entity, external_id=external_id, outcome=Outcome.DROPPED, name=name, reason=reason)
        )
        self.tell(Outcome.DROPPED, external_id, name, reason)


def save_items(run: ImportRun | None, tallies: Iterable[Tally]) -> None:
    """Keep what became of each record; the latest word counts where a record is met twice in a run."""
    if run is None:
        return
    items = list({(item.entity, item.external_id): item for tally in tallies for item in tally.items}.values())
    for item in items:
        item.run_id = run.pk
    ImportItem.objects.bulk_create(
        items,
        update_conflicts=True,
        unique_fields=["run", "entity", "external_id"],
        update_fields=["outcome", "name", "reason", "before"],
    )


def save_log(context: Context, tallies: Iterable[Tally]) -> None:
    """Write what was told of each record into the sync log."""
    told = [line for tally in tallies for line in tally.told]
    for line in told:
        line.connection_id, line.door, line.at = context.connection.pk, context.door, context.now
    SyncLogEntry.objects.bulk_create(told, batch_size=500)
