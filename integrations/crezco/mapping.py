"""Crezco's documents as ours. Pure. Unknown fields are passed over, and what is missing is said in a sentence."""

import re
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any

from django.utils.dateparse import parse_datetime
from django.utils.timezone import is_aware

from integrations.errors import Rejected

LONGEST_REFERENCE = 18
_NO_BANK_TAKES = re.compile(r"[^A-Z0-9./&\- ]+")


class State(StrEnum):
    COMPLETED = "completed"
    PENDING = "pending"
    FAILED = "failed"
    UNKNOWN = "unknown"


STATES = {
    "completed": State.COMPLETED,
    "pending": State.PENDING,
    **dict.fromkeys(("failed", "cancelled", "canceled", "declined", "denied", "rejected", "expired"), State.FAILED),
}


@dataclass(frozen=True)
class Demand:
    """What is asked of a payer."""

    pk: str
    url: str
    amount: Decimal | None
    currency: str
    reference: str
    key: str  # ours, out of the metadata
    state: State | None  # where the demand itself tells it


@dataclass(frozen=True)
class Paid:
    """One payment of a demand. ``amount`` is None where it does not say."""

    pk: str
    state: State
    amount: Decimal | None
    currency: str
    at: datetime | None


def made_from(answer: Any) -> Demand:
    """What creating a demand was answered with: all of it, or its id alone. Rejected: neither."""
    if isinstance(answer, str) and answer:
        return Demand(answer, "", None, "", "", "", None)
    return demand_from(answer)


def demand_from(document: Any) -> Demand:
    known = document if isinstance(document, dict) else {}
    pk = known.get("payDemandId") or known.get("id")
    if not isinstance(pk, str) or not pk:
        raise Rejected("Crezco's answer names no pay demand.", vendor="Crezco")
    metadata = known.get("metadata")
    return Demand(
        pk=pk,
        url=str(known.get("paymentUri") or ""),
        amount=_amount(known.get("amount")),
        currency=str(known.get("currency") or ""),
        reference=str(known.get("reference") or ""),
        key=str(metadata.get("key") or "") if isinstance(metadata, dict) else "",
        state=_state(known["status"]) if known.get("status") else None,
    )


def payments_from(documents: Any) -> list[Paid]:
    """The payments of a demand that have an id, newest first as far as they tell their time."""
    rows = [row for row in documents if isinstance(row, dict)] if isinstance(documents, list) else []
    found = [
        Paid(
            pk=str(row.get("id") or row.get("paymentId")),
            state=_state(row.get("status")),
            amount=_amount(row.get("amount")),
            currency=str(row.get("currency") or ""),
            at=_moment(row.get("created")),
        )
        for row in rows
        if row.get("id") or row.get("paymentId")
    ]
    if all(one.at for one in found):
        found.sort(key=lambda one: one.at or datetime.max, reverse=True)
    return found


def link_from(answer: Any) -> str:
    """The address in a link to pay; "" where there is none."""
    found = answer.get("redirect") if isinstance(answer, dict) else answer
    return found if isinstance(found, str) else ""


def bank_reference(number: str, pk: int) -> str:
    """What stands on the bank statement: of the invoice's number what UK Faster Payments take."""
    words = " ".join(_NO_BANK_TAKES.sub(" ", number.upper()).split())
    return words[:LONGEST_REFERENCE].strip() or f"INV-{pk}"


def _state(status: Any) -> State:
    code = status.get("code") if isinstance(status, dict) else status
    return STATES.get(str(code).lower(), State.UNKNOWN)


def _amount(value: Any) -> Decimal | None:
    if isinstance(value, dict):
        value = value.get("amount")
    try:
        amount = Decimal(str(value))
    except InvalidOperation:
        return None
    return amount if amount.is_finite() and amount > 0 else None


def _moment(value: Any) -> datetime | None:
    try:
        at = parse_datetime(re.sub(r"(\.\d{6})\d+", r"\1", str(value)))
    except ValueError:
        return None
    return at if at is not None and is_aware(at) else None
