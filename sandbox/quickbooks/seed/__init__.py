"""The companies a sandbox starts with: invented names, the same every time, dated around today."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..company import Company
from . import bench, demo_uk, demo_us, opening

if TYPE_CHECKING:
    from ...state import StateFile


@dataclass(frozen=True)
class Size:
    """How many documents a benchmark company holds."""

    customers: int = 10_000
    invoices: int = 50_000
    payments: int = 30_000


def companies(seed: str | Size, state: StateFile | None = None) -> dict[str, Company]:
    """The US and the UK company; books that are in the state file already are taken from there."""
    if seed not in ("none", "small") and not isinstance(seed, Size):
        raise ValueError(f"There is no seed called {seed!r}.")
    found = {"us": opening.us_company(state), "uk": opening.uk_company(state)}
    for key, company in found.items():
        if state and state.load(company):
            continue
        with company.store.changing():
            opening.open_books(company)
            if isinstance(seed, Size) and key == "us":
                bench.fill(company, seed.customers, seed.invoices, seed.payments)
            elif seed == "small":
                (demo_us if key == "us" else demo_uk).fill(company)
    return found
