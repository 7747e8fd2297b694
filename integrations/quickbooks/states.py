"""The ``state`` of a sign-in: made when a person leaves for Intuit, checked once when they come back.

It proves that the answer belongs to a sign-in that this very person began in this very browser.
Reference: https://datatracker.ietf.org/doc/html/rfc6749#section-10.12
"""

import hashlib
import secrets
import time
from enum import Enum
from typing import Any

from django.contrib.sessions.backends.base import SessionBase
from django.core.cache import cache

from crm.models import User

LASTS_SECONDS = 15 * 60
# Several tabs may be under way at once; older ones are forgotten.
REMEMBERED = 5
KEY = "quickbooks_states"


class Verdict(Enum):
    GOOD = "good"
    USED = "used"
    EXPIRED = "expired"
    UNKNOWN = "unknown"


def begin(session: SessionBase, user: User) -> str:
    """A new state, remembered in the session."""
    state = secrets.token_urlsafe(32)
    known = dict(list(session.get(KEY, {}).items())[-(REMEMBERED - 1) :])
    session[KEY] = {**known, state: {"user": user.pk, "until": time.time() + LASTS_SECONDS, "used": False}}
    return state


def redeem(session: SessionBase, user: User, state: str) -> Verdict:
    """Whether this state is good; it is not a second time, not even at the same moment."""
    known: dict[str, Any] | None = session.get(KEY, {}).get(state)
    if known is None or known["user"] != user.pk:
        return Verdict.UNKNOWN
    if known["used"] or not _first(state):
        return Verdict.USED
    session[KEY][state]["used"] = True
    session.modified = True
    return Verdict.GOOD if time.time() < known["until"] else Verdict.EXPIRED


def _first(state: str) -> bool:
    """A session is read and written whole, so two requests at once would both see it unused; the cache adds once."""
    digest = hashlib.sha256(state.encode()).hexdigest()
    return bool(cache.add(f"quickbooks-state:{digest}", True, LASTS_SECONDS * 4))
