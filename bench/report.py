"""What the measurements say, and whether they reach the bars."""

import platform
from dataclasses import asdict, dataclass
from typing import Any

from bench.books import Size
from bench.measure import Measurement

PLAIN_PART = 0.1  # the plain way gets a tenth of the books; its time is scaled up
LARGER = 3
CALLS_BESIDE_PAGES = 10
MEGABYTE = 1 << 20


@dataclass(frozen=True)
class Results:
    """All rounds of each way, and the one import of ours of three times the books."""

    size: Size
    database: str
    floor: list[Measurement]
    ours: list[Measurement]
    plain: list[Measurement]
    larger: Measurement

    def best(self, way: str) -> Measurement:
        """The quickest round: whatever else the machine did only added to the others."""
        rounds: list[Measurement] = getattr(self, way)
        return min(rounds, key=lambda one: one.seconds)

    def seconds(self, way: str) -> float:
        """Of the best round; the plain way's time is scaled up to all the books."""
        return self.best(way).seconds / (PLAIN_PART if way == "plain" else 1)

    @property
    def peaks(self) -> tuple[int, int]:
        """Bytes that ours held at most, at one and at three times the books."""
        return max(one.peak_bytes for one in self.ours), self.larger.peak_bytes


@dataclass(frozen=True)
class Bar:
    """``limit`` is the most allowed, or where ``is_least`` the least."""

    name: str
    value: float
    limit: float
    is_least: bool = False

    @property
    def reached(self) -> bool:
        return self.value >= self.limit if self.is_least else self.value <= self.limit


def bars(results: Results) -> list[Bar]:
    once, thrice = results.peaks
    return [
        Bar("ours / floor", results.seconds("ours") / results.seconds("floor"), 2.0),
        Bar("plain / ours", results.seconds("plain") / results.seconds("ours"), 4.0, is_least=True),
        Bar("API calls", max(one.calls for one in results.ours), results.size.pages + CALLS_BESIDE_PAGES),
        Bar("peak memory, 3x / 1x", thrice / once, 1.2),
    ]


def incomparable(results: Results) -> str:
    """A sentence where the ways did not write the same rows, so that their times mean nothing; else ""."""
    if any(one.rows != results.ours[0].rows for one in [*results.floor, *results.ours]):
        return "The floor and ours did not write the same number of rows."
    part = results.size.times(PLAIN_PART)
    for size, measurement in ((results.size, results.ours[0]), (part, results.plain[0])):
        rows = measurement.rows
        brought = Size(rows["crm.Contact"], rows["invoicing.Invoice"], rows["invoicing.Payment"])
        if brought != size:
            return f"Of {size} only {brought} came in."
    return ""


def as_dict(results: Results) -> dict[str, Any]:
    found = [bar_as_dict(bar) for bar in bars(results)]
    seconds = {way: results.seconds(way) for way in ("floor", "ours", "plain")}
    return {"bars": found, "seconds": seconds, **asdict(results)}


def bar_as_dict(bar: Bar) -> dict[str, Any]:
    return {**asdict(bar), "reached": bar.reached}


def as_text(results: Results, command: str) -> str:
    """Two small tables in Markdown."""
    size = results.size
    lines = [
        f"`{command}`: {size.customers:,} customers, {size.invoices:,} invoices, {size.payments:,} payments; "
        f"{results.database}, Python {platform.python_version()}, best of {len(results.ours)}.",
        "",
        "| Way | Seconds | Own CPU | API calls | Peak memory |",
        "| --- | ---: | ---: | ---: | ---: |",
        _way("Floor: fetch the pages, bulk insert the rows", results.best("floor")),
        _way("Ours", results.best("ours")),
        _way("Ours, three times the books", results.larger),
        _way("Plain: `update_or_create()` a row, a tenth of the books (below ten times that)", results.best("plain")),
        "",
        "| Bar | Measured | Allowed | |",
        "| --- | ---: | ---: | --- |",
        *(as_row(bar) for bar in bars(results)),
    ]
    return "\n".join(lines)


def _way(name: str, one: Measurement) -> str:
    peak = f"{one.peak_bytes / MEGABYTE:.0f} MB"
    return f"| {name} | {one.seconds:.1f} | {one.cpu_seconds:.1f} | {one.calls} | {peak} |"


def as_row(bar: Bar) -> str:
    allowed = f"at {'least' if bar.is_least else 'most'} {bar.limit:g}"
    return f"| {bar.name} | {round(bar.value, 2):g} | {allowed} | {'reached' if bar.reached else '**missed**'} |"
