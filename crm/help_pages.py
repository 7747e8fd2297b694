"""The pages of the help: Markdown files of the repository (docs/help), shown inside the product too.

A page begins with a few lines between two ``---``: title, summary, updated (an ISO date) and order. What has no such
lines is no page. HTML in a file is shown as text.
"""

import logging
import re
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt
from markdown_it.token import Token

log = logging.getLogger(__name__)
SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
MARKDOWN = MarkdownIt("commonmark", {"html": False})

# The page that fits where somebody stands, by the beginning of the view's name; the first that fits counts.
FITTING = (
    ("integrations:conflict", "conflicts"),
    ("integrations:import", "importing"),
    ("integrations:run", "importing"),
    ("integrations:quickbooks", "connecting"),
    ("integrations:booking", "never-written"),
    ("integrations:payout", "paying"),
    ("integrations:settings", "connecting"),
    ("integrations:", "what-comes-in"),
    ("contacts:", "what-comes-in"),
    ("messaging:", "messages"),
    ("invoicing:detail", "paying"),
    ("payments:", "paying"),
    ("invoicing:record-payment", "never-written"),
    ("invoicing:replace-link", "paying"),
    ("invoicing:", "what-comes-in"),
)


@dataclass(frozen=True, slots=True)
class HelpPage:
    slug: str
    title: str
    summary: str
    updated: date
    order: int
    html: SafeString

    def get_absolute_url(self) -> str:
        return reverse("help:page", args=[self.slug])


def all_pages() -> list[HelpPage]:
    """Every page in its order; none where the folder is missing."""
    found = (page_named(path.stem) for path in settings.HELP_DIR.glob("*.md"))
    return sorted((page for page in found if page), key=lambda page: (page.order, page.title))


def page_named(slug: str) -> HelpPage | None:
    """The page of that name, or None."""
    if not SLUG.fullmatch(slug):
        return None
    path = settings.HELP_DIR / f"{slug}.md"
    try:
        changed = path.stat().st_mtime_ns
        return _read(path, changed)
    except OSError:
        return None


def page_for(view_name: str) -> HelpPage | None:
    """The page that fits a view such as ``integrations:conflicts``."""
    for beginning, slug in FITTING:
        if view_name.startswith(beginning):
            return page_named(slug)
    return None


@lru_cache(maxsize=64)
def _read(path: Path, changed: int) -> HelpPage | None:
    """The page in a file; ``changed`` is when it last did, so that a new version is read anew."""
    try:
        return _parsed(path.stem, path.read_text(encoding="utf-8"))
    except (KeyError, ValueError) as problem:
        # The whole product offers the help, so a slip in a file costs that page and nothing else.
        log.warning("%s is no page of the help: %r", path, problem)
        return None


def _parsed(slug: str, text: str) -> HelpPage:
    """The page; KeyError or ValueError where its first lines are not as they should be."""
    before, facts, body = text.split("---\n", 2)
    if before:
        raise ValueError("it does not begin with ---")
    known = dict(line.split(": ", 1) for line in facts.splitlines())
    return HelpPage(
        slug=slug,
        title=known["title"],
        summary=known["summary"],
        updated=date.fromisoformat(known["updated"]),
        order=int(known["order"]),
        html=_rendered(body),
    )


def _rendered(text: str) -> SafeString:
    tokens = MARKDOWN.parse(text)
    for block in tokens:
        for token in block.children or []:
            if token.type == "link_open":
                _lead_to_page(token)
    # Ours, and made by a renderer that lets no HTML through.
    return mark_safe(MARKDOWN.renderer.render(tokens, MARKDOWN.options, {}))  # noqa: S308


def _lead_to_page(link: Token) -> None:
    """``conflicts.md`` leads somewhere on a code host; here it is that page's address."""
    parts = urlsplit(str(link.attrGet("href")))
    if not parts.scheme and not parts.netloc and parts.path.endswith(".md") and "/" not in parts.path:
        address = reverse("help:page", args=[parts.path.removesuffix(".md")])
        link.attrSet("href", f"{address}#{parts.fragment}" if parts.fragment else address)
