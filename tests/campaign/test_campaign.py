"""A short campaign with real processes: what CI runs of `make campaign`."""

import os
import subprocess
import sys

import pytest

from campaign.place import ROOT

STEPS, PACE, KILL_EVERY = 300, 20, 3  # a quarter of a minute each


@pytest.mark.parametrize(("seed", "books"), [(1, "us"), (7, "uk")])
def test_after_any_day_of_bookkeepers_payers_and_staff_all_sides_agree(seed: int, books: str) -> None:
    command = [sys.executable, "-m", "campaign", f"--steps={STEPS}", f"--seed={seed}", f"--pace={PACE}"]
    command += [f"--books={books}"]
    done = subprocess.run(
        [*command, f"--kill-every={KILL_EVERY}"],
        cwd=ROOT,
        env=dict(os.environ),
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 differences" in done.stdout and f"{STEPS} steps" in done.stdout
