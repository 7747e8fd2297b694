"""Who may do what: the one place that knows, used by every view and template."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.http.response import HttpResponseBase

# What an agent may do. An admin may do everything; what is named nowhere here is for admins alone.
AGENT_MAY = frozenset(
    {
        "dashboard.view",
        "contacts.view",
        "contacts.edit",
        "contacts.archive",
        "invoices.view",
        "invoices.pay",
        "invoices.link",
        "messages.view",
        "messages.send",
        "help",
    }
)
ADMINS_ONLY = frozenset(
    {
        "contacts.delete",
        "invoices.delete",
        "invoices.refund",
        "settings",
        "people",
        "integrations",
        "imports",
        "sync",
    }
)

View = Callable[..., HttpResponseBase]


def may(user: Any, what: str) -> bool:
    """Whether a member of staff may do ``what``. Raises KeyError for a permission nobody has written down."""
    if what not in AGENT_MAY and what not in ADMINS_ONLY:
        raise KeyError(what)
    return user.is_authenticated and user.is_active and (user.is_admin or what in AGENT_MAY)


def allowed(what: str) -> Callable[[View], View]:
    """Let a view answer only those who may do ``what``: a stranger logs in first, others get a 403."""
    if what not in AGENT_MAY and what not in ADMINS_ONLY:
        raise KeyError(what)

    def decorate(view: View) -> View:
        @wraps(view)
        @login_required
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not may(request.user, what):
                raise PermissionDenied
            return view(request, *args, **kwargs)

        guarded.permission = what  # type: ignore[attr-defined]
        return guarded

    return decorate
