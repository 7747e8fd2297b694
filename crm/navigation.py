"""The left-hand navigation, and what else every page shows around its content."""

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse

from crm.help_pages import page_for
from crm.roles import may


@dataclass(frozen=True)
class Entry:
    """One place in the navigation. ``key`` opens it after ``g``; ``permission`` says who sees it.

    ``space`` is the namespace of pages that stand under it too, whatever their addresses begin with.
    """

    label: str
    view: str
    icon: str
    permission: str
    key: str = ""
    space: str = ""


ENTRIES = (
    Entry("Dashboard", "staff:dashboard", "dashboard", "dashboard.view", "d"),
    Entry("Invoices", "invoicing:list", "invoice", "invoices.view", "i"),
    Entry("Inbox", "messaging:list", "chat", "messages.view", "m"),
    Entry("Contacts", "contacts:list", "contact", "contacts.view", "c"),
    Entry("Settings", "staff:settings", "settings", "settings", "s", "integrations"),
)


def address(view: str, *args: object) -> str:
    """The address of a view, or "" where that part of the house is not installed."""
    try:
        return reverse(view, args=args)
    except NoReverseMatch:
        return ""


def _entries(request: HttpRequest) -> list[dict[str, Any]]:
    """The entries this person may open; the one whose address the page's begins with is the current one."""
    places = [(entry, address(entry.view)) for entry in ENTRIES if may(request.user, entry.permission)]
    account = address("staff:account")
    space = request.resolver_match.namespace if request.resolver_match else ""
    shown = []
    for entry, url in places:
        home = url == "/"
        inside = request.path == url if home else request.path.startswith(url) and request.path != account
        inside = inside or bool(entry.space) and entry.space == space
        if url:
            current = "page" if request.path == url else "true"
            shown.append({**vars(entry), "url": url, "is_current": inside, "current": current})
    return shown


def _help(request: HttpRequest) -> dict[str, Any]:
    """The way to the help, and its page that fits this one; nothing where an installation has no help."""
    if not may(request.user, "help") or not settings.HELP_DIR.is_dir():
        return {}
    match, url = request.resolver_match, address("help:index")
    return {
        "help_url": url,
        "help_page": page_for(match.view_name) if match else None,
        "is_help": request.path.startswith(url),
    }


def navigation(request: HttpRequest) -> dict[str, Any]:
    """Context processor: the business and the shell around every page."""
    business = getattr(request, "business", None)
    user = getattr(request, "user", None)
    nav: dict[str, Any] = {"home_url": address("staff:dashboard") or "/"}
    if business is not None and business.logo:
        nav["logo_url"] = f"{address('staff:logo')}?{business.logo.name.rpartition('-')[2]}"
    if user is not None and user.is_authenticated:
        search = address("contacts:list") if may(user, "contacts.view") else ""
        nav |= {
            "entries": _entries(request),
            "search_url": search,
            "search_words": request.GET.get("q", "") if request.path == search else "",
            "notice_url": address("integrations:menu") if may(user, "imports") else "",
            "account_url": address("staff:account"),
            "is_account": request.path == address("staff:account"),
            **_help(request),
        }
    return {"business": business, "nav": nav}
