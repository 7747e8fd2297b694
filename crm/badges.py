"""How a record stands with the books, as a badge on its rows and pages. Who knows is named in the settings."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string

from crm.roles import may


@dataclass(frozen=True)
class Badge:
    """A chip: its word, tint and icon. ``url`` says more to those who may do ``permission``, "" leads nowhere."""

    label: str
    kind: str
    icon: str
    url: str = ""
    permission: str = ""


def badges_of(subject: str, pks: Iterable[int]) -> dict[int, Badge]:
    """The badges of these records, "contact" or "invoice", by pk; a record without one is left out.

    The setting RECORD_BADGES names a function of the same shape; without it there are no badges.
    """
    wanted = list(pks)
    if not settings.RECORD_BADGES or not wanted:
        return {}
    source: Callable[[str, list[int]], dict[int, Badge]] = import_string(settings.RECORD_BADGES)
    return source(subject, wanted)


def badges_for(user: Any, subject: str, pks: Iterable[int]) -> dict[int, Badge]:
    """The same as this person may see them: plain where the link would be refused."""
    return {
        pk: badge if not badge.permission or may(user, badge.permission) else replace(badge, url="")
        for pk, badge in badges_of(subject, pks).items()
    }
