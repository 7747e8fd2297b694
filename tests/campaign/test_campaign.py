"""A short campaign with real processes: what CI runs of `make campaign`."""

import os
import subprocess
import sys

import pytest

from campaign.place import ROOT

STEPS, PACE, KILL_EVERY = 300, 20, 3  # a quarter of a minute each


@pytest.mark.parametrize("seed", [1, 7])
def test_after_any_day_at_the_books_both_sides_agree(seed: int) -> None:
    command = [sys.executable, "-m", "campaign", f"--steps={STEPS}", f"--seed={seed}", f"--pace={PACE}"]
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
