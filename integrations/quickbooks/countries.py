"""Country codes as QuickBooks writes them: two letters, and three since 2025."""

from babel.core import get_global


def two_letters(code: str) -> str:
    """ISO 3166 alpha-2 of an alpha-2 or alpha-3 code; what is neither counts as US, where most companies are."""
    code = code.strip().upper()
    if len(code) == 2:
        return code
    aliases = get_global("territory_aliases").get(code)
    return aliases[0] if aliases else "US"
