"""Ids of rows as forms and addresses have them in words. Pure."""

LONGEST = 18  # digits that fit the column whatever they are


def read_pk(words: str) -> int:
    """The id; 0, which no row has, for what is none."""
    return int(words) if words.isascii() and words.isdigit() and len(words) <= LONGEST else 0
