"""Run the tests; without a browser leave those out that need one, and say so.

In CI (``CI=true``) nothing may be left out: a missing browser and a skipped test fail.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BROWSERS = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"]


def main() -> None:
    options = sys.argv[1:]
    browser = find_browser()
    in_ci = os.environ.get("CI", "").lower() in {"1", "true", "yes"}
    if browser is None and in_ci:
        sys.exit("No Chromium was found, and in CI no test may be left out. Install chromium or set CHROMIUM.")
    if browser is None:
        options = ["-m", "not browser", *options]
        print("No Chromium was found: the browser tests (marked `browser`, in tests/browser) are left out.", flush=True)
    else:
        os.environ["CHROMIUM"] = browser
    if in_ci:
        options = ["-p", "tests.no_skips", *options]
    options = side_by_side(options)
    sys.exit(subprocess.run([sys.executable, "-m", "pytest", *options], cwd=ROOT, check=False).returncode)


def side_by_side(options: list[str]) -> list[str]:
    """One process a core, up to four: half of the suite's time is waiting for pages and processes."""
    if {"-n", "--pdb", "--collect-only"} & set(options):
        return options
    return ["-n", str(min(4, os.cpu_count() or 1)), "--dist", "worksteal", *options]


def find_browser() -> str | None:
    """The program that CHROMIUM names, else Debian's or Google's on the PATH."""
    named = os.environ.get("CHROMIUM")
    if named:
        return shutil.which(named)
    return next(filter(None, map(shutil.which, BROWSERS)), None)


if __name__ == "__main__":
    main()
