"""Ids, as long as Stripe's and as random."""

from __future__ import annotations

import secrets
import string

LETTERS = string.ascii_letters + string.digits


def letters(count: int) -> str:
    """So many random letters and digits."""
    return "".join(secrets.choice(LETTERS) for _ in range(count))


def new(prefix: str) -> str:
    """An id of a kind: ``new("ch")``. Payments and what belongs to them have a 3 in front, customers fewer letters."""
    if prefix == "cs":
        return f"cs_test_a1{letters(56)}"
    if prefix in ("cus", "prod"):
        return f"{prefix}_{letters(14)}"
    if prefix in ("pi", "ch", "py", "re", "pyr", "txn"):
        return f"{prefix}_3{letters(23)}"
    return f"{prefix}_1{letters(23)}"
