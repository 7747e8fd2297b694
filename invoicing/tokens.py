"""The secret in a customer's address. Pure."""

import secrets

BYTES = 16  # 128 bits of secret, 22 characters in the address
LONGEST = 32


def new_token() -> str:
    return secrets.token_urlsafe(BYTES)


def could_be_token(text: str) -> bool:
    """Whether it is worth a look: PostgreSQL cannot even look for a NUL."""
    return len(text) <= LONGEST and text.isprintable()
