"""Bulk work makes hundreds of thousands of objects that all live until the page is written.

Python looks through them for cycles after every 700 new ones; looking less often saves a quarter of the time of an
import, for a few megabytes more.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

USUAL, SELDOM = gc.get_threshold(), (50_000, 20, 50)


@contextmanager
def seldom_collecting() -> Iterator[None]:
    """Look for cycles seldom while inside."""
    gc.set_threshold(*SELDOM)
    try:
        yield
    finally:
        gc.set_threshold(*USUAL)  # not what it was before: two threads may be inside at once
