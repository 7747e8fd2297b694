"""Where long words may break."""

import re

from django import template
from django.template.defaultfilters import stringfilter
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString, mark_safe

register = template.Library()
_LONG_PIECE = re.compile(r"\S{12}(?=\S)")


@register.filter
@stringfilter
def breakable(text: str) -> SafeString:
    """The text with a chance to break every 12 characters of a word, so that one word cannot widen a table."""
    pieces = _LONG_PIECE.sub(lambda match: match[0] + "\0", text.replace("\0", "")).split("\0")
    return mark_safe("<wbr>".join(conditional_escape(piece) for piece in pieces))  # noqa: S308 - escaped piece by piece
