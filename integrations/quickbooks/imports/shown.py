"""A run as a person sees it: in words, with what can be done about it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from crm.models import Heartbeat
from integrations.models import ImportRun
from integrations.quickbooks.imports.phases import ORDER, PHASES, counted
from integrations.quickbooks.imports.undo import ORDER as UNDO_ORDER

Status = ImportRun.Status
ENTITIES = {"customer": "Contacts", "invoice": "Invoices", "payment": "Payments"}
WITHOUT_A_BEAT = timedelta(seconds=90)
PATIENCE = timedelta(seconds=15)  # a run may wait so long for a worker before anybody wonders


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the result table."""

    name: str
    created: int
    updated: int
    unchanged: int
    dropped: int

    @property
    def taken_over(self) -> int:
        return self.created + self.updated + self.unchanged


class Shown:
    """Wraps a run for templates; makes at most one query, for the worker's sign of life."""

    def __init__(self, run: ImportRun, now: datetime | None = None) -> None:
        self.run = run
        self.now = now or timezone.now()
        self.is_lost = run.is_lost(self.now)
        self.is_active = run.is_active and not self.is_lost
        self.is_undo = run.status in {Status.UNDOING, Status.UNDONE} or run.phase.startswith("undo")

    @property
    def title(self) -> str:
        what = f"invoices of {self.run.year}" if self.run.year else "contacts"
        return f"Preview of importing {what}" if self.run.is_preview else f"Import of {what}"

    @property
    def state(self) -> str:
        """One word or two for the chip."""
        return "Stopped" if self.is_lost else self.run.get_status_display()

    @property
    def chip(self) -> str:
        if self.is_lost:
            return "late"
        return {
            Status.DONE: "paid",
            Status.FAILED: "late",
            Status.STOPPED: "overdue",
            Status.WAITING: "overdue",
            Status.UNDONE: "void",
            Status.CANCELLED: "draft",
        }.get(Status(self.run.status), "sent")

    @property
    def phase(self) -> str:
        if self.run.phase in UNDO_ORDER:
            return f"Undoing {ENTITIES[UNDO_ORDER[self.run.phase]].lower()}"
        return PHASES[self.run.phase].words if self.run.phase in PHASES else ""

    @property
    def step(self) -> str:
        """ "Step 2 of 4", where there is more than one."""
        order = list(UNDO_ORDER) if self.run.phase in UNDO_ORDER else ORDER[self.run.kind]
        if self.run.phase not in order or len(order) == 1:
            return ""
        return f"Step {order.index(self.run.phase) + 1} of {len(order)}"

    @property
    def progress(self) -> str:
        """ "150 of 500"; "" until QuickBooks has said how many there are."""
        return f"{self.run.done:,} of {self.run.total:,}" if self.run.total else ""

    @property
    def stopped_at(self) -> str:
        where = f" at {self.run.done:,}" if self.run.done else ""
        return f"Stopped{where}"

    @property
    def rows(self) -> list[Row]:
        return [Row(name, **counted(self.run, key)) for key, name in ENTITIES.items() if key in self.run.counts]

    @property
    def new(self) -> int:
        """How many records an import after this preview would write."""
        return sum(row.created + row.updated for row in self.rows)

    @property
    def summary(self) -> str:
        """ "52 invoices and 98 contacts", what the run took over."""
        counts = {row.name: row.taken_over for row in self.rows}
        parts = [(counts.get("Invoices"), "invoice"), (counts.get("Contacts"), "contact")]
        said = [f"{number:,} {word}{'' if number == 1 else 's'}" for number, word in parts if number is not None]
        return " and ".join(said) or "Nothing"

    @property
    def can_cancel(self) -> bool:
        return self.is_active and self.run.status != Status.UNDOING and not self.run.cancel_requested

    @property
    def can_resume(self) -> bool:
        return self.is_lost or self.run.status in ImportRun.RESUMABLE

    @property
    def can_undo(self) -> bool:
        ended = self.run.status == Status.DONE or self.run.status in ImportRun.RESUMABLE
        return ended and not self.run.is_preview and not self.is_undo and self.undoable > 0

    @property
    def undoable(self) -> int:
        return self.new

    @property
    def lacks_worker(self) -> bool:
        """Waiting for a worker that gives no sign of life: said, so that nobody watches a bar for ever."""
        waits = self.run.status in {Status.QUEUED, Status.UNDOING} and self.run.attempts == 0 or self.is_lost
        begun = self.run.lease_until is not None and self.now - self.run.created_at > PATIENCE
        if not (waits and begun):
            return False
        return not Heartbeat.objects.filter(name="long", beat_at__gte=self.now - WITHOUT_A_BEAT).exists()
