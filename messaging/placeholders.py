"""Words in square brackets that stand for something of the contact or the invoice. Pure.

What has no value is written as its fallback, never as "None"; a word nobody knows is refused when a message is saved.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Placeholder:
    """A word for messages: what the menu says of it, and what is written where there is no value."""

    word: str
    label: str
    fallback: str = ""

    @property
    def written(self) -> str:
        return f"[{self.word}]"


LINK = "invoice-link"
STATEMENT = "statement-link"
PLACEHOLDERS = {
    one.word: one
    for one in (
        Placeholder("contact-firstname", "First name", "there"),
        Placeholder("contact-lastname", "Last name"),
        Placeholder("contact-company", "Company", "your company"),
        Placeholder("invoice-number", "Invoice number", "without a number"),
        Placeholder("invoice-due", "Amount due now"),
        Placeholder("invoice-total", "Invoice total"),
        Placeholder("invoice-duedate", "Due date"),
        Placeholder(LINK, "Payment link"),
        Placeholder(STATEMENT, "Link to all that is owed"),
        Placeholder("business-name", "Name of your business"),
    )
}
# Letters, digits and single blanks or hyphens: "[contact-firstname]", and slips such as "[Contact first name]".
_WORD = re.compile(r"\[([^\W_][\w -]{0,39})\]")


class UnknownPlaceholder(ValueError):
    """A message has words in brackets that stand for nothing. ``words`` are they, ``hints`` what was probably meant."""

    def __init__(self, words: list[str], hints: Mapping[str, str]) -> None:
        self.words, self.hints = words, dict(hints)
        meant = [f"[{word}]" + (f" (did you mean [{hints[word]}]?)" if word in hints else "") for word in words]
        super().__init__(f"{', '.join(meant)} stands for nothing. Choose a placeholder from the menu.")


def check(body: str) -> None:
    """Raises UnknownPlaceholder when ``body`` has a word in brackets that is none of ours."""
    unknown = sorted({word for word in _WORD.findall(body) if word not in PLACEHOLDERS})
    if unknown:
        raise UnknownPlaceholder(unknown, {word: hint for word in unknown if (hint := _hint(word))})


def fill(body: str, values: Mapping[str, str]) -> str:
    """``body`` with each placeholder's value or fallback in its place. A value's own brackets are left alone."""

    def value(found: re.Match[str]) -> str:
        word = found[1]
        if word not in PLACEHOLDERS:
            return found[0]
        # A name with line breaks or blanks at its ends would tear the sentence it stands in.
        return " ".join(values.get(word, "").split()) or PLACEHOLDERS[word].fallback

    return _WORD.sub(value, body)


def has_link(body: str) -> bool:
    return PLACEHOLDERS[LINK].written in body


def has_statement(body: str) -> bool:
    return PLACEHOLDERS[STATEMENT].written in body


def _hint(word: str) -> str:
    bare = re.sub(r"[\W_]", "", word).casefold()
    return next((known for known in PLACEHOLDERS if known.replace("-", "") == bare), "")
