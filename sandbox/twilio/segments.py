"""In how many parts a text travels: Twilio's ``num_segments``.

A text of GSM 03.38 letters has room for 160 of them, any other text for 70 units of UTF-16. When it is longer, the
header that joins the parts takes its place: 153 or 67 are left in each.
"""

from __future__ import annotations

from collections.abc import Iterable

# By their places in the table of GSM 03.38, from 0x00 on; 0x1B leads to the table of those that take two places.
BASIC = (
    "@£$¥èéùìòÇ\nØø\rÅå"
    "Δ_ΦΓΛΩΠΨΣΘΞÆæßÉ"
    " !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
TWO_PLACES = "\f^{}\\[~]|€"


def is_gsm(body: str) -> bool:
    """Whether every letter is in the short alphabet."""
    return set(body) <= {*BASIC, *TWO_PLACES}


def count(body: str) -> int:
    """The number of parts."""
    if is_gsm(body):
        return _parts((2 if letter in TWO_PLACES else 1 for letter in body), alone=160, joined=153)
    return _parts((len(letter.encode("utf-16-le")) // 2 for letter in body), alone=70, joined=67)


def _parts(widths: Iterable[int], alone: int, joined: int) -> int:
    """A letter of two places is never torn."""
    widths = list(widths)
    if sum(widths) <= alone:
        return 1
    parts, room = 1, joined
    for width in widths:
        if width > room:
            parts, room = parts + 1, joined
        room -= width
    return parts
