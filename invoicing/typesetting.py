"""Typesets a template of ours over data into a PDF. Knows nothing of invoices.

A template gets all words as data (one JSON text) and shows them as they stand; none becomes part of a source that is
evaluated. Nothing is read but the templates' folder and the fonts of installed packages, so a PDF is the same on
every machine. Call it in web and worker processes only: typst's threads do not survive a fork.

A compilation cannot be ended from outside, so what goes in is bounded: see ``words`` and invoicing.pdf's own limits.
"""

import json
import os
import re
import unicodedata
from datetime import datetime
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import Any

TEMPLATES = Path(__file__).parent / "typst"
FONT_PACKAGES = ("manimgx_fonts", "manimgx_fonts_cjk")  # Noto Sans for the scripts of the world, and Noto Emoji
LONGEST_TEXT = 4000  # characters; QuickBooks' own limit of a description
LINE_WORTH = 20  # a text of so many characters may have one more line of its own
MOST_MARKS = 6  # on one letter; no script has more, and typesetting takes their square in time

_LINE_ENDS = re.compile(r"\r\n|[\r\v\f\x85\u2028\u2029]")
# Not to be seen themselves: spaces, and what is needed inside words of Persian, of India, and in emoji.
_KEPT = {"\N{NO-BREAK SPACE}", "\N{IDEOGRAPHIC SPACE}", "\N{ZERO WIDTH JOINER}", "\N{ZERO WIDTH NON-JOINER}"}
_CHANCE = "\N{ZERO WIDTH SPACE}"


def typeset(template: str, data: dict[str, Any], *, at: datetime) -> bytes:
    """The PDF that ``template`` makes of ``data``; ``at`` is the time in its metadata, so it is the same each time."""
    import typst  # 84 MB that a process without PDFs does without

    made_in, fonts = _fonts()
    if made_in != os.getpid():
        raise RuntimeError("A process that has typeset was forked; in its child typst would wait for ever.")
    # One compiler a PDF: they are cheap, and one alone refuses to work in two threads at once.
    inputs = {"data": json.dumps(data, separators=(",", ":"))}
    compiler = typst.Compiler(TEMPLATES / template, root=TEMPLATES, font_paths=fonts, sys_inputs=inputs)
    return bytes(compiler.compile(format="pdf", timestamp=int(at.timestamp())))  # type: ignore[arg-type]


def words(text: str, *, breaks: int = 24, most: int = LONGEST_TEXT) -> str:
    """The text as it can be typeset in little time: without what nobody can see, cut when it is endless.

    A word longer than ``breaks`` may be broken there, so that it stays within its column; 0 for where templates do not
    look for such places.
    """
    lines = _LINE_ENDS.sub("\n", text[: 2 * most]).replace("\t", " ").strip().split("\n")
    kept = 1 + most // LINE_WORTH
    lines = [*lines[:kept], *([" ".join(lines[kept:])] if lines[kept:] else [])]
    seen = "\n".join(_seen(line) for line in lines)
    if len(seen) > most:
        seen = f"{seen[: most - 1]}…"
    if not breaks:
        return seen
    return re.sub(rf"[^\s-]{{{breaks}}}(?=[^\s-])", lambda match: match[0] + _CHANCE, seen)


def _seen(line: str) -> str:
    """Without control characters, what turns the writing direction of the rest, and heaps of accents."""
    if line.isascii() and line.isprintable():
        return line
    kept, marks = [], 0
    for letter in line:
        marks = marks + 1 if unicodedata.category(letter)[0] == "M" else 0
        if marks <= MOST_MARKS and (letter.isprintable() or letter in _KEPT):
            kept.append(letter)
    return "".join(kept)


@lru_cache(maxsize=1)
def _fonts() -> tuple[int, Any]:
    """The fonts of the packages and typst's own, with the process that loaded them; none of the machine's."""
    import typst

    folders = [Path(str(import_module(name).__file__)).parent for name in FONT_PACKAGES]
    return os.getpid(), typst.Fonts(include_system_fonts=False, font_paths=folders)
