"""How long a text is, as networks count it: 160 characters of GSM-7 or 70 of UCS-2, joined parts 153 or 67. Pure.

Source: GSM 03.38 (its basic alphabet and extension table) and GSM 03.40 (six octets of a joined part are its header).
"""

from dataclasses import dataclass

GSM = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
GSM_EXTENDED = frozenset("\f^{}\\[~]|€")  # two septets each

# What typing and copying bring in, and what says the same in the short alphabet.
PLAINER = str.maketrans(
    {
        **dict.fromkeys("‘’‚‛′", "'"),
        **dict.fromkeys("“”„‟″", '"'),
        **dict.fromkeys("‐‑‒–—―−", "-"),
        **dict.fromkeys("\u00a0\u2002\u2003\u2007\u2009\u200a\u202f\t", " "),
        **dict.fromkeys("\u200b\u200c\u2060\ufeff", ""),
        "…": "...",
        "•": "-",
    }
)


@dataclass(frozen=True)
class Length:
    """``units`` of the text's alphabet, how many parts it is sent in, and how many units are left in the last."""

    units: int
    parts: int
    left: int
    is_unicode: bool


def measure(body: str) -> Length:
    """The length of ``body`` as it is sent; no letter is torn between two parts."""
    is_unicode = not all(letter in GSM or letter in GSM_EXTENDED for letter in body)
    sizes = [_size(letter, is_unicode) for letter in body]
    whole, joined = (70, 67) if is_unicode else (160, 153)
    units = sum(sizes)
    if units <= whole:
        return Length(units, 1 if units else 0, whole - units, is_unicode)
    parts, used = 1, 0
    for size in sizes:
        if used + size > joined:
            parts, used = parts + 1, 0
        used += size
    return Length(units, parts, joined - used, is_unicode)


def plainer(body: str) -> str:
    """``body`` with curly quotes, long dashes and special blanks as the short alphabet has them; letters stay."""
    return body.translate(PLAINER)


def _size(letter: str, is_unicode: bool) -> int:
    if is_unicode:
        return 2 if ord(letter) > 0xFFFF else 1  # UTF-16 code units
    return 2 if letter in GSM_EXTENDED else 1
