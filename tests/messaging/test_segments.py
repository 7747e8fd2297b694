"""How long a text is, as networks count it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messaging.segments import GSM, GSM_EXTENDED, measure, plainer


@pytest.mark.parametrize(
    ("body", "units", "parts", "left", "is_unicode"),
    [
        ("", 0, 0, 160, False),
        ("a" * 160, 160, 1, 0, False),
        ("a" * 161, 161, 2, 145, False),
        ("a" * 306, 306, 2, 0, False),
        ("a" * 307, 307, 3, 152, False),
        ("€" * 80, 160, 1, 0, False),
        ("€" * 81, 162, 2, 143, False),
        # The euro's two septets are not torn apart: it moves to the second part as a whole.
        ("a" * 152 + "€" + "a" * 8, 162, 2, 143, False),
        ("ж" * 70, 70, 1, 0, True),
        ("ж" * 71, 71, 2, 63, True),
        ("👍" * 35, 70, 1, 0, True),
        ("👍" * 36, 72, 2, 61, True),
        ("it’s due", 8, 1, 62, True),
        ("£12.00 für Noël", 15, 1, 55, True),
        ("£12.00 für Zoé", 14, 1, 146, False),
    ],
)
def test_a_text_is_as_long_as_networks_count_it(body: str, units: int, parts: int, left: int, is_unicode: bool) -> None:
    length = measure(body)
    assert (length.units, length.parts, length.left, length.is_unicode) == (units, parts, left, is_unicode)


@given(st.text(max_size=500))
def test_every_unit_fits_into_the_parts_and_no_part_is_one_too_many(body: str) -> None:
    length = measure(body)
    size = (70, 67) if length.is_unicode else (160, 153)
    room = length.parts * (size[0] if length.parts == 1 else size[1])
    assert length.units + length.left <= room or not body
    # A part ends early by at most one unit, before a letter of two.
    assert room - length.units - length.left <= max(length.parts - 1, 0)
    assert 0 <= length.left <= size[0]


@given(st.text(alphabet=sorted(GSM | GSM_EXTENDED), max_size=200))
def test_the_short_alphabet_stays_short_and_is_not_made_plainer(body: str) -> None:
    assert not measure(body).is_unicode
    assert plainer(body) == body


def test_curly_quotes_and_special_blanks_have_plain_ones_that_save_a_part() -> None:
    typed = "“It’s due – now…”\u00a0•"
    assert plainer(typed) == '"It\'s due - now..." -'
    assert measure(typed).is_unicode
    assert not measure(plainer(typed)).is_unicode
